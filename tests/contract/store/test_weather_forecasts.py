import pytest

from domain.events import WeatherForecast
from domain.refusal import Refused
from store.fleet import weather
from store.fleet.weather import ForecastRow
from tests.support.scene import Scene

HOUR_S = 3600.0


def _take(scene: Scene, *site_ids: int, temp_c: float) -> Refused | None:
    forecast = WeatherForecast(
        site_ids=site_ids, first_hour_s=scene.clock.now_s, outdoor_temp_c=(temp_c, temp_c - 1.0)
    )
    with scene.store.transaction() as tx:
        return weather.take_forecast(tx, forecast, "test")


def _held(scene: Scene, only: tuple[int, ...] | None = None) -> list[tuple[int | None, float]]:
    with scene.database.read() as connection:
        rows = weather.forecasts(connection, only)
    return [(row.site_id, row.outdoor_temp_c[0]) for row in rows]


@pytest.fixture
def sites(scene: Scene) -> Scene:
    """Sites 1 and 2."""
    scene.node("one")
    scene.node("two")
    return scene


def test_a_forecast_is_logged_for_the_engine_as_it_was_told(sites: Scene) -> None:
    assert _take(sites, 1, temp_c=5.0) is None

    told = sites.events()[-1]
    assert told == WeatherForecast(
        site_ids=(1,), first_hour_s=sites.clock.now_s, outdoor_temp_c=(5.0, 4.0)
    )


def test_the_newest_forecast_of_a_site_is_held(sites: Scene) -> None:
    _take(sites, 1, 2, temp_c=5.0)
    sites.clock.advance(HOUR_S)
    _take(sites, 2, temp_c=6.0)

    assert _held(sites) == [(1, 5.0), (2, 6.0)]


def test_one_for_every_site_takes_the_place_of_all(sites: Scene) -> None:
    _take(sites, 1, temp_c=5.0)
    sites.clock.advance(HOUR_S)
    _take(sites, temp_c=7.0)
    sites.clock.advance(HOUR_S)
    _take(sites, 2, temp_c=6.0)

    assert _held(sites) == [(None, 7.0), (2, 6.0)]


def test_a_key_of_some_sites_sees_theirs_and_what_is_for_all(sites: Scene) -> None:
    _take(sites, temp_c=7.0)
    _take(sites, 1, temp_c=5.0)
    _take(sites, 2, temp_c=6.0)

    assert _held(sites, only=(2,)) == [(None, 7.0), (2, 6.0)]


def test_a_site_that_is_not_there_is_named_and_nothing_is_kept(sites: Scene) -> None:
    refused = _take(sites, 1, 77, temp_c=5.0)

    assert isinstance(refused, Refused)
    assert refused.code == "site.unknown"
    assert "77" in refused.sentence
    assert _held(sites) == []


def test_a_forecast_ends_with_its_last_hour() -> None:
    row = ForecastRow(
        site_id=None, first_hour_s=1000.0, outdoor_temp_c=(1.0, 2.0, 3.0), received_at_s=0.0
    )

    assert row.end_s == 1000.0 + 3 * HOUR_S
