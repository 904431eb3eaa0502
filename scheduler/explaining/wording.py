"""Quantities as people say them, the same in reasons and on the page."""

from domain.units import DAY_S, HOUR_S, MINUTE_S, WH_PER_KWH

_WHOLE_FROM = 10  #: Numbers from here on are shown without decimals.


def in_words(duration_s: float) -> str:
    """A length of time as people say it."""
    for unit_s, name in ((DAY_S, "days"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if duration_s >= 2 * unit_s:
            count = duration_s / unit_s
            return f"{count:.0f} {name}" if count >= _WHOLE_FROM else f"{count:.1f} {name}"
    return f"{duration_s:.0f} s"


def percent(frac: float) -> str:
    """A share as people say it."""
    return f"{100 * frac:.0f} %"


def kilowatt_hours(energy_wh: float) -> str:
    """An energy as people say it, small ones in watt-hours."""
    return f"{energy_wh:.0f} Wh" if energy_wh < WH_PER_KWH else f"{energy_wh / WH_PER_KWH:.1f} kWh"


def cores(count: int) -> str:
    """A number of cores as people say it."""
    return "1 core" if count == 1 else f"{count} cores"
