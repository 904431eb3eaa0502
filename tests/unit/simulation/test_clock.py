from datetime import UTC, datetime

import pytest

from domain.units import DAY_S, HOUR_S
from simulation.clock import VirtualClock, calendar


def test_the_plants_zero_is_a_monday_and_a_first_of_january() -> None:
    zero = datetime.fromtimestamp(VirtualClock().now_s, tz=UTC)

    assert (zero.weekday(), zero.month, zero.day, zero.hour) == (0, 1, 1, 0)


@pytest.mark.parametrize(
    ("plant_time_s", "expected"),
    [
        (0.0, (0, 0, 0)),
        (DAY_S - 1, (0, 0, 23)),
        (31 * DAY_S, (1, 3, 0)),
        (364 * DAY_S + 5 * HOUR_S, (11, 0, 5)),
        (365 * DAY_S, (0, 1, 0)),
    ],
)
def test_plant_time_has_a_calendar(plant_time_s: float, expected: tuple[int, int, int]) -> None:
    assert calendar(plant_time_s) == expected


def test_time_moves_only_when_told_to() -> None:
    clock = VirtualClock(100.0)
    before_s = clock.now_s
    clock.advance(0.5)

    assert clock.now_s - before_s == 0.5


def test_time_never_goes_back() -> None:
    with pytest.raises(ValueError, match="cannot pass"):
        VirtualClock().advance(-1.0)
