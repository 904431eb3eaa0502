"""Charts as lengths in a drawing: bars for energies, a line for a temperature, round ticks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 26
_PLOT_WIDTH, _PLOT_HEIGHT = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
_BAR_FRAC = 0.7
_MOST_LABELS = 12
_TICKS = 4
_ROUND = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the upright axis."""

    y: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An amount of one step."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written under a step."""

    x: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything a template draws."""

    ticks: Sequence[Tick]
    digits: int  #: Behind the mark of the ticks' values.
    bars: Sequence[Bar]
    lines: Sequence[str]  #: Points of each unbroken stretch of the line.
    dots: Sequence[tuple[float, float]]
    labels: Sequence[Label]
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def chart(
    labels: Sequence[str],
    *,
    bars: Sequence[float | None],
    line: Sequence[float | None],
    from_zero: bool,
) -> Chart | None:
    """A chart of steps with these labels; None where there is nothing to draw."""
    values = [value for value in (*bars, *line) if value is not None]
    if not values or not labels:
        return None
    low, high, size = _scale(min(values), max(values), from_zero=from_zero)
    width = _PLOT_WIDTH / len(labels)

    def down(value: float) -> float:
        return round(_TOP + _PLOT_HEIGHT * (high - value) / (high - low), 1)

    middles = [round(_LEFT + (number + 0.5) * width, 1) for number in range(len(labels))]
    dots = [
        (middles[number], down(value)) for number, value in enumerate(line) if value is not None
    ]
    return Chart(
        ticks=[
            Tick(y=down(low + number * size), value=low + number * size)
            for number in range(round((high - low) / size) + 1)
        ],
        digits=max(0, -math.floor(math.log10(size) + 1e-9)) if size < 1 else 0,
        bars=[
            Bar(
                x=round(middles[number] - width * _BAR_FRAC / 2, 1),
                y=down(max(value, 0.0)),
                width=round(width * _BAR_FRAC, 1),
                height=round(down(0.0) - down(max(value, 0.0)), 1),
            )
            for number, value in enumerate(bars)
            if value is not None
        ],
        lines=_stretches(middles, line, down),
        dots=dots,
        labels=_some(middles, labels),
    )


def _scale(low: float, high: float, *, from_zero: bool) -> tuple[float, float, float]:
    """Round ends and the round distance between ticks."""
    low = 0.0 if from_zero else low
    spread = max(high - low, 1e-3 if from_zero else 1.0)
    high = max(high, low + spread)
    power = 10.0 ** math.floor(math.log10(spread / _TICKS))
    size = next(power * item for item in _ROUND if power * item * _TICKS >= spread * (1 - 1e-9))
    first = math.floor(low / size) * size
    last = max(math.ceil(high / size - 1e-9) * size, first + size)
    return first, last, size


def _stretches(
    middles: Sequence[float], line: Sequence[float | None], down: Callable[[float], float]
) -> list[str]:
    """The line, broken where a value is missing."""
    found: list[list[str]] = [[]]
    for x, value in zip(middles, line, strict=False):
        if value is None:
            found.append([])
        else:
            found[-1].append(f"{x:g},{down(value):g}")
    return [" ".join(points) for points in found if len(points) > 1]


def _some(middles: Sequence[float], labels: Sequence[str]) -> list[Label]:
    every = math.ceil(len(labels) / _MOST_LABELS)
    return [
        Label(x=middles[number], text=labels[number]) for number in range(0, len(labels), every)
    ]
