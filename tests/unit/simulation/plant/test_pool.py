from dataclasses import replace

import numpy as np
import pytest

from simulation.plant.forcing import Forcing
from simulation.plant.pool import (
    DEEP_M_PER_H,
    SHALLOW_M_PER_H,
    STILL_M_PER_H,
    Floats,
    Pools,
    indoor_w_per_m2,
    outdoor_w_per_m2,
    pool_loss_w,
    vapour_pressure_pa,
)

ONE = np.ones(1)
HALL = replace(
    Pools.none(1),
    indoor_area_m2=312.5 * ONE,
    hall_temp_c=30.0 * ONE,
    hall_humidity_frac=0.6 * ONE,
    open_m_per_h=DEEP_M_PER_H * ONE,
    closed_m_per_h=STILL_M_PER_H * ONE,
)
#: A mild day of the year near Paris.
AIR = replace(
    Forcing.indoors(mains_temp_c=13.0 * ONE, draw_kg_per_s=0.0 * ONE),
    outdoor_temp_c=12.0 * ONE,
    sky_temp_c=3.0 * ONE,
    relative_humidity_frac=0.75 * ONE,
    wind_m_per_s=2.5 * ONE,
)
CLOSED = replace(AIR, is_open=np.zeros(1, dtype=np.bool_))


def _value(watts: Floats) -> float:
    return float(watts[0])


def test_vapour_pressure_is_that_of_the_tables() -> None:
    assert vapour_pressure_pa(np.array([0.0, 28.0, 100.0])) == pytest.approx(
        [611.0, 3782.0, 101_325.0], rel=0.03
    )


@pytest.mark.parametrize(
    ("metre_per_hour", "watts"), [(STILL_M_PER_H, 42), (DEEP_M_PER_H, 167), (SHALLOW_M_PER_H, 239)]
)
def test_basins_in_a_hall_evaporate_as_vdi_2089_says(metre_per_hour: float, watts: float) -> None:
    pools = replace(HALL, open_m_per_h=metre_per_hour * ONE)

    assert _value(indoor_w_per_m2(pools, AIR, 28.0 * ONE)) == pytest.approx(watts, rel=0.02)


def test_a_basin_at_rest_loses_a_quarter_of_what_it_loses_in_use() -> None:
    in_use = _value(indoor_w_per_m2(HALL, AIR, 28.0 * ONE))
    at_rest = _value(indoor_w_per_m2(HALL, CLOSED, 28.0 * ONE))

    assert at_rest == pytest.approx(in_use / 4)


def test_a_basin_in_the_open_loses_what_the_year_near_paris_takes() -> None:
    """Annual mean at 27 degC: 459 W/m2, of evaporation 245, radiation 123, convection 92."""
    assert _value(outdoor_w_per_m2(AIR, 27.0 * ONE)) == pytest.approx(459.0, rel=0.10)


def test_the_cover_saves_more_than_half_and_the_sun_warms() -> None:
    uncovered = _value(outdoor_w_per_m2(AIR, 27.0 * ONE))
    sunny = replace(AIR, solar_w_per_m2=800.0 * ONE)

    assert _value(outdoor_w_per_m2(CLOSED, 27.0 * ONE)) < 0.5 * uncovered
    assert _value(outdoor_w_per_m2(sunny, 27.0 * ONE)) < 0.0


def test_warmer_water_loses_more_by_about_six_kilowatts_a_kelvin() -> None:
    cooler, warmer = (_value(pool_loss_w(HALL, AIR, temp * ONE)) for temp in (28.0, 29.0))

    # About 19 W/(m2 K) of a basin in use, most of it evaporation: 9 kW/K with beta 28 at all hours.
    assert 5_000.0 < warmer - cooler < 11_000.0
