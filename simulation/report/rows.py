"""Pictures of one figure of every policy: a row each, named at the left, its value at the right."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from simulation.report import svg
from simulation.report.scale import Scale, named, rounded_out

_WIDTH, _ROW, _TOP, _BOTTOM = 380.0, 24.0, 36.0, 18.0
_BAR_HALF, _DOT = 7.0, 4.5
_EDGE_FRAC = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One policy's figure; ``half`` is the half-width of its interval."""

    name: str
    value: float
    half: float | None
    shown: str  #: The value as it is written at the end of the row.
    tone: str  #: Which colour of the page's style sheet.


def bars(title: str, unit: str, rows: Sequence[Row]) -> Markup:
    """Bars from zero, with their intervals."""
    _, high = rounded_out(0.0, max((_top(row) for row in rows), default=1.0) or 1.0)
    return _rows(title, unit, rows, low=0.0, high=high, is_bar=True)


def dots(title: str, unit: str, rows: Sequence[Row], mark: float) -> Markup:
    """Dots with their intervals and a line at ``mark``; the axis need not begin at zero."""
    least = min((row.value - (row.half or 0.0) for row in rows), default=mark)
    least -= _EDGE_FRAC * (mark - least)  # A dot on the axis would hide behind its name.
    low, high = rounded_out(min(least, mark), max([mark, *(_top(row) for row in rows)]), 6)
    return _rows(title, unit, rows, low=low, high=high, is_bar=False, mark=mark)


def _rows(
    title: str,
    unit: str,
    rows: Sequence[Row],
    *,
    low: float,
    high: float,
    is_bar: bool,
    mark: float | None = None,
) -> Markup:
    left = 12 + max((svg.text_width_px(row.name) for row in rows), default=0.0)
    right = 12 + max((svg.text_width_px(row.shown) for row in rows), default=0.0)
    scale = Scale(low=low, high=high, low_px=left, high_px=_WIDTH - right)
    bottom = _TOP + _ROW * len(rows)
    parts = [svg.text(0, 13, title, class_="panel"), svg.text(0, 28, unit, class_="tick")]
    parts += _axis(scale, bottom)
    if mark is not None:
        parts.append(svg.line(scale.px(mark), _TOP, scale.px(mark), bottom, "mark"))
    draw = _bar if is_bar else _dot
    for index, row in enumerate(rows):
        y = _TOP + _ROW * (index + 0.5)
        parts += draw(scale, row, y)
        parts.append(svg.text(left - 8, y + 4, row.name, anchor="end", class_=f"label {row.tone}"))
        parts.append(svg.text(_WIDTH, y + 4, row.shown, anchor="end", class_="label value"))
    says = f"{title}, {unit}: " + "; ".join(f"{row.name} {row.shown}" for row in rows)
    return svg.picture(_WIDTH, bottom + _BOTTOM, says, *parts)


def _axis(scale: Scale, bottom: float) -> list[Markup]:
    parts = []
    for tick in scale.ticks(4):
        x = scale.px(tick)
        parts.append(svg.line(x, _TOP, x, bottom, "grid"))
        parts.append(svg.text(x, bottom + 14, named(tick), anchor="middle", class_="tick"))
    return parts


def _bar(scale: Scale, row: Row, y: float) -> list[Markup]:
    start, end = scale.px(scale.low), scale.px(row.value)
    bar = svg.tag(
        "rect",
        x=start,
        y=y - _BAR_HALF,
        width=max(end - start, 0.5),
        height=2 * _BAR_HALF,
        class_=f"bar {row.tone}",
    )
    return [bar, *_whisker(scale, row, y)]


def _dot(scale: Scale, row: Row, y: float) -> list[Markup]:
    dot = svg.tag("circle", cx=scale.px(row.value), cy=y, r=_DOT, class_=f"dot {row.tone}")
    return [*_whisker(scale, row, y), dot]


def _whisker(scale: Scale, row: Row, y: float) -> list[Markup]:
    if not row.half:
        return []
    low, high = scale.px(row.value - row.half), scale.px(row.value + row.half)
    ends = [svg.line(x, y - 4, x, y + 4, "whisker") for x in (low, high)]
    return [svg.line(low, y, high, y, "whisker"), *ends]


def _top(row: Row) -> float:
    return row.value + (row.half or 0.0)
