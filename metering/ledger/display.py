"""A display that a person read, held against what the node told: pure arithmetic.

Between both a register can only have counted on, and no faster than the meter's power limit lets
it. Time is that of the clock, also for simulated meters, whose own time runs faster: a person who
stands before a meter reads it by the clock.
"""

from domain.calendar.paris import write_instant
from domain.refusal import Refused
from domain.registers.register import MeterFacts, RegisterRow
from metering.ledger.steps import BUFFER_S, CLOCK_SLACK_S

_S_PER_H = 3600.0
#: A person may leave the last digits out; the finest and the coarsest step that is meant [Wh].
_STEPS_WH = (1000, 100, 10, 1)
#: Indexes this close to a thousand or a million times one another are of different units.
_UNIT_TOLERANCE_FRAC = 0.05


def disagreement(
    told: RegisterRow, at_s: float, shown_wh: int, meter: MeterFacts
) -> Refused | None:
    """Why a display cannot have shown this when the node told that; None where it can."""
    elapsed_s = at_s - told.taken_at_s
    # What was told may be a minute old; what was shown is as the person saw it.
    ahead_s = max(elapsed_s, 0.0) + BUFFER_S
    behind_s = max(-elapsed_s, 0.0) + CLOCK_SLACK_S
    step_wh = max(step_shown_wh(shown_wh), meter.digit_wh)
    is_ahead = shown_wh >= told.index_wh
    passed_wh = _most_wh(meter, ahead_s if is_ahead else behind_s)
    if abs(shown_wh - told.index_wh) <= passed_wh + step_wh:
        return None
    return Refused(
        code="meter.disagrees",
        sentence=f"The display shows {_kwh(shown_wh)} kWh where the node told "
        f"{_kwh(told.index_wh)} kWh at {write_instant(round(told.taken_at_s))}"
        f"{_factor(shown_wh, told.index_wh)}; {_bound(meter, abs(elapsed_s), passed_wh)}. Check "
        "serial number, unit and scale, and say with --at when it was read.",
    )


def _most_wh(meter: MeterFacts, elapsed_s: float) -> int:
    """What the meter can have counted: full power all the time, and the error of its class."""
    if meter.max_power_w is None:
        return 0
    error_frac = meter.tolerance_frac or 0.0
    return int(meter.max_power_w * (1.0 + error_frac) * elapsed_s / _S_PER_H)


def step_shown_wh(shown_wh: int) -> int:
    """One step of the last digit that was read: 12345 kWh may be anything up to 12346."""
    return next(step for step in _STEPS_WH if shown_wh % step == 0)


def _bound(meter: MeterFacts, elapsed_s: float, passed_wh: int) -> str:
    if meter.max_power_w is None:
        return "its power limit is not known, so that they must be the same"
    error = f" and its error of {meter.tolerance_frac:.0%}" if meter.tolerance_frac else ""
    limit = f"its limit of {meter.max_power_w / 1000:g} kW{error}"
    most = f"let it count {_kwh(passed_wh)} kWh at most"
    return f"in the {elapsed_s:.0f} s between them {limit} {most}"


def _kwh(energy_wh: int) -> str:
    """With all of its digits, for a person compares them."""
    return f"{energy_wh / 1000:.3f}".rstrip("0").rstrip(".")


def _factor(shown_wh: int, told_wh: int) -> str:
    if not shown_wh or not told_wh:
        return ""
    larger, smaller = max(shown_wh, told_wh), min(shown_wh, told_wh)
    for factor in (1000, 1_000_000):
        if abs(larger / (smaller * factor) - 1) <= _UNIT_TOLERANCE_FRAC:
            return f", which is a factor of {factor}"
    return ""
