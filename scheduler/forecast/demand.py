"""How much heat each site will want: learned from its readings, week by week, and from the air.

Three terms, each of which pays for itself: the usual demand of that hour of the week, the answer
to air that is colder or warmer than usual then, and what the last hours were off by.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from domain.units import HOUR_S
from scheduler.columns import Columns
from scheduler.forecast.survival import BLOCK_STARTS_H, HORIZON_H

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

_WEEK_H = 168
#: A week makes what was seen count this much less.
_WEEK_WEIGHT = 0.6
#: The error of the last hours carries on, fading by ``exp(-lead / 4 h)``.
_CARRIED_FRAC, _CARRIED_H, _ERROR_MEMORY_H = 0.6, 4.0, 3.0
_CARRIED = _CARRIED_FRAC * np.exp(-np.arange(HORIZON_H) / _CARRIED_H)
#: Slopes on temperature are told apart by three-hour block, weekday or weekend.
_BLOCKS, _BLOCK_H = 16, 3
_RIDGE_K2 = 100.0
_SLOPE_HALF_LIFE_H = 14 * 24.0
_SLOPE_MEMORY = 0.5 ** (1.0 / (_SLOPE_HALF_LIFE_H / _BLOCKS))
_WEEKEND_FROM_DAY = 5


class DemandColumns(Columns):
    """What was learned of each site."""

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "usual_w": (np.float64, (_WEEK_H,)),
        "usual_air_c": (np.float64, (_WEEK_H,)),
        "weight": (np.float64, (_WEEK_H,)),
        "sum_xx": (np.float64, (_BLOCKS,)),
        "sum_xy": (np.float64, (_BLOCKS,)),
        "error_w": (np.float64, ()),
        "hour": (np.int64, ()),
        "hour_sum_w": (np.float64, ()),
        "hour_count": (np.float64, ()),
        "forecast_at": (np.int64, ()),
    }
    usual_w: Floats  #: Mean demand of each hour of the week [W].
    usual_air_c: Floats  #: Mean air temperature of each hour of the week.
    weight: Floats  #: Weeks seen, older ones counting less.
    sum_xx: Floats  #: Of air anomalies squared [K2], by block.
    sum_xy: Floats  #: Of air anomalies times demand anomalies [K W].
    error_w: Floats  #: What the last hours were off by.
    hour: Rows  #: The hour that is being measured.
    hour_sum_w: Floats
    hour_count: Floats
    forecast_at: Rows  #: Index of its air forecast; 0 = none.


class _Air:
    """One forecast of the air: values hour by hour from a first hour on."""

    __slots__ = ("first_hour", "temp_c")

    def __init__(self, first_hour: int, temp_c: Floats) -> None:
        self.first_hour = first_hour
        self.temp_c = temp_c

    def at(self, hour: int) -> float:
        """At this hour; NaN where nothing was said."""
        index = hour - self.first_hour
        return float(self.temp_c[index]) if 0 <= index < len(self.temp_c) else math.nan

    def ahead(self, hour: int, count: int) -> Floats:
        """From this hour on; NaN where nothing was said."""
        values = np.full(count, np.nan)
        index = hour - self.first_hour
        first, last = max(index, 0), min(index + count, len(self.temp_c))
        if first < last:
            values[first - index : last - index] = self.temp_c[first:last]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """What is usual of some sites from an hour on; tables of shape (n_rows, HORIZON_H + 1)."""

    rows: Rows
    first: int
    is_seen: Flags  #: Whether this hour of the week was ever measured.
    demand_w: Floats
    answer_w: Floats  #: To air that is colder or warmer than usual.


class DemandForecast:
    """Believes of each site, by its row, what heat it will want."""

    def __init__(self) -> None:
        """Know nothing."""
        self.sites = DemandColumns()
        #: What every forecast is multiplied by: 1, unless one tries how wrong it may be.
        self.scale = 1.0
        self._air: list[_Air] = [_Air(0, np.zeros(0))]
        self._latest: _Usual | None = None

    def _row(self, site: int) -> int:
        while self.sites.n_rows <= site:
            added = self.sites.add_row()
            self.sites.hour[added] = -1
        return site

    def learn(self, site: int, plant_time_s: float, demand_w: float) -> None:
        """Take in what a site wanted at an instant of its own time [W]."""
        self.learn_each(np.array([site]), np.array([plant_time_s]), np.array([demand_w]))

    def learn_each(self, rows: Rows, plant_time_s: Floats, demand_w: Floats) -> None:
        """The same of different sites, shape (n_rows,)."""
        self._row(int(rows.max()))
        sites = self.sites
        hour = np.floor_divide(plant_time_s, HOUR_S).astype(np.int64)
        is_over = sites.hour[rows] != hour
        if is_over.any():
            over = rows[is_over]
            measured = over[sites.hour_count[over] > 0]
            if len(measured):
                self._close_hour(measured)
            sites.hour[over], sites.hour_sum_w[over], sites.hour_count[over] = hour[is_over], 0, 0
        sites.hour_sum_w[rows] += demand_w
        sites.hour_count[rows] += 1.0

    def hear(self, rows: list[int], first_hour_time_s: float, temp_c: tuple[float, ...]) -> None:
        """Take in a forecast of the air for these sites (of all that come, if empty)."""
        self._latest = None
        self._air.append(_Air(int(first_hour_time_s // HOUR_S), np.array(temp_c)))
        if rows:
            self._row(max(rows))
            self.sites.forecast_at[rows] = len(self._air) - 1
        self._drop_unused()

    def expect_wh(self, rows: Rows, plant_time_s: float, now_w: Floats) -> Floats:
        """Heat wanted in each block of the coming day [Wh], shape (n_rows, N_BLOCKS)."""
        hourly_w = self.expect_w(rows, plant_time_s, now_w)
        return np.asarray(np.add.reduceat(hourly_w, BLOCK_STARTS_H, axis=1))

    def expect_w(self, rows: Rows, plant_time_s: float, now_w: Floats) -> Floats:
        """Demand over the coming hours [W], shape (n_rows, HORIZON_H).

        It is negative where the sun is expected to warm a store by itself. ``now_w``, shape
        (n_rows,), stands in for hours of the week that were never seen.
        """
        if len(rows):
            self._row(int(rows.max()))
        hour, passed = divmod(plant_time_s / HOUR_S, 1.0)
        usual = self._usual_from(rows, int(hour))
        usual_w = np.where(usual.is_seen, usual.demand_w, now_w[:, None]) + usual.answer_w
        ahead = usual_w[:, :-1] * (1.0 - passed) + usual_w[:, 1:] * passed
        expected_w = ahead + self.sites.error_w[rows, None] * _CARRIED
        return np.asarray(self.scale * expected_w)

    def _usual_from(self, rows: Rows, first: int) -> "_Usual":
        """What is usual from an hour on; the same until an hour was measured or a forecast came."""
        latest = self._latest
        if latest is not None and latest.first == first and np.array_equal(latest.rows, rows):
            return latest
        hours = (first + np.arange(HORIZON_H + 1)) % _WEEK_H
        at = rows[:, None] * _WEEK_H + hours
        is_seen = self.sites.weight.ravel()[at] > 0
        self._latest = _Usual(
            rows=rows,
            first=first,
            is_seen=is_seen,
            demand_w=self.sites.usual_w.ravel()[at],
            answer_w=self._answer_to_air(rows, first, hours, is_seen),
        )
        return self._latest

    def _answer_to_air(self, rows: Rows, first: int, hours: Rows, is_seen: Flags) -> Floats:
        sites = self.sites
        which = sites.forecast_at[rows]
        if not which.any():
            return np.zeros((len(rows), len(hours)))
        said = {index: self._air[index].ahead(first, len(hours)) for index in set(which.tolist())}
        air = np.array([said[index] for index in which.tolist()])
        usual_air_c = sites.usual_air_c.ravel()[rows[:, None] * _WEEK_H + hours]
        anomaly = np.nan_to_num(air - usual_air_c)
        anomaly[~is_seen] = 0.0
        at = rows[:, None] * _BLOCKS + _block(hours)
        slope = sites.sum_xy.ravel()[at] / (sites.sum_xx.ravel()[at] + _RIDGE_K2)
        return np.asarray(slope * anomaly, dtype=np.float64)

    def _close_hour(self, rows: Rows) -> None:
        """Fold the measured hour of different sites into what is usual, shape (n_rows,)."""
        self._latest = None
        sites, hour = self.sites, self.sites.hour[rows]
        mean_w = sites.hour_sum_w[rows] / sites.hour_count[rows]
        at = rows, hour % _WEEK_H
        weight, usual_w, usual_air_c = sites.weight[at], sites.usual_w[at], sites.usual_air_c[at]
        air_c = self._air_at(sites.forecast_at[rows], hour)
        is_said = ~np.isnan(air_c)
        off_w = np.where(weight > 0, mean_w - usual_w, 0.0)
        known = np.flatnonzero(is_said & (weight > 0))
        block = rows[known], _block(at[1][known])
        off_k = air_c[known] - usual_air_c[known]
        sites.sum_xx[block] = _SLOPE_MEMORY * sites.sum_xx[block] + off_k * off_k
        sites.sum_xy[block] = _SLOPE_MEMORY * sites.sum_xy[block] + off_k * off_w[known]
        off_w[known] -= sites.sum_xy[block] / (sites.sum_xx[block] + _RIDGE_K2) * off_k
        keep = math.exp(-1.0 / _ERROR_MEMORY_H)
        sites.error_w[rows] = keep * sites.error_w[rows] + (1.0 - keep) * off_w
        kept = _WEEK_WEIGHT * weight
        sites.usual_w[at] = (usual_w * kept + mean_w) / (kept + 1.0)
        mean_air_c = (usual_air_c * kept + air_c) / (kept + 1.0)
        sites.usual_air_c[at] = np.where(is_said, mean_air_c, usual_air_c)
        sites.weight[at] = kept + 1.0

    def _air_at(self, forecast: Rows, hour: Rows) -> Floats:
        """What each of these forecasts said of an hour; NaN where it said nothing."""
        asked = list(zip(forecast.tolist(), hour.tolist(), strict=True))
        said = {item: self._air[item[0]].at(item[1]) for item in set(asked)}
        return np.array([said[item] for item in asked])

    def _drop_unused(self) -> None:
        """Forget forecasts that no site looks at any more."""
        used = sorted({0, *self.sites.forecast_at.tolist()})
        if len(used) * 2 > len(self._air):
            return
        place = {index: position for position, index in enumerate(used)}
        self._air = [self._air[index] for index in used]
        at = self.sites.forecast_at
        at[:] = [place[index] for index in at.tolist()]

    def to_plain(self, site_ids: Mapping[int, int]) -> list[dict[str, Any]]:
        """What was learned, as JSON values; ``site_ids`` names the rows."""
        sites = self.sites
        rows = ((site_id, row) for site_id, row in site_ids.items() if row < sites.n_rows)
        return [
            {
                "site_id": site_id,
                "usual_w": _short(sites.usual_w[row]),
                "usual_air_c": _short(sites.usual_air_c[row]),
                "weight": _short(sites.weight[row]),
                "sum_xx": _short(sites.sum_xx[row]),
                "sum_xy": _short(sites.sum_xy[row]),
            }
            for site_id, row in rows
        ]

    def restore(self, site: int, plain: Mapping[str, Any]) -> None:
        """Take up what `to_plain` wrote of a site."""
        self._latest = None
        row = self._row(site)
        for name in ("usual_w", "usual_air_c", "weight", "sum_xx", "sum_xy"):
            getattr(self.sites, name)[row] = plain[name]


def _block(hours: Rows) -> Rows:
    """The slope that an hour of the week belongs to."""
    is_weekend = (hours // 24) >= _WEEKEND_FROM_DAY
    return np.asarray(hours % 24 // _BLOCK_H + is_weekend * (_BLOCKS // 2), dtype=np.int64)


def _short(values: Floats) -> list[float]:
    return [round(float(value), 3) for value in values]
