"""The picture of sites over hours: a line a site, darker where more of its cores run a job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from simulation.report import svg

#: Shades of the style sheet, ``shade1`` to this one; nothing is drawn where nothing runs.
N_SHADES = 5
_WIDTH, _LEFT, _TOP, _BOTTOM = 480.0, 92.0, 22.0, 36.0
_ROW, _GROUP_GAP = 5.0, 7.0
_LEAST_SHOWN = 0.01
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sites of one kind."""

    name: str
    busy_frac: NDArray[np.float64]  #: shape (n_hours, n_sites)


def heatmap(title: str, groups: Sequence[Group]) -> Markup:
    """The groups below one another; each shade is one path, so that the page stays small."""
    hours = max((len(group.busy_frac) for group in groups), default=1)
    hour_px = (_WIDTH - _LEFT) / hours
    parts = [svg.text(0, 13, title, class_="panel")]
    top = _TOP
    for group in groups:
        height = _ROW * group.busy_frac.shape[1]
        middle = top + height / 2 + 4
        parts.append(svg.text(_LEFT - 8, middle, group.name, anchor="end", class_="tick"))
        parts.append(
            svg.tag("rect", x=_LEFT, y=top, width=hours * hour_px, height=height, class_="ground")
        )
        parts += _shaded(group, top, hour_px)
        top += height + _GROUP_GAP
    parts += _days(hours, hour_px, top)
    says = f"{title}. Share of the cores that ran a job: " + "; ".join(
        f"{group.name} {100 * float(group.busy_frac.mean()):.0f} %" for group in groups
    )
    return svg.picture(_WIDTH, top + _BOTTOM, says, *parts)


def _shaded(group: Group, top: float, hour_px: float) -> Iterator[Markup]:
    shades = np.where(
        group.busy_frac < _LEAST_SHOWN,
        0,
        np.clip(np.ceil(group.busy_frac * N_SHADES), 1, N_SHADES),
    ).astype(int)
    moves: dict[int, list[str]] = {}
    for site in range(shades.shape[1]):
        y = svg.number(top + _ROW * (site + 0.5))
        for start, stop, shade in _runs(shades[:, site]):
            if shade:
                x, width = _LEFT + start * hour_px, (stop - start) * hour_px
                moves.setdefault(shade, []).append(f"M{svg.number(x)} {y}h{svg.number(width)}")
    for shade, path in sorted(moves.items()):
        yield svg.tag(
            "path", d="".join(path), stroke_width=_ROW - 0.6, class_=f"cells shade{shade}"
        )


def _runs(shades: NDArray[np.int_]) -> Iterator[tuple[int, int, int]]:
    """Spans of equal shade of one site, (n_hours,): first hour, hour after the last, shade."""
    edges = [0, *(np.flatnonzero(np.diff(shades)) + 1).tolist(), len(shades)]
    for start, stop in pairwise(edges):
        yield start, stop, int(shades[start])


def _days(hours: int, hour_px: float, top: float) -> Iterator[Markup]:
    days = hours // _HOURS_PER_DAY
    every = max(1, -(-days // 9))
    for day in range(0, days, every):
        x = _LEFT + day * _HOURS_PER_DAY * hour_px
        yield svg.line(x, top - _GROUP_GAP, x, top - _GROUP_GAP + 4, "axis")
        yield svg.text(x, top + 9, f"day {day + 1}" if day == 0 else str(day + 1), class_="tick")
    x = _LEFT
    yield svg.text(x, top + 30, "cores in use", class_="tick")
    x += 80
    for shade in range(1, N_SHADES + 1):
        yield svg.tag(
            "path",
            d=f"M{svg.number(x)} {svg.number(top + 26)}h16",
            stroke_width=9,
            class_=f"cells shade{shade}",
        )
        x += 17
    yield svg.text(x + 5, top + 30, "up to all", class_="tick")
