"""Commands on quotas and budgets."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say_json, say_table
from chaufferie.sdk.errors import BadInputError

app = typer.Typer(
    help="Set and show quotas and budgets.", no_args_is_help=True, rich_markup_mode=None
)

_SET_HELP = """\b
What can be limited:
  cores, running-jobs            at once; more wait
  queued-jobs, stored-bytes      more are refused
  core-hours/month, core-hours/total, kwh/..., cost/...
                                 budgets: used up, they refuse new jobs and let
                                 queued ones wait; what runs goes on to its end"""


@app.command("list")
def list_quotas(
    *,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only those of this one.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show quotas and what of them is used: your own, or everybody's for an operator."""
    with open_client(data) as client:
        document = client.transport.get("/v1/quotas", {} if tenant is None else {"tenant": tenant})
    _show(document, as_json=as_json)


@app.command("set", epilog=_SET_HELP)
def set_quotas(
    *,
    limits: Annotated[
        list[str],
        typer.Argument(metavar="LIMIT=AMOUNT...", help="Such as cores=64; none takes it away."),
    ],
    tenant: Annotated[str, typer.Option("--tenant", help="Whose they are.")],
    project: Annotated[
        str | None, typer.Option("--project", help="Of this project of the tenant alone.")
    ] = None,
    safe: Annotated[
        bool,
        typer.Option(
            "--safe", help="Of budgets: start nothing that they might not cover to its limit."
        ),
    ] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Set quotas of a tenant or of a project; those not named stay as they are."""
    body: dict[str, Any] = {"tenant": tenant, "limits": _read(limits)}
    if project is not None:
        body["project"] = project
    if safe:
        body["safe"] = True
    with open_client(data) as client:
        document = client.transport.post_once("/v1/quotas", body)
    _show(document, as_json=as_json)


def _read(words: Sequence[str]) -> dict[str, str]:
    limits: dict[str, str] = {}
    for word in words:
        key, equals, amount = word.partition("=")
        if not equals or not key or not amount:
            raise BadInputError(f"{word!r} is no limit; write for instance cores=64.")
        if key in limits:
            raise BadInputError(f"{key} is given twice; give it once.")
        limits[key] = amount
    return limits


def _show(document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(document)
        return
    lines = document["quotas"]
    say_table(
        ("TENANT", "PROJECT", "QUOTA", "ENDED", "RUNNING", "USED", "LIMIT", ""),
        (
            (
                line["tenant"],
                line["project"],
                line["quota"].replace("_", "-"),
                _amount(line, "ended"),
                _amount(line, "running"),
                _amount(line, "used"),
                _amount(line, "limit"),
                _standing(line),
            )
            for line in lines
        ),
    )
    if any("/" in line["quota"] for line in lines):
        remark(document["meanings"]["budgets"])


def _standing(line: Mapping[str, Any]) -> str:
    words = {"safe": line["is_safe"], "used up": line["is_used_up"]}
    return ", ".join(word for word, holds in words.items() if holds)


def _amount(line: Mapping[str, Any], which: str) -> str | None:
    if line[which] is None:
        return None
    if line["quota"] == "stored_bytes":
        return quantities.size(int(Decimal(line[which])))
    return f"{line[which]} {line['currency'] or ''}".rstrip()
