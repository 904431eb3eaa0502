"""Commands that describe a site: the water that takes the heat."""

from typing import Annotated, Any

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import say, say_json
from domain.units import WATER_WH_PER_L_K

site = typer.Typer(
    help="Make a site, describe it anew; `sites` shows them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_L_PER_M3 = 1000

Name = Annotated[str, typer.Argument(help="Name of the site.")]
WaterM3 = Annotated[
    float,
    typer.Option("--water-m3", min=0.001, max=850_000, help="Water that takes up the heat."),
]
LimitC = Annotated[
    float,
    typer.Option("--limit-c", min=0.1, max=95, help="What bathers, pipes or rules allow [degC]."),
]
SetPointC = Annotated[
    float | None,
    typer.Option(
        "--set-point-c",
        min=0,
        max=95,
        help="Where a boiler keeps this water warm (a basin, a loop): its set-point [degC]. "
        "Left out: a preheat tank, whose boiler stands behind it.",
    ),
]


@site.command("add")
def add_site(
    *,
    name: Name,
    water_m3: WaterM3,
    limit_c: LimitC,
    set_point_c: SetPointC = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a site; nodes join it by `node enrol`."""
    with open_client(data) as client:
        made = client.transport.post("/v1/sites", _described(name, water_m3, limit_c, set_point_c))
    if as_json:
        say_json(made)
        return
    say(f"Site {made['site_id']}: {name}.")


@site.command("change")
def change_site(
    *,
    name: Name,
    water_m3: WaterM3,
    limit_c: LimitC,
    set_point_c: SetPointC = None,
    rename: Annotated[str | None, typer.Option("--rename", help="Its name from now on.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Describe a site anew, wholly; what runs there goes on."""
    body = _described(rename or name, water_m3, limit_c, set_point_c)
    with open_client(data) as client:
        done = client.transport.put(f"/v1/sites/{site_id_of(client, name)}", body)
    if as_json:
        say_json(done)
        return
    say(f"Site {done['site_id']}: {body['name']}.")


def _described(
    name: str, water_m3: float, limit_c: float, set_point_c: float | None
) -> dict[str, Any]:
    warm = {} if set_point_c is None else {"is_preheat": False, "floor_temp_c": set_point_c}
    return {
        "name": name,
        "storage_wh_per_k": water_m3 * _L_PER_M3 * WATER_WH_PER_L_K,
        "limit_temp_c": limit_c,
        **warm,
    }
