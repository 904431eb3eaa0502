"""Policy ``coldest``: each job to the coldest tank, counting heat already promised to it.

Without the promise term every job of a burst would go to the same tank; with it a burst spreads
as if each job had already warmed its water. ``Flex`` jobs wait while no tank has room for their
heat, until their deadline. A job too wide for any node now reserves one, so that narrower ones
cannot starve it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from domain.commands import Why
from domain.events import JobQueued
from domain.job import SchedulingType
from domain.sizing import fits
from scheduler.placement.cluster import ShapeKey
from scheduler.placement.policy import Placement, View
from scheduler.placement.room import SHORT_JOB_S, Room, open_rooms

COLDEST_WATER = "coldest_water"
DEADLINE_REACHED = "deadline_reached"
ONLY_NODE = "only_node_with_room"
_MOST_CANDIDATES = 6
#: A ``Flex`` job is started this long before its last moment, whatever the water says [s].
DEADLINE_MARGIN_S = 5.0
#: So many jobs of one shape whose heat nobody wants say that nobody wants the others' either.
MOST_PASSED_OVER = 16


@dataclass(frozen=True, slots=True)
class ColdestTank:
    """The coldest tank first; see the module."""

    name: str = "coldest"

    def plan(self, view: View) -> Sequence[Placement]:
        """What should start now.

        ``Flex`` jobs whose time has come first, then ``OnDemand`` and ``Reserved``, then the
        ``Flex`` jobs whose heat is wanted; each by age.
        """
        draft = _Draft(view=view, rooms=open_rooms(view))
        if not any(room.free_cores + room.ahead_cores > 0 for room in draft.rooms):
            return []
        for job in view.state.queue.due_before(view.now_s + DEADLINE_MARGIN_S):
            draft.place(job, DEADLINE_REACHED)
        shapes = view.state.queue.shapes()
        for shape in shapes:
            if shape.scheduling_type != SchedulingType.FLEX:
                draft.place_urgent(shape)
        for shape in shapes:
            if shape.scheduling_type == SchedulingType.FLEX:
                draft.place_patient(shape)
        return draft.placements


@dataclass(slots=True)
class _Draft:
    """A plan while it is being made."""

    view: View
    rooms: list[Room]
    placements: list[Placement] = field(default_factory=list)
    placed: set[int] = field(default_factory=set)

    def place_urgent(self, shape: ShapeKey) -> None:
        """Place jobs of one shape, oldest first; one that finds no room reserves a node."""
        for job in self._ready(shape):
            if not self.place(job, COLDEST_WATER):
                self.rooms = _without_reserved(self.rooms, job)
                return

    def place_patient(self, shape: ShapeKey) -> None:
        """Place jobs of one shape while some water has room for their heat."""
        passed_over = 0
        for job in self._ready(shape):
            fitting = self._fitting(job)
            if not fitting:
                return
            expected_s = self.view.expect_s(job)
            wanted = [room for room in fitting if _has_room_for_heat(room, job, expected_s)]
            if wanted:
                self._put(job, wanted, COLDEST_WATER)
                continue
            passed_over += 1
            if passed_over == MOST_PASSED_OVER:
                return

    def place(self, job: JobQueued, code: str) -> bool:
        """Place one job on the coldest node it fits; False where it fits none."""
        fitting = self._fitting(job)
        if fitting:
            self._put(job, fitting, code)
        return bool(fitting)

    def _ready(self, shape: ShapeKey) -> Iterator[JobQueued]:
        for job in self.view.state.queue.of_shape(shape):
            is_early = job.not_before_s is not None and job.not_before_s > self.view.now_s
            if not is_early and job.instance_id not in self.placed:
                yield job

    def _fitting(self, job: JobQueued) -> list[Room]:
        """Nodes with room; the one where its last attempt went wrong only if there is no other."""
        is_short = self.view.expect_s(job) <= SHORT_JOB_S
        fitting = [room for room in self.rooms if room.fits(job, is_short=is_short)]
        others = [room for room in fitting if room.node.facts.node_id != job.avoid_node_id]
        return others or fitting

    def _put(self, job: JobQueued, eligible: Sequence[Room], code: str) -> None:
        best = min(eligible, key=lambda room: (room.promised_temp_c, room.node.facts.node_id))
        if len(eligible) == 1 and code == COLDEST_WATER:
            code = ONLY_NODE
        node_id = best.node.facts.node_id
        self.placements.append(Placement(job=job, node_id=node_id, why=_why(code, eligible)))
        self.placed.add(job.instance_id)
        best.take(job, self.view.expect_s(job))


def _has_room_for_heat(room: Room, job: JobQueued, expected_s: float) -> bool:
    spare_k = room.node.facts.limit_temp_c - room.promised_temp_c
    return room.job_heat_wh(job, expected_s) <= spare_k * room.node.facts.storage_wh_per_k


def _why(code: str, eligible: Sequence[Room]) -> Why:
    ranked = sorted(eligible, key=lambda room: room.promised_temp_c)[:_MOST_CANDIDATES]
    return Why(code=code, candidates=tuple(room.candidate() for room in ranked))


def _without_reserved(rooms: list[Room], job: JobQueued) -> list[Room]:
    """Keep for the blocked job the node that will be able to take it soonest."""
    able = [room for room in rooms if fits(job, room.node.facts)]
    if not able:
        return rooms
    kept = max(able, key=lambda room: (room.free_cores, -room.node.facts.node_id))
    return [room for room in rooms if room is not kept]
