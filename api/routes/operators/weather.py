"""Weather forecasts: what an operator, or a program of his, tells of the days to come."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.names import Id
from api.problems import Problem
from api.security import NodesAdmin, NodesReader, ServicesOf
from api.views import forecast_view
from domain.events import WeatherForecast
from domain.refusal import Refused
from domain.units import HOUR_S
from store.fleet import weather
from store.transaction import Transaction

router = APIRouter(prefix="/v1", tags=["weather"])

#: Global forecasts reach 16 days ahead (GFS of NOAA; ECMWF 15).
LONGEST_HOURS = 16 * 24
_FARTHEST_S = LONGEST_HOURS * HOUR_S
#: Air outside this is a wrong unit or a broken file: the records of Europe are -58 and +49 degC.
_COLDEST_C, _HOTTEST_C = -60.0, 60.0
_MOST_SITES = 100_000

OutdoorTemp = Annotated[float, Field(ge=_COLDEST_C, le=_HOTTEST_C, allow_inf_nan=False)]


class ForecastBody(BaseModel):
    """Outdoor temperatures hour by hour, for some sites or for every site."""

    model_config = ConfigDict(extra="forbid")

    site_ids: list[Id] = Field(default=[], max_length=_MOST_SITES)
    first_hour_s: float = Field(allow_inf_nan=False)
    outdoor_temp_c: list[OutdoorTemp] = Field(min_length=1, max_length=LONGEST_HOURS)

    def to_event(self) -> WeatherForecast:
        """The fact that the engine learns."""
        return WeatherForecast(
            site_ids=tuple(dict.fromkeys(self.site_ids)),
            first_hour_s=self.first_hour_s,
            outdoor_temp_c=tuple(self.outdoor_temp_c),
        )


@router.post("/weather", status_code=201)
async def add_forecast(
    body: ForecastBody, services: ServicesOf, principal: NodesAdmin
) -> dict[str, int]:
    """Take a forecast in place of the one before."""
    forecast = body.to_event()

    def operation(tx: Transaction) -> Refused | None:
        refused = _out_of_time(forecast, tx.now_s)
        if refused is not None:
            return refused
        return weather.take_forecast(tx, forecast, principal.actor)

    refused = await services.write(operation)
    if refused is not None:
        raise Problem(422, refused)
    return {"hours": len(forecast.outdoor_temp_c)}


def _out_of_time(forecast: WeatherForecast, now_s: float) -> Refused | None:
    end_s = forecast.first_hour_s + HOUR_S * len(forecast.outdoor_temp_c)
    if end_s <= now_s:
        return Refused(
            code="weather.past",
            sentence="The last hour of this forecast is over; first_hour_s is in Unix seconds.",
        )
    if forecast.first_hour_s > now_s + _FARTHEST_S:
        return Refused(
            code="weather.far",
            sentence="This forecast begins more than 16 days from now; first_hour_s is in Unix "
            "seconds.",
        )
    return None


@router.get("/weather")
async def list_forecasts(services: ServicesOf, principal: NodesReader) -> dict[str, Any]:
    """The forecasts held: the newest for each site, and that for every site."""
    rows = await services.read(lambda connection: weather.forecasts(connection, principal.site_ids))
    return {"forecasts": [forecast_view(row) for row in rows]}
