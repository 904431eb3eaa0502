"""The picture of two goals at once: a dot for each policy, a line through the settings of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from simulation.report import svg
from simulation.report.scale import Scale, named, rounded_out

_WIDTH, _HEIGHT = 420.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 14.0, 42.0, 38.0
_DOT = 5.0
_LINE_PX = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One policy; those of one family are settings of the same policy."""

    name: str
    family: str
    x: float
    y: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def is_within(self, other: "_Box") -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


_PLOT = _Box(left=_LEFT, top=_TOP, right=_WIDTH, bottom=_HEIGHT - _BOTTOM)


def frontier(title: str, x_says: str, y_says: str, points: Sequence[Point]) -> Markup:
    """Every point with its name beside it."""
    x_low, x_high = rounded_out(0.0, max((point.x for point in points), default=1.0) or 1.0)
    ys = [point.y for point in points] or [100.0]
    y_low, y_high = rounded_out(min(ys), max(ys), 6)
    across = Scale(low=x_low, high=x_high, low_px=_LEFT + 8, high_px=_WIDTH - _RIGHT)
    up = Scale(low=y_low, high=y_high, low_px=_HEIGHT - _BOTTOM, high_px=_TOP)
    parts = [svg.text(0, 13, title, class_="panel"), *_axes(across, up, x_says, y_says)]
    parts += _lines(points, across, up)
    for point in points:
        dot = svg.tag(
            "circle", cx=across.px(point.x), cy=up.px(point.y), r=_DOT, class_=f"dot {point.tone}"
        )
        parts.append(dot)
    parts += _names(points, across, up)
    says = f"{title}. " + "; ".join(
        f"{point.name}: {x_says} {point.x:.2f}, {y_says} {point.y:.2f}" for point in points
    )
    return svg.picture(_WIDTH, _HEIGHT, says, *parts)


def _axes(across: Scale, up: Scale, x_says: str, y_says: str) -> list[Markup]:
    bottom = up.low_px
    parts = [
        svg.text(0, 28, y_says, class_="tick"),
        svg.line(_LEFT, bottom, _WIDTH, bottom, "axis"),
    ]
    for tick in up.ticks(5):
        y = up.px(tick)
        parts.append(svg.line(_LEFT, y, _WIDTH, y, "grid"))
        parts.append(svg.text(_LEFT - 6, y + 4, named(tick), anchor="end", class_="tick"))
    for tick in across.ticks(6):
        x = across.px(tick)
        parts.append(svg.text(x, bottom + 16, named(tick), anchor="middle", class_="tick"))
    parts.append(svg.text(_WIDTH - _RIGHT, bottom + 32, x_says, anchor="end", class_="tick"))
    return parts


def _lines(points: Sequence[Point], across: Scale, up: Scale) -> list[Markup]:
    families: dict[str, list[Point]] = {}
    for point in points:
        families.setdefault(point.family, []).append(point)
    parts = []
    for family in families.values():
        ordered = sorted(family, key=lambda point: point.x)
        places = " ".join(
            f"{svg.number(across.px(point.x))},{svg.number(up.px(point.y))}" for point in ordered
        )
        if len(family) > 1:
            parts.append(svg.tag("polyline", points=places, class_=f"line {ordered[0].tone}"))
    return parts


def _names(points: Sequence[Point], across: Scale, up: Scale) -> list[Markup]:
    """Each name where it meets no dot and no other name, ours first; else led to by a line."""
    taken = [
        _Box(left=x - _DOT, top=y - _DOT, right=x + _DOT, bottom=y + _DOT)
        for x, y in ((across.px(point.x), up.px(point.y)) for point in points)
    ]
    parts = []
    for point in sorted(points, key=lambda point: point.tone != "ours"):
        x, y = across.px(point.x), up.px(point.y)
        box = _free_box(x, y, svg.text_width_px(point.name), taken)
        taken.append(box)
        if not (box.left - 12 <= x <= box.right + 12 and box.top - 12 <= y <= box.bottom + 12):
            parts.append(svg.line(x, y, min(max(x, box.left), box.right), box.bottom, "leader"))
        parts.append(svg.text(box.left, box.bottom - 3, point.name, class_=f"label {point.tone}"))
    return parts


def _free_box(x: float, y: float, width: float, taken: Sequence[_Box]) -> _Box:
    """The nearest place for a name beside a dot; the last one tried where all are taken."""
    gap = _DOT + 3
    box = _box(x + gap, y - _LINE_PX / 2, width)
    for step in range(16):
        shift = _LINE_PX * ((step + 1) // 2) * (-1 if step % 2 else 1)
        for left in (x + gap, x - gap - width, x - width / 2):
            box = _box(left, y - _LINE_PX / 2 + shift, width)
            if box.is_within(_PLOT) and not any(box.meets(other) for other in taken):
                return box
    return box


def _box(left: float, top: float, width: float) -> _Box:
    return _Box(left=left, top=top, right=left + width, bottom=top + _LINE_PX)
