"""Commands on statements: what was delivered in a month, and what it costs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from chaufferie.cli import programs
from chaufferie.cli.heat_sales import contracts
from chaufferie.cli.heat_sales.documents import put
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.instants import month_of
from chaufferie.cli.speaking.speech import remark, say, say_fields, say_json, say_table
from domain.languages import Language
from domain.plurals import counted

app = typer.Typer(
    help="List, issue, correct and check the statements of delivered heat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_ROOT = "/v1/statements"
Which = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the statement.")]
Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help="Reference of the contract.")]


class _Form(StrEnum):
    PDF = "pdf"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@app.command("list")
def list_all(
    *,
    contract: Annotated[str | None, typer.Option(help="Only of this contract.")] = None,
    month: Annotated[
        str | None,
        typer.Option(metavar="MONTH", parser=month_of, help="Only of this month, like 2026-01."),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List what was issued."""
    asked = {"contract": contract, "month": month}
    params = {key: value for key, value in asked.items() if value is not None}
    with open_client(data) as client:
        document = client.transport.get(_ROOT, params)
    if as_json:
        say_json(document)
        return
    say_table(
        ("NUMBER", "CONTRACT", "MONTH", "KIND", "STATE", "MWh", "ISSUED"),
        (
            (
                item["number"],
                item["contract"],
                item["month"],
                item["kind"],
                item["state"],
                quantities.mwh(item["energy_wh"]),
                item["issued_on"],
            )
            for item in document["statements"]
        ),
    )


@app.command("show")
def show(*, which: Which, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one statement, line by line."""
    with open_client(data) as client:
        item = client.transport.get(f"{_ROOT}/{_part(which)}")
        document = client.transport.get(f"{_ROOT}/{_part(which)}/document")
    if as_json:
        say_json({**item, "document": document})
        return
    totals, currency = document["totals"], document["contract"]["terms"]["currency"]
    say_fields(
        {
            "Statement": f"{item['number']} ({item['kind']}, {item['state']})",
            "Corrects": item["corrects"],
            "Contract": f"{item['contract']}, version {item['contract_version']}",
            "Buyer": document["contract"]["terms"]["buyer"]["name"],
            "Month": item["month"],
            "Heat": f"{quantities.mwh(totals['energy_wh'])} MWh",
            "Without VAT": f"{totals['excl_vat']} {currency}",
            "With VAT": f"{totals['incl_vat']} {currency}",
            "Digest": item["digest_sha256"],
        }
    )
    say_table(
        ("LINE", "SITE", "METER", "LIFE", "FROM kWh", "TO kWh", "kWh", "AMOUNT", "NOTES"),
        (_row(line) for line in document["lines"]),
    )


@app.command("get")
def get(
    *,
    which: Which,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where to; - = print it; default: NUMBER.FORM here."),
    ] = None,
    form: Annotated[_Form, typer.Option(help="In which form.")] = _Form.PDF,
    language: Annotated[Language, typer.Option(help="In which language.")] = Language.FRENCH,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch a statement as PDF, page, table or canonical JSON."""
    path = f"{_ROOT}/{_part(which)}/document?form={form.value}&language={language.value}"
    with open_client(data) as client:
        answer = client.transport.request("GET", path, headers={})
    put(answer.content, target, number=which, form=form.value, as_json=as_json)


@app.command("export")
def export(
    *,
    contract: Contract,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A folder to be made; default: CONTRACT here."),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch all that there is under a contract, in open formats."""
    from chaufferie.cli.heat_sales.statement_export import export_contract

    folder = target or Path(contract)
    with open_client(data) as client:
        written = export_contract(client, contract, folder)
    if as_json:
        say_json({"folder": str(folder), "files": written})
        return
    remark(f"{folder} has {counted(len(written), 'file')}.")


@app.command("issue")
def issue(
    *,
    contract: Contract,
    month: Annotated[str, typer.Option(metavar="MONTH", parser=month_of, help="Like 2026-01.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Issue the next statement of a contract; it can be corrected, and never changed."""
    with open_client(data) as client:
        answer = client.transport.post_once(
            f"{contracts.ROOT}/{_part(contract)}/statements", {"month": month}
        )
    if as_json:
        say_json(answer)
        return
    say(
        f"{answer['number']} is issued: {quantities.mwh(answer['energy_wh'])} MWh, "
        f"{answer['totals']['incl_vat']} with VAT. Its digest is {answer['digest_sha256']}."
    )


@app.command("correct")
def correct(
    *,
    which: Which,
    reason: Annotated[str, typer.Option(help="Why, as both documents print it.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Take a statement back by a credit note, and issue it anew by the contract as it reads now."""
    with open_client(data) as client:
        answer = client.transport.post_once(
            f"{_ROOT}/{_part(which)}/correction", {"reason": reason}
        )
    if as_json:
        say_json(answer)
        return
    say(f"{answer['credit_note']} takes {which} back, and {answer['statement']} is in its place.")


@app.command(
    "verify",
    add_help_option=False,
    context_settings=programs.PROGRAM_WORDS,
)
def verify(context: typer.Context) -> None:
    """Work a statement out again from its own file, with no server."""
    programs.become("statement verify", context.args)


def _part(word: str) -> str:
    """A word as one part of a path."""
    return quote(word, safe="")


def _row(line: dict[str, Any]) -> tuple[object, ...]:
    return (
        line["line"],
        line["site"],
        line["meter"],
        line["epoch"],
        quantities.kwh(line["from_index_wh"]),
        quantities.kwh(line["to_index_wh"]),
        quantities.kwh(line["energy_wh"]),
        line["amount"],
        ", ".join(line["marks"]) or None,
    )
