"""Commands on invoices: a statement as the file that a public buyer's platform takes."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from chaufferie.cli import programs
from chaufferie.cli.heat_sales.documents import put
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say, say_fields, say_json, say_table

app = typer.Typer(
    help="Issue, fetch and check the invoices of statements (Factur-X).",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_ROOT = "/v1/invoices"
Which = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Number of the invoice, or of its statement.")
]


class _Form(StrEnum):
    PDF = "pdf"
    XML = "xml"


@app.command("issue")
def issue(
    *,
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="Number of a statement or credit note.")
    ],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Issue the invoice of a statement, once; asked again, it names the same."""
    with open_client(data) as client:
        answer = client.transport.post_once(_ROOT, {"statement": statement})
    if as_json:
        say_json(answer)
        return
    verb = "is issued" if answer["is_new"] else "was issued before"
    say(
        f"{answer['number']} {verb} for {answer['statement']}. The digest of its XML is "
        f"{answer['digest_sha256']}."
    )


@app.command("list")
def list_all(
    *,
    contract: Annotated[str | None, typer.Option(help="Only of this contract.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List what was invoiced."""
    with open_client(data) as client:
        document = client.transport.get(_ROOT, {} if contract is None else {"contract": contract})
    if as_json:
        say_json(document)
        return
    say_table(
        ("NUMBER", "STATEMENT", "CONTRACT", "MONTH", "KIND", "PROFILE", "PDF", "ISSUED"),
        (
            (
                item["number"],
                item["statement"],
                item["contract"],
                item["month"],
                item["kind"],
                item["profile"],
                "yes" if item["has_pdf"] else "being made",
                item["issued_on"],
            )
            for item in document["invoices"]
        ),
    )


@app.command("show")
def show(*, which: Which, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one invoice."""
    with open_client(data) as client:
        item = client.transport.get(f"{_ROOT}/{quote(which, safe='')}")
    if as_json:
        say_json(item)
        return
    say_fields(
        {
            "Invoice": f"{item['number']} ({item['kind']})",
            "Statement": item["statement"],
            "Contract": item["contract"],
            "Month": item["month"],
            "Issued": item["issued_on"],
            "Profile": item["profile"],
            "PDF": "made" if item["has_pdf"] else "being made",
            "Digest of its XML": item["digest_sha256"],
        }
    )


@app.command("get")
def get(
    *,
    which: Which,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where to; - = print it; default: NUMBER.FORM here."),
    ] = None,
    form: Annotated[_Form, typer.Option(help="The PDF for the buyer, or its XML.")] = _Form.PDF,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch an invoice: the PDF with XML and statement in it, or the XML alone."""
    path = f"{_ROOT}/{quote(which, safe='')}"
    with open_client(data) as client:
        number = client.transport.get(path)["number"]
        answer = client.transport.request("GET", f"{path}/document?form={form.value}", headers={})
    put(answer.content, target, number=number, form=form.value, as_json=as_json)


@app.command("verify", add_help_option=False, context_settings=programs.PROGRAM_WORDS)
def verify(context: typer.Context) -> None:
    """Hold an invoice's file to schema, rules, sums and its statement, with no server."""
    programs.become("invoice verify", context.args)
