"""The command that hands a weather forecast to the server, or shows what it was told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import say, say_json, say_table
from domain.plurals import counted
from domain.units import HOUR_S

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.weather import Forecast

_EVERY_SITE = "every site"


def weather(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Outdoor temperatures, hour by hour: .csv with time,outdoor_temp_c, or .json.",
            show_default=False,
        ),
    ] = None,
    *,
    site: Annotated[
        list[str] | None,
        typer.Option("--site", help="Name or number of a site it is for; default: all."),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Tell the server a weather forecast, or show what it was told.

    The scheduler learns how the heat that a site wants follows the air outside; a forecast lets
    it wait for the right hours.
    """
    with open_client(data) as client:
        if file is None:
            _show(client, site or [], as_json=as_json)
        else:
            _send(client, file, site or [], as_json=as_json)


def _send(client: "Client", file: Path, sites: list[str], *, as_json: bool) -> None:
    from chaufferie.sdk.weather import read_forecast

    forecast = read_forecast(file)
    site_ids = [site_id_of(client, name) for name in sites] or list(forecast.site_ids)
    answer = client.send_weather(forecast.first_hour_s, forecast.outdoor_temp_c, site_ids=site_ids)
    if as_json:
        say_json(answer)
        return
    whose = counted(len(site_ids), "site") if site_ids else _EVERY_SITE
    begin = quantities.clock(forecast.first_hour_s)
    say(f"Forecast of {counted(answer['hours'], 'hour')} from {begin} for {whose}.")


def _show(client: "Client", sites: list[str], *, as_json: bool) -> None:
    # What is told of no site is told of every one.
    only = {None, *(site_id_of(client, name) for name in sites)}
    told = client.transport.get("/v1/weather")["forecasts"]
    found = {"forecasts": [item for item in told if not sites or item["site_id"] in only]}
    if as_json:
        say_json(found)
        return
    from chaufferie.sdk.weather import read_forecasts

    names = {site.site_id: site.name for site in client.sites()}
    say_table(
        ("SITE", "FROM", "TO", "COLDEST C", "WARMEST C", "RECEIVED"),
        (_row(forecast, names) for forecast in read_forecasts(found)),
    )


def _row(forecast: "Forecast", names: dict[int, str]) -> tuple[str | None, ...]:
    end_s = forecast.first_hour_s + HOUR_S * len(forecast.outdoor_temp_c)
    return (
        ", ".join(names.get(site_id, str(site_id)) for site_id in forecast.site_ids) or _EVERY_SITE,
        quantities.clock(forecast.first_hour_s),
        quantities.clock(end_s),
        quantities.celsius(min(forecast.outdoor_temp_c)),
        quantities.celsius(max(forecast.outdoor_temp_c)),
        quantities.clock(forecast.received_at_s),
    )
