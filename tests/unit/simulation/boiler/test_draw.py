import numpy as np
import pytest

from domain.units import DAY_S, HOUR_S
from simulation.boiler.draw import draw_kg_per_s, mains_temp_c
from simulation.boiler.sites import START_PLANT_TIME_S, default_sites, fleet_of
from simulation.clock import calendar
from simulation.habits import Habit

SITES = default_sites(4)
DRAWS = fleet_of(SITES).draws
POOL, SPORTS, CANTEEN, DWELLINGS = range(4)


def test_sites_start_on_a_tuesday_morning_in_january() -> None:
    assert calendar(START_PLANT_TIME_S) == (0, 1, 7)


def test_a_year_of_draws_is_what_the_sites_say() -> None:
    hours = range(365 * 24)
    drawn_kg = sum(draw_kg_per_s(DRAWS, hour * HOUR_S) * HOUR_S for hour in hours)

    # Rounded factors of the published shapes, and a year that is not whole weeks.
    assert drawn_kg / 365 == pytest.approx([site.daily_draw_kg for site in SITES], rel=0.03)


def test_habits_differ_in_when_they_draw() -> None:
    night = draw_kg_per_s(DRAWS, 2 * HOUR_S)
    noon = draw_kg_per_s(DRAWS, 12.5 * HOUR_S)
    sunday_noon = draw_kg_per_s(DRAWS, 6 * DAY_S + 12.5 * HOUR_S)

    assert [site.habit for site in SITES][CANTEEN] is Habit.CANTEEN
    assert (night[[POOL, SPORTS, CANTEEN]] == 0).all()
    assert night[DWELLINGS] > 0
    assert noon[CANTEEN] == noon.max()
    assert sunday_noon[CANTEEN] == 0
    assert sunday_noon[DWELLINGS] > noon[DWELLINGS]


def test_mains_water_is_coldest_in_february() -> None:
    temps_c = np.array([mains_temp_c(day * DAY_S) for day in range(365)])

    assert int(temps_c.argmin()) == 40
    assert temps_c.mean() == pytest.approx(16.0, abs=0.01)
