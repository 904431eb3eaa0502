"""From values to places on a picture, and the round values that an axis names."""

import math
from dataclasses import dataclass

_GROUPED_FROM = 1000.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight line from values to pixels."""

    low: float
    high: float
    low_px: float
    high_px: float

    def px(self, value: float) -> float:
        """Where the value is drawn; beyond the ends, at the nearer end."""
        share = (value - self.low) / (self.high - self.low)
        return self.low_px + min(max(share, 0.0), 1.0) * (self.high_px - self.low_px)

    def ticks(self, about: int) -> list[float]:
        """Round values within the scale, about so many."""
        step = round_step(self.high - self.low, about)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def round_step(span: float, about: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that cuts the span into at most so many."""
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def rounded_out(low: float, high: float, about: int = 4) -> tuple[float, float]:
    """Ends of an axis that hold both values and are round; never the same."""
    if not high > low:
        pad = max(abs(low) * 0.1, 0.5)
        low, high = low - pad, high + pad
    step = round_step(high - low, about)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def named(value: float) -> str:
    """A tick's value as a person writes it: no needless decimals, thin spaces in thousands."""
    if abs(value) >= _GROUPED_FROM:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.6g}" if value else "0"
