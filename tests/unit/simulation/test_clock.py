from datetime import UTC, datetime

import pytest

from simulation.clock import VirtualClock


def test_the_plants_zero_is_a_monday_and_a_first_of_january() -> None:
    zero = datetime.fromtimestamp(VirtualClock().now_s, tz=UTC)

    assert (zero.weekday(), zero.month, zero.day, zero.hour) == (0, 1, 1, 0)


def test_time_moves_only_when_told_to() -> None:
    clock = VirtualClock(100.0)
    before_s = clock.now_s
    clock.advance(0.5)

    assert clock.now_s - before_s == 0.5


def test_time_never_goes_back() -> None:
    with pytest.raises(ValueError, match="cannot pass"):
        VirtualClock().advance(-1.0)
