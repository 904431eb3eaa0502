"""Virtual time: it moves when it is told to, and at no other moment. And its calendar."""

from bisect import bisect_right
from itertools import accumulate

from domain.units import DAY_S, HOUR_S

YEAR_DAYS = 365
_MONTH_ENDS = tuple(accumulate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)))
#: Unix time of the plant's zero, a Monday and a first of January: 2024-01-01 00:00 UTC.
_PLANT_ZERO_S = 1_704_067_200.0


class VirtualClock:
    """The one clock of a simulation."""

    def __init__(self, start_plant_s: float = 0.0) -> None:
        """Stand at this instant of the plant."""
        self.plant_time_s = start_plant_s

    @property
    def now_s(self) -> float:
        """Unix time, as readings and events carry it."""
        return _PLANT_ZERO_S + self.plant_time_s

    def advance(self, span_s: float) -> None:
        """Let time pass; never backwards."""
        if span_s < 0:
            message = f"time cannot pass by {span_s} s"
            raise ValueError(message)
        self.plant_time_s += span_s


def calendar(plant_time_s: float) -> tuple[int, int, int]:
    """Month, weekday and hour, all from 0, of an instant of the plant.

    The plant's time counts from midnight of a Monday, the first of January, and its years have
    365 days.
    """
    day, second = divmod(plant_time_s, DAY_S)
    month = bisect_right(_MONTH_ENDS, int(day) % YEAR_DAYS)
    return month, int(day) % 7, int(second // HOUR_S)
