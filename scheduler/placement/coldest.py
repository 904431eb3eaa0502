"""Policy ``coldest``: each job to the coldest tank, counting heat already promised to it.

Without the promise term every job of a burst would go to the same tank; with it a burst spreads
as if each job had already warmed its water. ``Flex`` jobs wait while no tank has room for their
heat, until their deadline. A job too wide for any node now reserves one, so that narrower ones
cannot starve it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.commands import Why
from domain.events import JobQueued
from domain.job import SchedulingType
from scheduler.placement.cluster import ShapeKey, core_need, mem_need_mib
from scheduler.placement.policy import Placement, View
from scheduler.placement.room import SHORT_JOB_S, Room, open_rooms

COLDEST_WATER = "coldest_water"
DEADLINE_REACHED = "deadline_reached"
ONLY_NODE = "only_node_with_room"
_MOST_CANDIDATES = 6
#: A ``Flex`` job is started this long before its last moment, whatever the water says [s].
DEADLINE_MARGIN_S = 5.0


@dataclass(frozen=True, slots=True)
class ColdestTank:
    """The coldest tank first; see the module."""

    name: str = "coldest"

    def plan(self, view: View) -> Sequence[Placement]:
        """What should start now: ``OnDemand`` and ``Reserved`` before ``Flex``, then by age."""
        rooms = open_rooms(view)
        if not any(room.free_cores + room.ahead_cores > 0 for room in rooms):
            return []
        shapes = view.state.queue.shapes()
        urgent = [shape for shape in shapes if shape.scheduling_type != SchedulingType.FLEX]
        patient = [shape for shape in shapes if shape.scheduling_type == SchedulingType.FLEX]
        placements: list[Placement] = []
        for shape in (*urgent, *patient):
            blocked = _place_shape(view, rooms, shape, placements)
            if blocked is not None and shape in urgent:
                rooms = _without_reserved(rooms, blocked)
        return placements


def _place_shape(
    view: View, rooms: list[Room], shape: ShapeKey, placements: list[Placement]
) -> JobQueued | None:
    """Place jobs of one shape, oldest first; the first that found no room, if any."""
    for job in view.state.queue.of_shape(shape):
        if job.not_before_s is not None and job.not_before_s > view.now_s:
            continue
        expected_s = view.expect_s(job)
        fitting = [room for room in rooms if room.fits(job, is_short=expected_s <= SHORT_JOB_S)]
        if not fitting:
            return job
        code = COLDEST_WATER
        eligible = [room for room in fitting if room.node.facts.node_id != job.avoid_node_id]
        eligible = eligible or fitting
        if shape.scheduling_type == SchedulingType.FLEX:
            wanted = [room for room in eligible if _has_room_for_heat(room, job, expected_s)]
            if wanted:
                eligible = wanted
            elif not _is_due(job, view.now_s):
                continue
            else:
                code = DEADLINE_REACHED
        best = min(eligible, key=lambda room: (room.promised_temp_c, room.node.facts.node_id))
        if len(eligible) == 1 and code == COLDEST_WATER:
            code = ONLY_NODE
        placements.append(
            Placement(job=job, node_id=best.node.facts.node_id, why=_why(code, eligible))
        )
        best.take(job, expected_s)
    return None


def _has_room_for_heat(room: Room, job: JobQueued, expected_s: float) -> bool:
    spare_k = room.node.facts.limit_temp_c - room.promised_temp_c
    return room.job_heat_wh(job, expected_s) <= spare_k * room.node.facts.storage_wh_per_k


def _is_due(job: JobQueued, now_s: float) -> bool:
    return job.start_before_s is not None and job.start_before_s - DEADLINE_MARGIN_S <= now_s


def _why(code: str, eligible: Sequence[Room]) -> Why:
    ranked = sorted(eligible, key=lambda room: room.promised_temp_c)[:_MOST_CANDIDATES]
    return Why(code=code, candidates=tuple(room.candidate() for room in ranked))


def _without_reserved(rooms: list[Room], job: JobQueued) -> list[Room]:
    """Keep for the blocked job the node that will be able to take it soonest."""
    able = [
        room
        for room in rooms
        if core_need(job, room.node.facts) <= room.node.facts.cores
        and mem_need_mib(job, room.node.facts) <= room.node.facts.mem_mib
    ]
    if not able:
        return rooms
    kept = max(able, key=lambda room: (room.free_cores, -room.node.facts.node_id))
    return [room for room in rooms if room is not kept]
