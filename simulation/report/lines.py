"""The picture of a course in time: panels above one another, hours along, days named below."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from simulation.report import svg
from simulation.report.scale import Scale, named, rounded_out

_WIDTH, _PANEL, _GAP, _TOP = 480.0, 120.0, 34.0, 22.0
_LEFT, _RIGHT = 36.0, 76.0
_LABEL_PX = 13.0
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One quantity hour by hour, named at its end."""

    name: str
    values: NDArray[np.float64]  #: shape (n_hours,)
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Courses on one axis."""

    says: str
    courses: tuple[Course, ...]
    is_from_zero: bool = False


def course_picture(title: str, panels: Sequence[Panel]) -> Markup:
    """The panels, one below the other, over the same hours."""
    parts = [svg.text(0, 13, title, class_="panel")]
    top = _TOP + 18
    for panel in panels:
        parts += _panel(panel, top)
        top += _PANEL + _GAP
    says = f"{title}. " + "; ".join(_told(panel) for panel in panels)
    return svg.picture(_WIDTH, top, says, *parts)


def _panel(panel: Panel, top: float) -> list[Markup]:
    hours = max(len(course.values) for course in panel.courses)
    across = Scale(low=0, high=max(hours - 1, 1), low_px=_LEFT, high_px=_WIDTH - _RIGHT)
    up = _upward(panel, top)
    parts = [svg.text(0, top - 8, panel.says, class_="tick")]
    for tick in up.ticks(4):
        y = up.px(tick)
        parts.append(svg.line(_LEFT, y, _WIDTH - _RIGHT, y, "grid"))
        parts.append(svg.text(_LEFT - 5, y + 4, named(tick), anchor="end", class_="tick"))
    for day in range(hours // _HOURS_PER_DAY + 1):
        x = across.px(day * _HOURS_PER_DAY)
        parts.append(svg.line(x, up.low_px, x, up.low_px + 4, "axis"))
        if day < hours // _HOURS_PER_DAY:
            middle = across.px((day + 0.5) * _HOURS_PER_DAY)
            parts.append(
                svg.text(middle, up.low_px + 13, f"d{day + 1}", anchor="middle", class_="tick")
            )
    parts += [_drawn(course, across, up) for course in panel.courses]
    return parts + _names(panel.courses, up)


def _upward(panel: Panel, top: float) -> Scale:
    values = np.concatenate([course.values for course in panel.courses])
    low, high = float(values.min()), float(values.max())
    low, high = rounded_out(0.0 if panel.is_from_zero else low, high)
    return Scale(low=low, high=high, low_px=top + _PANEL, high_px=top)


def _drawn(course: Course, across: Scale, up: Scale) -> Markup:
    places = " ".join(
        f"{svg.number(across.px(hour))},{svg.number(up.px(float(value)))}"
        for hour, value in enumerate(course.values)
    )
    return svg.tag("polyline", points=places, class_=f"line {course.tone}")


def _names(courses: Sequence[Course], up: Scale) -> list[Markup]:
    """Names at the right end, pushed apart where the ends are close."""
    ends = sorted((up.px(float(course.values[-1])), course.name, course.tone) for course in courses)
    parts = []
    free_from = float("-inf")
    for end, name, tone in ends:
        y = max(end, free_from)
        free_from = y + _LABEL_PX
        parts.append(svg.text(_WIDTH - _RIGHT + 5, y + 4, name, class_=f"label {tone}"))
    return parts


def _told(panel: Panel) -> str:
    told = [
        f"{course.name} {course.values.min():.1f} to {course.values.max():.1f}"
        for course in panel.courses
    ]
    return f"{panel.says}: {', '.join(told)}"
