"""Commands on meters: what is known of them, and what a person declares."""

import hashlib
import re
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.instants import past_instant_s
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from chaufferie.sdk.errors import BadInputError, NotFoundError
from domain.plurals import counted

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

meter = typer.Typer(
    help="Declare what was done to a meter, and confirm what it shows.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_WH = {"wh": 1, "kwh": 1000, "mwh": 1_000_000}
#: A gigajoule has no whole number of them: 10^9 J over 3600 J.
_GJ_WH = Fraction(10**9, 3600)
_INDEX = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*([kKmM]?[wW][hH]|[gG][jJ])?\s*")
#: What a display can show: more digits are a slip of the finger.
_LONGEST_INDEX = 24
#: Walking the rows of a fleet takes its time [s].
_PATIENCE_S = 300.0
_ACTS = ("install", "swap", "reset", "reader", "remove")


def index_wh_of(text: str) -> int:
    """An index as it stands on a display, in kWh unless it names its unit.

    One in GJ becomes the nearest watt-hour, halves up; each index by itself, so that their
    difference is never further than a watt-hour from that of the display.
    """
    found = _INDEX.fullmatch(text[:_LONGEST_INDEX]) if len(text) <= _LONGEST_INDEX else None
    if found is None:
        raise typer.BadParameter(
            f"{text[:40]!r} is no index; write for instance 12345.678 kWh, or 44.444 GJ."
        )
    number, unit = Decimal(found[1].replace(",", ".")), (found[2] or "kwh").lower()
    if unit == "gj":
        return floor(Fraction(number) * _GJ_WH + Fraction(1, 2))
    amount = number * _WH[unit]
    if amount != int(amount):
        raise typer.BadParameter(f"{text!r} is finer than a watt-hour; leave the last digits out.")
    return int(amount)


Serial = Annotated[str, typer.Argument(help="Serial number on the meter's plate.")]
Index = Annotated[
    int | None,
    typer.Option("--index", metavar="KWH", parser=index_wh_of, help="What the display showed."),
]
Closing = Annotated[
    int | None,
    typer.Option(
        "--closing",
        metavar="KWH",
        parser=index_wh_of,
        help="Last index of the old meter, or of the register before it was reset.",
    ),
]
At = Annotated[
    float | None,
    typer.Option(
        "--at",
        metavar="TIME",
        parser=past_instant_s,
        help="When: 2026-01-31T08:00, 08:00, -2h; default: now.",
    ),
]
Note = Annotated[str, typer.Option("--note", help="How you know, in your own words.")]
Photo = Annotated[
    Path | None,
    typer.Option("--photo", metavar="FILE", help="Photo of the display; its digest is kept."),
]


def meters(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show the meters, their newest index, what is still to be confirmed, and what waits."""
    with open_client(data) as client:
        asked: dict[str, str | int] = {"quarantine": "true"}
        document = client.transport.get("/v1/meters", asked, wait_s=_PATIENCE_S)
    if as_json:
        say_json(document)
        return
    say_table(
        (
            *("METER", "KIND", "SITE", "NODE", "INDEX kWh", "TAKEN", "EPOCH", "CLOSED"),
            *("STANDING", "QUARANTINE"),
        ),
        (
            (
                item["serial"],
                item["kind"],
                item["site"],
                item["node"],
                quantities.kwh(item["index_wh"]),
                quantities.clock(item["taken_at_s"]),
                item["epochs"][-1]["number"],
                item["last_closed"],
                _standing(item),
                _quarantine(item["quarantine"]),
            )
            for item in document["meters"]
        ),
    )
    for item in document["meters"]:
        for words in item["quarantine"]["commands"]:
            remark(f"{item['serial']}: {words}")
    if any(item["quarantine"]["cases"] for item in document["meters"]):
        remark("What mends it, as it applies; `chaufferie quarantine list` says why each waits.")


def _quarantine(waiting: dict[str, Any]) -> str | None:
    """How many cases wait, and how much no line counts because of them."""
    if not waiting["cases"]:
        return None
    most_wh = waiting["most_wh"]
    heat = "unknown heat" if most_wh is None else f"{quantities.kwh(most_wh)} kWh at most"
    return f"{counted(waiting['cases'], 'case')}, {'bridged' if most_wh == 0 else heat}"


def _standing(item: dict[str, Any]) -> str:
    told = item["declarations"]
    if item["index_wh"] is None and told and all(_is_void(part) for part in told):
        return "withdrawn"
    if item["is_removed"]:
        return "removed, simulated" if item["is_simulated"] else "removed"
    if item["is_simulated"]:
        return "simulated, never billed"
    if item["is_undeclared"]:
        return "swap not declared"
    return "confirmed" if item["is_confirmed"] else "to be confirmed"


def _is_void(part: dict[str, Any]) -> bool:
    return bool(part["is_withdrawn"]) or part["act"] == "withdraw"


@meter.command("declarations")
def declarations(*, serial: Serial, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show all that was ever declared of a meter, and what of it was withdrawn."""
    with open_client(data) as client:
        found = meter_named(client, serial)["declarations"]
    if as_json:
        say_json({"declarations": found})
        return
    say_table(
        ("NO.", "WHAT", "WHEN", "INDEX kWh", "LAST kWh", "DECLARED", "BY", "STANDING", "NOTE"),
        (
            (
                item["declaration_id"],
                item["act"],
                quantities.clock(item["at_s"]),
                quantities.kwh(item["index_wh"]),
                quantities.kwh(item["closing_index_wh"]),
                quantities.clock(item["declared_at_s"]),
                item["actor"],
                _of_declaration(item),
                item["note"] or item["photo_sha256"],
            )
            for item in found
        ),
    )


def _of_declaration(item: dict[str, Any]) -> str:
    if item["act"] == "withdraw":
        return f"withdraws {item['withdraws_id']}"
    return "withdrawn" if item["is_withdrawn"] else "in force"


@meter.command("withdraw")
def withdraw(
    *,
    number: Annotated[int, typer.Argument(metavar="NO.", help="As `declarations` shows it.")],
    note: Annotated[str, typer.Option("--note", help="What was wrong; the ledger keeps it.")],
    photo: Photo = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Take back a declaration that was wrong; of a swap, both halves."""
    told = {"note": note, "photo_sha256": _digest_of(photo)}
    with open_client(data) as client:
        path = f"/v1/meters/declarations/{number}/withdrawal"
        answer = client.transport.post_once(path, told)
    if as_json:
        say_json(answer)
        return
    say(f"Declaration {number} says nothing any more; the rows are judged anew.")
    say_adjusted(answer)


@meter.command("declare")
def declare(  # noqa: PLR0913 - the options of five acts
    *,
    serial: Serial,
    act: Annotated[
        str, typer.Argument(metavar="ACT", help="install, swap, reset, reader or remove.")
    ],
    index_wh: Index = None,
    closing_wh: Closing = None,
    replaces: Annotated[
        str | None, typer.Option("--replaces", metavar="SERIAL", help="swap: the old meter.")
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", help="reader: the node that reads it from then on.")
    ] = None,
    at_s: At = None,
    note: Note = "",
    photo: Photo = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Declare that a meter was put in, swapped, reset, handed to another node, or removed.

    A swap names the new meter, its first index, the old meter and the last index of that one.
    """
    if act not in _ACTS:
        raise BadInputError(f"{act!r} is none of {', '.join(_ACTS)}.")
    body = {
        "act": act,
        "index_wh": index_wh,
        "closing_index_wh": closing_wh,
        "replaces": replaces,
        "node": node,
    }
    _send(serial, body, (at_s, note, photo), as_json=as_json, data=data)
    if not as_json:
        say(f"It is declared: {act} of meter {serial}.")


@meter.command("confirm")
def confirm(
    *,
    serial: Serial,
    index_wh: Annotated[
        int,
        typer.Option("--index", metavar="KWH", parser=index_wh_of, help="What the display shows."),
    ],
    at_s: At = None,
    note: Note = "",
    photo: Photo = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Confirm that the display shows what the node tells; from then on its heat is billed."""
    body = {"act": "confirm", "index_wh": index_wh}
    _send(serial, body, (at_s, note, photo), as_json=as_json, data=data)
    if not as_json:
        say(f"Meter {serial} is confirmed.")


def _send(
    serial: str,
    body: dict[str, Any],
    evidence: tuple[float | None, str, Path | None],
    *,
    as_json: bool,
    data: Path | None,
) -> None:
    at_s, note, photo = evidence
    told = {**body, "serial": serial, "at_s": at_s, "note": note}
    told["photo_sha256"] = _digest_of(photo)
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/meters/declarations", told)
    if as_json:
        say_json(answer)
        return
    say_adjusted(answer)
    if photo is not None:
        remark(f"Keep {photo.name}: only its digest is stored, {told['photo_sha256']}.")


def _digest_of(photo: Path | None) -> str | None:
    return None if photo is None else hashlib.sha256(photo.read_bytes()).hexdigest()


def say_adjusted(answer: dict[str, Any]) -> None:
    """Which closed months something reaches, and what comes of that."""
    months = answer["adjusts_months"]
    if months:
        remark(
            f"{', '.join(months)}: closed, and it stays so; what this changes of it follows as an "
            "adjustment in the month that is closed next."
        )


def meter_named(client: "Client", serial: str) -> dict[str, Any]:
    """The meter with this serial number."""
    for item in client.transport.get("/v1/meters")["meters"]:
        if item["serial"] == serial:
            return dict(item)
    sentence = f"There is no meter {serial!r}."
    raise NotFoundError(sentence)


@meter.command("describe")
def describe(
    *,
    serial: Serial,
    max_kw: Annotated[
        float | None, typer.Option("--max-kw", min=0.001, help="The most that can pass it.")
    ] = None,
    rolls_over_wh: Annotated[
        int | None,
        typer.Option(
            "--rolls-over", metavar="KWH", parser=index_wh_of, help="Size of its register: 1000000."
        ),
    ] = None,
    digit_wh: Annotated[
        int | None,
        typer.Option(
            "--digit", metavar="KWH", parser=index_wh_of, help="What its last digit counts."
        ),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="Permissible error, such as 0.05.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Tell what stands on the plate of a meter; what is left out stays as it is."""
    told = {
        "max_power_w": None if max_kw is None else max_kw * 1000.0,
        "rolls_over_at_wh": rolls_over_wh,
        "digit_wh": digit_wh,
        "tolerance_frac": tolerance,
    }
    with open_client(data) as client:
        number = meter_named(client, serial)["meter_id"]
        answer = client.transport.put(f"/v1/meters/{number}", told)
    if as_json:
        say_json(answer)
    else:
        say(f"Meter {serial} is described.")
