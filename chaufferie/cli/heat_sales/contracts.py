"""Commands on contracts: who buys the heat of which sites, for how long, at what price."""

import csv
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say, say_fields, say_json, say_table
from chaufferie.sdk.errors import BadInputError
from domain.languages import Language

app = typer.Typer(
    help="Make, amend and show the contracts under which heat is sold.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ROOT = "/v1/contracts"


Reference = Annotated[str, typer.Argument(metavar="CONTRACT", help="Its reference.")]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The contract's terms, as TOML.", show_default=False)
]


@app.command("add")
def add(*, file: File, as_json: AsJson = False, data: DataDir = None) -> None:
    """Take a contract from a file."""
    terms = _read(file)
    with open_client(data) as client:
        answer = client.transport.post_once(ROOT, terms)
    if as_json:
        say_json(answer)
        return
    say(f"Contract {answer['reference']} is recorded.")


@app.command("amend")
def amend(
    *,
    file: File,
    reason: Annotated[str, typer.Option(help="Why, as the books keep it.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Take new terms of a contract; what was issued stays as it is."""
    terms = _read(file)
    reference = quote(str(terms.get("reference")), safe="")
    with open_client(data) as client:
        answer = client.transport.put(f"{ROOT}/{reference}", {"reason": reason, "terms": terms})
    if as_json:
        say_json(answer)
        return
    say(f"Contract {answer['reference']} has version {answer['version']} from now on.")


@app.command("list")
def list_all(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the contracts."""
    with open_client(data) as client:
        document = client.transport.get(ROOT)
    if as_json:
        say_json(document)
        return
    say_table(
        ("CONTRACT", "VERSION", "COLLECTIVITY", "FROM", "YEARS", "SITES"),
        (
            (
                item["reference"],
                item["version"],
                item["collectivity"],
                item["terms"]["starts_on"],
                item["terms"]["years"],
                ", ".join(str(site["site_id"]) for site in item["terms"]["deliveries"]),
            )
            for item in document["contracts"]
        ),
    )


@app.command("show")
def show(*, which: Reference, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one contract."""
    with open_client(data) as client:
        item = client.transport.get(f"{ROOT}/{quote(which, safe='')}")
    if as_json:
        say_json(item)
        return
    terms = item["terms"]
    tariff = terms["tariffs"][-1]
    say_fields(
        {
            "Contract": item["reference"],
            "Version": f"{item['version']}, of {quantities.clock(item['made_at_s'])}",
            "Reason": item["reason"],
            "Supplier": terms["supplier"]["name"],
            "Buyer": terms["buyer"]["name"],
            "Runs": f"from {terms['starts_on']} for {terms['years']} years",
            "Sites": ", ".join(str(site["site_id"]) for site in terms["deliveries"]),
            "Price": f"{tariff['price_per_mwh']} {terms['currency']} for a MWh, "
            f"from {tariff['valid_from']}" + (", by a formula" if "indexation" in tariff else ""),
            "VAT": f"{terms['heat_vat']['rate_percent']} %, {terms['heat_vat']['legal_ground']}",
            "Minimum": _volume(terms.get("minimum")),
            "Ceiling": _volume(terms.get("ceiling")),
            "Next statement": item["next_month"],
        }
    )


@app.command("year")
def year(
    *,
    which: Reference,
    which_year: Annotated[int, typer.Argument(metavar="YEAR", help="Like 2026.")],
    target: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; default: print it.")
    ] = None,
    language: Annotated[Language, typer.Option(help="In which language.")] = Language.FRENCH,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch a calendar year meter by meter, as a town declares it."""
    path = f"{ROOT}/{quote(which, safe='')}/years/{which_year}?language={language.value}"
    with open_client(data) as client:
        content = client.transport.request("GET", path, headers={}).content
    if target is not None:
        target.write_bytes(content)
    if as_json:
        rows = csv.DictReader(content.decode("utf-8-sig").splitlines(), delimiter=";")
        say_json({"rows": list(rows)})
    elif target is None:
        sys.stdout.buffer.write(content)


@app.command("draft")
def draft(*, which: Reference, as_json: AsJson = False, data: DataDir = None) -> None:
    """Draft the next statement now; the worker does it by itself."""
    with open_client(data) as client:
        answer = client.transport.post(f"{ROOT}/{quote(which, safe='')}/draft")
    if as_json:
        say_json(answer)
        return
    totals = answer["totals"]
    say(
        f"{answer['month']}: {quantities.mwh(totals['energy_wh'])} MWh, {totals['excl_vat']} "
        f"without and {totals['incl_vat']} with VAT. Nothing is issued yet."
    )


def _volume(clause: dict[str, Any] | None) -> str | None:
    return None if clause is None else f"{clause['mwh_per_year']} MWh a year, {clause['effect']}"


def _read(file: Path) -> dict[str, Any]:
    """What a contract's file says, ready for JSON; raises ``BadInputError`` where it is no TOML."""
    try:
        plain = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ArithmeticError) as error:
        raise BadInputError(f"{file} is no TOML: {error}.") from error
    found: dict[str, Any] = _for_json(plain)
    return found


def _for_json(value: Any) -> Any:  # noqa: ANN401 - TOML
    """Decimals and days as text, which JSON does not round."""
    match value:
        case dict():
            return {key: _for_json(item) for key, item in value.items()}
        case list():
            return [_for_json(item) for item in value]
        case bool() | int() | str():
            return value
        case _:
            return str(value)
