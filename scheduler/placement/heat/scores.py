"""The gain of every waiting shape at every node, kept from one decision to the next.

A refresh looks at all water anew. Between refreshes a start or an end changes the promises of one
site, and only that column is worked out again.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scheduler.forecast.survival import BRIEF_H, hours_of_one
from scheduler.placement.heat import outlook
from scheduler.placement.heat.gain import Course, Water, follow, follow_each, gains
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.state.cluster import ClusterState
from scheduler.placement.state.job_shape import Shape
from scheduler.placement.state.promises import FELT_WH

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: The limit of a job is not what its shape is told apart by [h].
_NO_LIMIT_H = 1e6
#: Rounding of a gain, by which a wide job's may be above a narrow one's.
_CONCAVE_TO = 1e-9
#: Blocks in which a loss that is foreseen is sure enough to act on: two hours.
NEAR_BLOCKS = 2
#: Shapes whose gains are kept though none of their jobs waits.
_MOST_KEPT = 400


class _Sight:
    """The water as one kind of job sees it, and what becomes of it with no new job."""

    def __init__(self, water: Water, course: Course, fill_frac: Floats) -> None:
        # A copy: what a plan adds must not be promised before its orders are given.
        self.water = replace(water, promised_wh=water.promised_wh.copy())
        self.course = course
        self._fill_frac = fill_frac

    def take_up(self, sites: Counts, course: Course) -> None:
        """Some stores go another way now."""
        self.course.stored_wh[:, sites] = course.stored_wh
        self.course.used_wh[:, sites] = course.used_wh
        self.course.lost_wh[:, sites] = course.lost_wh

    def gains(self, sites: Counts, power_w: Floats, hours: Floats) -> Floats:
        """Gains of jobs at these sites, shape (n_shapes, n_sites)."""
        water, course = self.water.at(sites), self.course.at(sites)
        return gains(water, course, power_w, hours, self._fill_frac[sites])


class Scores:
    """Gains under what is promised, the steps of the plan in hand included."""

    def __init__(self, state: ClusterState, rule: HeatRule) -> None:
        """Know nothing yet."""
        self.state = state
        self._rule = rule
        self._gains: dict[Shape, tuple[Floats, int]] = {}  # with the version they hold at
        self._hours: dict[Shape, Floats] = {}
        self._all_hours: dict[Shape, float] = {}
        self._version = 0

    def refresh(self, now_s: float) -> None:
        """Look at all water anew."""
        state, rule = self.state, self._rule
        self._look = state.n_looks
        water = outlook.water(state, now_s)
        state.promises.changed.clear()
        #: Heat that will be lost in each near block if nothing changes, (NEAR_BLOCKS, n_sites).
        self.lost_soon_wh: Floats = follow(water, NEAR_BLOCKS).lost_wh
        fill_frac = np.where(state.fleet.sites.is_preheat, rule.preheat_fill_frac, rule.fill_frac)
        #: As urgent jobs see it, to which brief ones give way, and as patient jobs do.
        firm_wh = water.promised_wh - state.promises.brief_heat_wh(len(fill_frac))
        urgent = replace(
            water, promised_wh=firm_wh, demand_wh=rule.counted_urgent_frac * water.demand_wh
        )
        patient = outlook.for_patient(state, water, now_s, rule)
        courses = follow_each([urgent, patient])
        self.sights = (
            _Sight(urgent, courses[0], np.ones(len(fill_frac))),
            _Sight(patient, courses[1], fill_frac),
        )
        self._site_of = state.fleet.nodes.site
        self.charge_frac: Floats = state.fleet.sites.charge_frac()[self._site_of]
        self._changed_at = np.zeros(len(water.stored_wh), dtype=np.int64)
        self._is_dirty: Flags = np.zeros(len(water.stored_wh), dtype=np.bool_)
        self._gains.clear()

    @property
    def is_old(self) -> bool:
        """Whether the engine looked at all water again since, as it does while nobody waits."""
        return self._look != self.state.n_looks

    def sync(self) -> None:
        """Take up what jobs that started or ended since have changed."""
        changed = self.state.promises.changed
        if changed:
            sites = np.array(sorted(changed))
            promises, n_sites = self.state.promises, len(self._changed_at)
            promised_wh = promises.heat_wh(n_sites)[sites]
            firm_wh = promised_wh - promises.brief_heat_wh(n_sites)[sites]
            self.sights[False].water.promised_wh[sites] = firm_wh
            self.sights[True].water.promised_wh[sites] = promised_wh
            self._is_dirty[sites] = True
            changed.clear()
        if len(self._gains) > _MOST_KEPT:
            self._gains.clear()
            self._hours.clear()
            self._all_hours.clear()

    def gain(self, shape: Shape) -> Floats:
        """Share of a job's heat that each node's site would use, shape (n_nodes,)."""
        self.prepare([shape])
        return self._gains[shape][0]

    def prepare(self, shapes: list[Shape]) -> None:
        """Have the gains of these shapes at every node at hand, working out what changed."""
        self._settle()
        for is_patient in (False, True):
            alike = [shape for shape in shapes if shape.is_patient is is_patient]
            unknown = [shape for shape in alike if shape not in self._gains]
            if unknown:
                found = self._gains_at(unknown, np.arange(len(self._site_of)))
                for shape, gain in zip(unknown, found, strict=True):
                    self._gains[shape] = gain, self._version
            known_at = min((self._gains[shape][1] for shape in alike), default=self._version)
            if known_at < self._version:
                self._renew(alike, known_at)

    def prepared(self, shape: Shape) -> tuple[Floats, Flags]:
        """Its gains when it was last prepared, and the nodes where they hold: both (n_nodes,)."""
        gain, version = self._gains[shape]
        holds = (self._changed_at <= version) & ~self._is_dirty
        return gain, holds[self._site_of]

    def where_wanted(self, shapes: list[Shape], bars: Floats, fits: Flags) -> Floats:
        """The same for patient shapes where it reaches their bar and they fit, -1 elsewhere.

        ``bars`` has shape (n_shapes,), ``fits`` and the answer (n_shapes, n_nodes). What is used
        of some heat is concave in its amount, so a wide job's gain is never above that of a
        narrow one of equal length: only where the narrowest would do are the others worked out.
        """
        narrowest: dict[object, Shape] = {}
        for shape in sorted(shapes, key=lambda shape: shape.cores * shape.nodes):
            narrowest.setdefault(_length_kind(shape), shape)
        self.prepare(list(narrowest.values()))
        most = np.array([self._gains[narrowest[_length_kind(shape)]][0] for shape in shapes])
        found = np.where(fits & (most >= bars[:, None] - _CONCAVE_TO), most, -1.0)
        wider = [
            index
            for index, shape in enumerate(shapes)
            if shape is not narrowest[_length_kind(shape)]
        ]
        nodes = np.flatnonzero((found[wider] >= 0.0).any(0))
        if len(nodes):
            part = self._gains_at([shapes[index] for index in wider], nodes)
            at = np.ix_(np.array(wider), nodes)
            found[at] = np.where(found[at] >= 0.0, part, -1.0)
        found[found < bars[:, None]] = -1.0
        return found

    def count(self, shape: Shape, row: int) -> None:
        """Promise the heat of one job of the shape on a node."""
        site = int(self._site_of[row])
        heat_wh = self._power_at_w(shape, row) * self.hours(shape)
        if heat_wh.sum() < FELT_WH:
            return
        for sight in self.sights[int(shape.is_brief) :]:
            sight.water.promised_wh[site] += heat_wh
        # Worked out when somebody asks; and again when the engine has really promised it.
        self._is_dirty[site] = True
        self.state.promises.changed.add(site)

    def hours(self, shape: Shape) -> Floats:
        """Hours that a new job of the shape is expected to run in each block, (N_BLOCKS,)."""
        found = self._hours.get(shape)
        if found is None:
            limit_h = BRIEF_H if shape.is_brief else _NO_LIMIT_H
            found = hours_of_one(shape.length, shape.spread, age_h=0.0, limit_left_h=limit_h)
            self._hours[shape] = found
        return found

    def heat_wh(self, shape: Shape, row: int) -> float:
        """Heat that a job of the shape is expected to bring at a node within the day [Wh]."""
        hours = self._all_hours.get(shape)
        if hours is None:
            hours = self._all_hours[shape] = float(self.hours(shape).sum())
        return self._power_at_w(shape, row) * hours

    def _power_at_w(self, shape: Shape, row: int) -> float:
        nodes = self.state.fleet.nodes
        cores = nodes.cores[row] if shape.whole_node else shape.cores
        return float(cores * shape.nodes * nodes.core_heat_w[row])

    def power_w(self, shapes: list[Shape], rows: Counts) -> Floats:
        """Heat of a running job of each shape at each node, shape (n_shapes, n_rows) [W].

        Of a job of several nodes, as if the others of its site were like this one.
        """
        nodes = self.state.fleet.nodes
        core_heat_w = nodes.core_heat_w[rows]
        cores = np.array([float(shape.cores * shape.nodes) for shape in shapes])
        power_w = cores[:, None] * core_heat_w
        for index, shape in enumerate(shapes):
            if shape.whole_node:
                power_w[index] = nodes.cores[rows] * shape.nodes * core_heat_w
        return np.asarray(power_w)

    def _renew(self, shapes: list[Shape], known_at: int) -> None:
        nodes = np.flatnonzero(self._changed_at[self._site_of] > known_at)
        for shape, part in zip(shapes, self._gains_at(shapes, nodes), strict=True):
            gain = self._gains[shape][0]
            gain[nodes] = part
            self._gains[shape] = gain, self._version

    def _settle(self) -> None:
        """Follow the water again where more or less is promised."""
        sites = np.flatnonzero(self._is_dirty)
        if not len(sites):
            return
        self._is_dirty[sites] = False
        self._version += 1
        self._changed_at[sites] = self._version
        courses = follow_each([sight.water.at(sites) for sight in self.sights])
        for sight, course in zip(self.sights, courses, strict=True):
            sight.take_up(sites, course)

    def _gains_at(self, shapes: list[Shape], nodes: Counts) -> Floats:
        """Gains of shapes that are all patient or all urgent."""
        hours = np.array([self.hours(shape) for shape in shapes])
        sight = self.sights[shapes[0].is_patient]
        return sight.gains(self._site_of[nodes], self.power_w(shapes, nodes), hours)


def _length_kind(shape: Shape) -> tuple[int, int, bool, int]:
    """Shapes of one kind run equally long, and differ in how much heat they bring."""
    whole_nodes = shape.nodes if shape.whole_node else 0
    return shape.length, shape.spread, shape.is_brief, whole_nodes
