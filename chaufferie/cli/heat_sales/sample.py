"""The command that lets one try the sale of heat: a site, a meter and a contract, all invented."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.instants import past_instant_s
from chaufferie.cli.speaking.speech import remark, say, say_json
from chaufferie.sdk.errors import BadInputError
from domain.calendar.months import after, begin_of, month_of, write_month
from domain.calendar.paris import write_instant

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

sample = typer.Typer(
    help="Try what a new server has no data for, with invented ones.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SITE, NODE = "SAMPLE pool (invented)", "sample-reader"
HEAT_METER, POWER_METER = "SAMPLE-HEAT", "SAMPLE-POWER"
REFERENCE, PREFIX = "SAMPLE-HEAT-SALE", "SPECIMEN"
TOWN = "SPECIMEN - Ville inventée"
#: Passes the check of its digits, and belongs to nobody.
_SIRET = "0" * 14
_STEP_S, _STEPS_A_DAY = 1800.0, 48
#: Below the largest body that the server takes.
_AT_ONCE = 500
_FIRST_INDEX_WH = 12_345_678
_MACHINE = {
    "cores": 1,
    "mem_mib": 1024,
    "idle_power_w": 2_000.0,
    "max_power_w": 20_000.0,
    "is_simulated": False,
}
#: What the instruments say beside their registers; nobody swims there.
_INSTRUMENTS = {
    "water_temp_c": 28.0,
    "supply_temp_c": 45.0,
    "inlet_temp_c": 38.0,
    "power_w": 12_000.0,
    "heat_power_w": 11_500.0,
    "heat_demand_w": 14_000.0,
    "headroom_wh": 50_000.0,
    "time_factor": 1.0,
    "simulated": False,
    "heat_meter_serial": HEAT_METER,
    "electricity_meter_serial": POWER_METER,
    "control_state": "normal",
}
_CONTRACT = """# SPECIMEN: a contract that nobody concluded, on heat that nobody delivered.
reference = "{reference}"
number_prefix = "{prefix}"
starts_on = {starts_on}
years = 1

[supplier]
name = "SPECIMEN - fournisseur inventé"
address = "Nulle part"
siret = "{siret}"

[buyer]
name = "{town}"
address = "Nulle part"
siret = "{siret}"

[routing]
not_required = ["service_code", "engagement_number", "market_number"]

[[deliveries]]
site_id = {site_id}

[[tariffs]]
valid_from = {starts_on}
price_per_mwh = 95.10

[heat_vat]
rate_percent = 20
legal_ground = "SPECIMEN: settle yours with a tax adviser"
stated_on = {starts_on}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What was told of the invented meter."""

    months: tuple[int, int]
    last_index_wh: int
    last_at_s: float


@sample.command("heat-sale")
def heat_sale(
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the contract's file is written.")
    ],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a site with two months of invented readings of a real kind of meter, and its contract.

    Everything of it is named SAMPLE or SPECIMEN, to the last line of the statement. Never on a
    server that sells heat: nothing of the ledger can be deleted.
    """
    now_s = past_instant_s("now")
    with open_client(data) as client:
        if any(item["name"] == SITE for item in client.transport.get("/v1/sites")["sites"]):
            raise BadInputError("The sample is there already: a ledger forgets nothing.")
        site_id = client.transport.post_once(
            "/v1/sites", {"name": SITE, "storage_wh_per_k": 500_000.0}
        )["site_id"]
        told = _tell(client, site_id, now_s)
        _confirm(client, told)
        town_id = client.transport.post_once("/v1/collectivities", {"name": TOWN, "siret": _SIRET})[
            "collectivity_id"
        ]
        client.transport.put(f"/v1/collectivities/{town_id}/sites/{site_id}", None)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "contract.toml"
    starts_on = f"{write_month(told.months[0])}-01"
    file.write_text(
        _CONTRACT.format(
            reference=REFERENCE,
            prefix=PREFIX,
            siret=_SIRET,
            town=TOWN,
            site_id=site_id,
            starts_on=starts_on,
        ),
        encoding="utf-8",
    )
    commands = _commands(directory, file, told, now_s)
    if as_json:
        say_json({"site_id": site_id, "contract": str(file), "commands": commands})
        return
    remark("SAMPLE: an invented site, meter, town and contract. These make a statement of it:")
    for line in commands:
        say(line)


def _tell(client: "Client", site_id: int, now_s: float) -> _Told:
    """Two whole months of readings every half hour, told as a node tells them."""
    first = month_of(begin_of(month_of(begin_of(month_of(now_s)) - 1.0)) - 1.0)
    second = after(first)
    begin_s = begin_of(first)
    steps = round((begin_of(after(second)) - begin_s) / _STEP_S)
    token = client.transport.post_once("/v1/enrolments", {"site_id": site_id, "node_name": NODE})
    joined = client.transport.post_once(
        "/v1/agent/enrol", {"token": token["token"], "spec": _MACHINE}
    )
    readings, heat_wh, power_wh = [], _FIRST_INDEX_WH, 0
    for step in range(steps + 1):
        at_s = begin_s + step * _STEP_S
        readings.append(_reading(joined["node_id"], step, at_s, (heat_wh, power_wh)))
        heat_wh += _step_wh(step)
        power_wh += round(_step_wh(step) / 0.96)
    with type(client)(url=client.transport.url, token=joined["token"]) as node:
        for start in range(0, len(readings), _AT_ONCE):
            node.transport.post_once("/v1/agent/readings", readings[start : start + _AT_ONCE])
    last = readings[-1]
    return _Told(
        months=(first, second),
        last_index_wh=last["heat_register_wh"],
        last_at_s=last["taken_at_s"],
    )


def _step_wh(step: int) -> int:
    """Heat of half an hour: little at night, most before noon, and no two days the same."""
    day, half_hour = divmod(step, _STEPS_A_DAY)
    return 2_000 + 180 * min(half_hour, _STEPS_A_DAY - half_hour) + 37 * (day * 7 % 11)


def _reading(node_id: int, step: int, at_s: float, registers: tuple[int, int]) -> dict[str, Any]:
    return {
        **_INSTRUMENTS,
        "node_id": node_id,
        "seq": step + 1,
        "taken_at_s": at_s,
        "heat_register_wh": registers[0],
        "electricity_register_wh": registers[1],
    }


def _confirm(client: "Client", told: _Told) -> None:
    """What a person does before a real meter; here nobody stood before any."""
    body = {
        "serial": HEAT_METER,
        "act": "confirm",
        "index_wh": told.last_index_wh,
        "at_s": told.last_at_s,
        "note": "SAMPLE: invented, nobody read a display",
    }
    client.transport.post_once("/v1/meters/declarations", body)


def _commands(directory: Path, file: Path, told: _Told, now_s: float) -> list[str]:
    """What is typed next; the worker may close months and draft statements by itself before."""
    first, second = (write_month(item) for item in told.months)
    number = f"{PREFIX}-{write_instant(now_s)[:4]}-00001"
    statement = directory / f"{number}.pdf"
    return [
        f"chaufferie ledger close {first} --site '{SITE}'",
        f"chaufferie ledger close {second} --site '{SITE}'",
        f"chaufferie ledger lines {first} --site '{SITE}'",
        f"chaufferie contracts add {file}",
        f"chaufferie statement issue {REFERENCE} --month {first}",
        f"chaufferie statement show {number}",
        f"chaufferie statement get {number} {statement}",
        f"chaufferie statement verify {statement}",
    ]
