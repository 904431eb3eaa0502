"""The command on metered heat as it was shared among sites, tenants and jobs."""

from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import (
    AsJson,
    DataDir,
    FromTime,
    OneSite,
    ToTime,
    open_client,
)
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, say_json, say_table


def shares(
    *,
    by: Annotated[str, typer.Option("--by", help="site, tenant or job.")] = "site",
    site: OneSite = None,
    begin: FromTime = None,
    end: ToTime = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show metered heat and electricity by site, tenant or job, and what no job used.

    The sums are what the meters counted, to the watt-hour.
    """
    asked: dict[str, str | float | None] = {"by": by, "from_s": begin, "to_s": end}
    with open_client(data) as client:
        asked["site_id"] = None if site is None else site_id_of(client, site)
        params = {key: value for key, value in asked.items() if value is not None}
        document = client.transport.get("/v1/heat/shares", params)
    if as_json:
        say_json(document)
        return
    found = document["shares"]
    say_table(
        (by.upper(), "HEAT kWh", "ELECTRICITY kWh"),
        (
            (
                item["name"] or "no job",
                f"{quantities.kwh(item['heat_wh'])}{'*' if item['is_simulated'] else ''}",
                quantities.kwh(item["electricity_wh"]),
            )
            for item in found
        ),
    )
    if any(item["is_simulated"] for item in found):
        remark("Marked *: of simulated meters, never billed.")
    if not found:
        remark("No interval has been shared yet; the worker does so once meters have told it.")
