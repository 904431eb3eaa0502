"""When people use hot water: by month, by weekday and by hour."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

Shares = tuple[float, ...]


class Habit(StrEnum):
    """Who draws the water, which decides when."""

    DWELLINGS = "dwellings"
    SHOWERS = "showers"  #: Of a pool hall, open every day.
    SPORTS = "sports"  #: Of a gymnasium: afternoons, evenings, weekends.
    CANTEEN = "canteen"  #: Of a school, on weekdays.


#: Dwellings: ADEME and COSTIC, needs of domestic hot water in collective housing, 2016.
_DWELLING_MONTHS = (1.07, 1.06, 1.07, 1.01, 1.01, 0.97, 0.86, 0.78, 0.96, 1.03, 1.08, 1.10)
_DWELLING_DAYS = (0.96, 0.94, 0.98, 0.96, 0.97, 0.98, 1.21)
# fmt: off
_DWELLING_WEEKDAY = (
    17, 9, 5, 4, 7, 14, 28, 39, 43, 50, 52, 57, 70, 64, 45, 40, 47, 59, 69, 77, 76, 57, 41, 30,
)
_DWELLING_SATURDAY = (
    18, 10, 6, 5, 5, 8, 13, 26, 41, 59, 64, 71, 75, 75, 66, 50, 49, 55, 62, 64, 62, 49, 39, 28,
)
_DWELLING_SUNDAY = (
    15, 10, 6, 4, 4, 6, 8, 13, 26, 45, 60, 71, 76, 74, 60, 53, 50, 60, 76, 82, 78, 57, 40, 26,
)
# The three below are assumptions from opening hours, in the same parts of a day.
_SHOWER_HOURS = (
    0, 0, 0, 0, 0, 1, 3, 8, 8, 6, 6, 7, 10, 7, 6, 6, 8, 12, 14, 12, 8, 2, 0, 0,
)
_SPORTS_HOURS = (
    0, 0, 0, 0, 0, 0, 1, 2, 4, 6, 7, 7, 4, 3, 5, 6, 8, 12, 14, 14, 12, 8, 2, 0,
)
_CANTEEN_HOURS = (
    0, 0, 0, 0, 0, 0, 2, 6, 8, 8, 10, 14, 20, 22, 16, 6, 2, 0, 0, 0, 0, 0, 0, 0,
)
# fmt: on
_EVEN_MONTHS = (1.0,) * 12
#: A school's kitchen has no work in July and August.
_SCHOOL_MONTHS = (1.2, 1.0, 1.2, 1.0, 1.2, 1.2, 0.0, 0.0, 1.4, 1.2, 1.3, 1.1)

#: Of each habit: months, weekdays, and the hours of a weekday, a Saturday and a Sunday. Months
#: and weekdays average about 1; hours are parts of a day in any unit.
SHAPES: Mapping[Habit, tuple[Shares, Shares, tuple[Shares, Shares, Shares]]] = MappingProxyType(
    {
        Habit.DWELLINGS: (
            _DWELLING_MONTHS,
            _DWELLING_DAYS,
            (_DWELLING_WEEKDAY, _DWELLING_SATURDAY, _DWELLING_SUNDAY),
        ),
        Habit.SHOWERS: (_EVEN_MONTHS, (0.8, 0.9, 1.1, 0.9, 1.0, 1.3, 1.0), (_SHOWER_HOURS,) * 3),
        Habit.SPORTS: (_EVEN_MONTHS, (0.9, 1.0, 1.1, 1.0, 1.0, 1.2, 0.8), (_SPORTS_HOURS,) * 3),
        Habit.CANTEEN: (_SCHOOL_MONTHS, (1.5, 1.5, 1.0, 1.5, 1.5, 0.0, 0.0), (_CANTEEN_HOURS,) * 3),
    }
)
