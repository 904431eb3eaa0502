"""Weather forecasts: the newest for each site, which a new run of the engine is told again."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from domain import wire
from domain.events import WeatherForecast
from domain.refusal import Refused
from domain.units import HOUR_S
from store.tables.fleet import site, weather_forecast
from store.transaction import Transaction

#: The row of a forecast for every site.
EVERY_SITE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRow:
    """The newest forecast for one site, or for every site that has none of its own."""

    site_id: int | None  #: None = every site.
    first_hour_s: float
    outdoor_temp_c: tuple[float, ...]
    received_at_s: float

    @property
    def end_s(self) -> float:
        """When the last of its hours is over."""
        return self.first_hour_s + HOUR_S * len(self.outdoor_temp_c)


def take_forecast(tx: Transaction, forecast: WeatherForecast, actor: str) -> Refused | None:
    """Keep a forecast in place of older ones and tell the engine.

    One for every site takes the place of those for single sites too.
    """
    refused = _unknown_sites(tx, forecast.site_ids)
    if refused is not None:
        return refused
    ids = forecast.site_ids or (EVERY_SITE,)
    older = delete(weather_forecast)
    if forecast.site_ids:
        older = older.where(weather_forecast.c.site_id.in_(ids))
    tx.connection.execute(older)
    tx.connection.execute(
        insert(weather_forecast),
        [
            {
                "site_id": site_id,
                "first_hour_s": forecast.first_hour_s,
                "outdoor_temp_c": wire.dumps(forecast.outdoor_temp_c),
                "received_at_s": tx.now_s,
            }
            for site_id in ids
        ],
    )
    tx.record(forecast)
    whose = ", ".join(f"site/{site_id}" for site_id in forecast.site_ids) or "site/*"
    tx.audited(actor=actor, action="weather.forecast", subject=whose)
    return None


def _unknown_sites(tx: Transaction, site_ids: Collection[int]) -> Refused | None:
    known = set(tx.connection.execute(select(site.c.id).where(site.c.id.in_(site_ids))).scalars())
    unknown = sorted(set(site_ids) - known)
    if not unknown:
        return None
    named = ", ".join(str(site_id) for site_id in unknown)
    return Refused(
        code="site.unknown",
        sentence=f"There is no site {named}; GET /v1/sites lists those there are.",
    )


def forecasts(connection: Connection, only: Collection[int] | None) -> list[ForecastRow]:
    """The forecasts held, those for every site first; ``only`` = sites a key may see, None = all.

    In the order in which they were received, so that the last said of a site is what holds.
    """
    statement = select(weather_forecast).order_by(
        weather_forecast.c.received_at_s, weather_forecast.c.site_id
    )
    if only is not None:
        statement = statement.where(weather_forecast.c.site_id.in_({*only, EVERY_SITE}))
    return [
        ForecastRow(
            site_id=None if row.site_id == EVERY_SITE else row.site_id,
            first_hour_s=row.first_hour_s,
            outdoor_temp_c=tuple(json.loads(row.outdoor_temp_c)),
            received_at_s=row.received_at_s,
        )
        for row in connection.execute(statement)
    ]


def forecast_facts(tx: Transaction) -> list[WeatherForecast]:
    """What is still to come of the forecasts held, as the engine was told it."""
    return [
        WeatherForecast(
            site_ids=() if row.site_id is None else (row.site_id,),
            first_hour_s=row.first_hour_s,
            outdoor_temp_c=row.outdoor_temp_c,
        )
        for row in forecasts(tx.connection, None)
        if row.end_s > tx.now_s
    ]
