"""Commands on the register ledger: quarantine, closed months, the chain."""

from typing import Annotated, Any

import typer

from chaufferie.cli.heat_sales.meters import index_wh_of, meter_named, say_adjusted
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.exits import ExitCode
from chaufferie.cli.speaking.instants import month_of
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from domain.plurals import counted

quarantine = typer.Typer(
    help="Show rows that do not count, and decide on them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ledger = typer.Typer(
    help="Close months, show their lines, verify the chain.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

#: Walking or hashing the rows of a fleet takes its time [s].
_PATIENCE_S = 300.0

Case = Annotated[str, typer.Argument(metavar="CASE", help="As `quarantine list` names it.")]
Why = Annotated[str, typer.Option("--note", help="Why; the audit trail keeps it.")]
OfSite = Annotated[str, typer.Option("--site", help="Name or number of the site.")]
Month = Annotated[str, typer.Argument(metavar="MONTH", parser=month_of, help="Like 2026-01.")]


@quarantine.command("list")
def list_cases(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show rows that do not count until somebody decides, and why."""
    with open_client(data) as client:
        document = client.transport.get("/v1/quarantine", wait_s=_PATIENCE_S)
    if as_json:
        say_json(document)
        return
    found = document["cases"]
    say_table(
        (
            *("CASE", "METER", "SITE", "REASON", "ROWS", "FROM", "TO", "FIRST kWh", "LAST kWh"),
            "AT MOST kWh",
        ),
        (
            (
                item["case"],
                item["meter"],
                item["site"],
                ", ".join(part["reason"] for part in item["reasons"]),
                item["rows"],
                quantities.clock(item["first_at_s"]),
                quantities.clock(item["last_at_s"]),
                quantities.kwh(item["first_index_wh"]),
                quantities.kwh(item["last_index_wh"]),
                "unknown" if item["most_wh"] is None else quantities.kwh(item["most_wh"]),
            )
            for item in found
        ),
    )
    told = [part["sentence"] for item in found for part in item["reasons"]]
    for sentence in dict.fromkeys(told):
        remark(sentence)
    if found:
        remark("AT MOST: energy that counts nowhere until somebody decides; 0 = it is bridged.")
    if not found:
        remark("Nothing is in quarantine.")


@quarantine.command("accept")
def accept(
    *,
    case: Case,
    note: Why,
    index_wh: Annotated[
        int | None,
        typer.Option(
            "--index",
            metavar="KWH",
            parser=index_wh_of,
            help="Of rows that contradict each other, the index that is right.",
        ),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Let the rows of a case count: the register was right."""
    _decide(case, note, index_wh, is_accepted=True, as_json=as_json, data=data)


@quarantine.command("reject")
def reject(*, case: Case, note: Why, as_json: AsJson = False, data: DataDir = None) -> None:
    """Leave the rows of a case out for good: the register bridges them."""
    _decide(case, note, None, is_accepted=False, as_json=as_json, data=data)


@quarantine.command("decisions")
def list_decisions(
    *,
    serial: Annotated[
        str | None, typer.Option("--meter", metavar="SERIAL", help="Only those of this meter.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show what was decided of rows, by whom and why, and what of it was withdrawn."""
    with open_client(data) as client:
        if serial is not None:
            meter_named(client, serial)
        found = client.transport.get("/v1/quarantine/decisions")["decisions"]
    found = [item for item in found if serial in {None, item["meter"]}]
    if as_json:
        say_json({"decisions": found})
        return
    say_table(
        ("NO.", "CASE", "METER", "SITE", "WHAT", "DECIDED", "BY", "STANDING", "NOTE"),
        (
            (
                item["decision_id"],
                item["case"],
                item["meter"],
                item["site"],
                _what(item),
                quantities.clock(item["decided_at_s"]),
                item["actor"],
                "withdrawn" if item["is_withdrawn"] else "in force",
                item["note"],
            )
            for item in found
        ),
    )


def _what(item: dict[str, Any]) -> str:
    if item["withdraws_id"] is not None:
        return f"withdraws {item['withdraws_id']}"
    index = "" if item["index_wh"] is None else f" {quantities.kwh(item['index_wh'])} kWh"
    return f"{'accept' if item['is_accepted'] else 'reject'}{index}"


@quarantine.command("withdraw")
def withdraw(
    *,
    number: Annotated[int, typer.Argument(metavar="NO.", help="As `decisions` shows it.")],
    note: Annotated[str, typer.Option("--note", help="What was wrong; the ledger keeps it.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Take back a decision that was wrong: the rows are judged as if it had never been made."""
    with open_client(data) as client:
        path = f"/v1/quarantine/decisions/{number}/withdrawal"
        answer = client.transport.post_once(path, {"note": note})
    if as_json:
        say_json(answer)
        return
    say(f"Decision {number} says nothing any more; the rows are judged anew.")
    say_adjusted(answer)


def _decide(
    case: str,
    note: str,
    index_wh: int | None,
    *,
    is_accepted: bool,
    as_json: bool,
    data: DataDir,
) -> None:
    body = {"is_accepted": is_accepted, "note": note, "index_wh": index_wh}
    with open_client(data) as client:
        answer = client.transport.post(f"/v1/quarantine/{case}", body, wait_s=_PATIENCE_S)
    if as_json:
        say_json(answer)
        return
    what = "counted" if is_accepted else "left out"
    say(f"{counted(answer['rows'], 'row')} {what} from now on.")


@ledger.command("close")
def close(*, month: Month, site: OfSite, as_json: AsJson = False, data: DataDir = None) -> None:
    """Close a month of a site for good; the worker does so two days after its end."""
    with open_client(data) as client:
        body = {"site_id": site_id_of(client, site), "month": month}
        answer = client.transport.post("/v1/ledger/months", body, wait_s=_PATIENCE_S)
    if as_json:
        say_json(answer)
        return
    say(f"{answer['month']} is closed, with {counted(answer['lines'], 'line')}.")


@ledger.command("months")
def months(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show the closed months with their digests."""
    with open_client(data) as client:
        document = client.transport.get("/v1/ledger/months")
    if as_json:
        say_json(document)
        return
    say_table(
        ("SITE", "MONTH", "CLOSED", "BY", "DIGEST"),
        (
            (
                item["site_id"],
                item["month"],
                quantities.clock(item["closed_at_s"]),
                item["actor"],
                item["digest"],
            )
            for item in document["months"]
        ),
    )


@ledger.command("lines")
def lines(
    *,
    month: Month,
    site: OfSite,
    kind: Annotated[str, typer.Option("--kind", help="heat or electricity.")] = "heat",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Those of simulated meters: never billed.")
    ] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the lines of a closed month: two indexes each, and their difference."""
    with open_client(data) as client:
        asked: dict[str, str | int] = {
            "site_id": site_id_of(client, site),
            "month": month,
            "kind": kind,
            "simulated": simulated,
        }
        document = client.transport.get("/v1/ledger/lines", asked)
    if as_json:
        say_json(document)
        return
    say_table(
        ("ABOUT", "METER", "EPOCH", "FROM", "FROM kWh", "TO", "TO kWh", "kWh", "MARKS"),
        (
            (
                item["about_month"],
                item["meter_serial"],
                item["epoch"],
                quantities.clock(item["from_at_s"]),
                quantities.kwh(item["from_index_wh"]),
                quantities.clock(item["to_at_s"]),
                quantities.kwh(item["to_index_wh"]),
                quantities.kwh(item["energy_wh"]),
                ", ".join(item["marks"]) or None,
            )
            for item in document["lines"]
        ),
    )


@ledger.command("verify")
def verify(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """Compute every digest again; exit 1 where a sealed month is not what it was."""
    with open_client(data) as client:
        document = client.transport.get("/v1/ledger/verify", wait_s=_PATIENCE_S)
    if as_json:
        say_json(document)
    else:
        say_table(
            ("METER", "SITE", "MONTHS", "PRUNED", "ROWS READ", "NEWEST DIGEST"),
            (
                (
                    item["meter"],
                    item["site"],
                    item["months"],
                    item["pruned"],
                    item["rows"],
                    item["head"],
                )
                for item in document["meters"]
            ),
        )
        for item in document["meters"]:
            for part in item["broken"]:
                say(f"BROKEN meter {item['meter']}, {part['month']}: {part['why']}.")
        if document["is_sound"]:
            say("Every sealed month is what it was.")
    if not document["is_sound"]:
        raise typer.Exit(ExitCode.FAILED)
