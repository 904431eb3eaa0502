"""Decisions in words: why a job is where it is, or why it waits; pure, from what policies see."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.commands import Candidate, Why
from domain.events import JobQueued
from domain.job import SchedulingType
from domain.sizing import core_need, mem_need_mib
from scheduler.placement.cluster import NodeBelief
from scheduler.placement.coldest import (
    COLDEST_WATER,
    DEADLINE_MARGIN_S,
    DEADLINE_REACHED,
    ONLY_NODE,
)
from scheduler.placement.policy import View
from scheduler.placement.room import READING_STALE_S, SHORT_JOB_S, Room, open_rooms
from scheduler.wording import in_words

NOT_BEFORE = "not_before"
NO_NODE_OPEN = "no_node_open"
NO_LARGE_NODE_OPEN = "no_large_node_open"
LOCAL_CONTROL_LIMITS = "local_control_limits"
NO_FRESH_READING = "no_fresh_reading"
WAITING_FOR_CORES = "waiting_for_cores"
WAITING_FOR_MEMORY = "waiting_for_memory"
WAITING_FOR_HEAT = "waiting_for_heat"
RESERVED_FOR_WIDER_JOB = "reserved_for_wider_job"
ABOUT_TO_START = "about_to_start"

_WH_PER_KWH = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reason: its stable code, one sentence, and a line for each node that was considered."""

    code: str
    sentence: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who waits before a job: how many, and the first of them."""

    n_ahead: int
    is_counted_out: bool = True  #: False where there are at least so many.
    first: Sequence[JobQueued] = ()

    @property
    def in_words(self) -> str:
        """The number as a clause."""
        if self.n_ahead == 0:
            return "no job is ahead of it"
        if self.n_ahead == 1:
            return "1 job is ahead of it"
        number = f"{self.n_ahead}" if self.is_counted_out else f"{self.n_ahead} or more"
        return f"{number} jobs are ahead of it"


def explain_waiting(view: View, job: JobQueued, line: Line) -> Explanation:
    """Why a waiting job has not started at ``view.now_s``."""
    lines = tuple(_node_line(view, node) for _, node in sorted(view.state.nodes.items()))
    code, sentence = (
        _too_early(view, job)
        or _no_place_at_all(view, job)
        or _no_room(view, job, line)
        or _no_heat_wanted(view, job)
        or _kept_for_wider(view, job, line)
        or (ABOUT_TO_START, "It fits now and is offered to a node at the next decision.")
    )
    return Explanation(code=code, sentence=sentence, lines=lines)


def explain_placed(why: Why, *, node_name: str, site_name: str) -> Explanation:
    """Why a job was sent to this node."""
    chosen = next((item for item in why.candidates if item.node_name == node_name), None)
    others = [item for item in why.candidates if item.node_name != node_name]
    place = f"{site_name} ({node_name})"
    water = "" if chosen is None else _water(chosen)
    sentence = {
        COLDEST_WATER: f"{place} is coldest: {water}{_next_best(others)}.",
        ONLY_NODE: f"{place} was the only one with room for it: {water}.",
        DEADLINE_REACHED: (
            f"Its last moment to start had come, whatever the water said; "
            f"{place} was coldest: {water}."
        ),
    }.get(why.code, f"{place} was chosen by the rule {why.code}.")
    return Explanation(
        code=why.code,
        sentence=sentence,
        lines=tuple(
            f"{item.node_name}: {_water(item)}, {_cores(item.free_cores)} free"
            for item in why.candidates
        ),
    )


def _water(item: Candidate) -> str:
    if item.promised_temp_c - item.water_temp_c < 0.05:  # noqa: PLR2004 - half a shown digit
        return f"{item.water_temp_c:.1f} °C"
    return (
        f"{item.water_temp_c:.1f} °C, {item.promised_temp_c:.1f} °C counting heat already promised"
    )


def _next_best(others: Sequence[Candidate]) -> str:
    if not others:
        return ""
    return f"; next was {others[0].node_name} at {others[0].promised_temp_c:.1f} °C"


def _too_early(view: View, job: JobQueued) -> tuple[str, str] | None:
    if job.not_before_s is None or job.not_before_s <= view.now_s:
        return None
    wait = in_words(job.not_before_s - view.now_s)
    return NOT_BEFORE, f"It was asked not to begin yet; it may start in {wait}."


def _no_place_at_all(view: View, job: JobQueued) -> tuple[str, str] | None:
    state = view.state
    if not state.nodes:
        return NO_NODE_OPEN, "No node is enrolled yet."
    opened = [state.nodes[node_id] for node_id in sorted(state.open_nodes)]
    if not opened:
        return NO_NODE_OPEN, "No node takes work: all are down or drained."
    able = [node for node in opened if _is_able(node, job)]
    if not able:
        return (
            NO_LARGE_NODE_OPEN,
            f"It needs {_size(job)}, and the nodes that have it are down or drained.",
        )
    if any(room.node in able for room in open_rooms(view)):
        return None
    if any(_is_held_back(node) for node in able):
        return (
            LOCAL_CONTROL_LIMITS,
            "The boilers hold themselves back to keep their water below its limit.",
        )
    return (
        NO_FRESH_READING,
        f"No node that fits has sent a reading in the last {READING_STALE_S:.0f} s.",
    )


def _no_room(view: View, job: JobQueued, line: Line) -> tuple[str, str] | None:
    rooms = _able_rooms(view, job)
    if _fitting(view, job):
        return None
    most = max(rooms, key=lambda room: room.free_cores)
    if most.free_cores >= core_need(job, most.node.facts):
        free_mib = max(*(room.free_mem_mib for room in rooms), 0)
        return (
            WAITING_FOR_MEMORY,
            (
                f"It needs {mem_need_mib(job, most.node.facts)} MiB of memory; the most that is "
                f"free on one node is {free_mib} MiB, and {line.in_words}."
            ),
        )
    if most.free_cores <= 0:
        return WAITING_FOR_CORES, f"It needs {_size(job)}; none is free, and {line.in_words}."
    return (
        WAITING_FOR_CORES,
        (
            f"It needs {_size(job)}; the most that is free on one node is "
            f"{_cores(most.free_cores)} ({most.node.facts.name}), and {line.in_words}."
        ),
    )


def _no_heat_wanted(view: View, job: JobQueued) -> tuple[str, str] | None:
    if job.scheduling_type != SchedulingType.FLEX or _is_due(view, job):
        return None
    expected_s = view.expect_s(job)
    offers = [(room, room.job_heat_wh(job, expected_s)) for room in _fitting(view, job)]
    if any(heat_wh <= _spare_wh(room) for room, heat_wh in offers):
        return None
    room, heat_wh = max(offers, key=lambda offer: _spare_wh(offer[0]) - offer[1])
    facts = room.node.facts
    last = ""
    if job.start_before_s is not None:
        left_s = max(job.start_before_s - view.now_s, 0.0)
        last = f" It starts within {in_words(left_s)} whatever the water says."
    return (
        WAITING_FOR_HEAT,
        (
            f"No tank has room for its heat: {facts.site_name} ({facts.name}) has the most, "
            f"{max(_spare_wh(room), 0.0) / _WH_PER_KWH:.2f} kWh below {facts.limit_temp_c:.0f} °C, "
            f"and the job would bring {heat_wh / _WH_PER_KWH:.2f} kWh.{last}"
        ),
    )


def _kept_for_wider(view: View, job: JobQueued, line: Line) -> tuple[str, str] | None:
    fitting = _fitting(view, job)
    for other in line.first:
        is_patient = other.scheduling_type == SchedulingType.FLEX
        if is_patient or _too_early(view, other) or _fitting(view, other):
            continue
        able = _able_rooms(view, other)
        if not able:
            continue
        kept = max(able, key=lambda room: (room.free_cores, -room.node.facts.node_id))
        if [room.node for room in fitting] == [kept.node]:
            return (
                RESERVED_FOR_WIDER_JOB,
                (
                    f"{kept.node.facts.name} has room, and is kept for job {other.instance_id}, "
                    f"which waits for {_size(other)} and would otherwise never start."
                ),
            )
    return None


def _is_due(view: View, job: JobQueued) -> bool:
    return job.start_before_s is not None and job.start_before_s - DEADLINE_MARGIN_S <= view.now_s


def _is_able(node: NodeBelief, job: JobQueued) -> bool:
    facts = node.facts
    return core_need(job, facts) <= facts.cores and mem_need_mib(job, facts) <= facts.mem_mib


def _is_held_back(node: NodeBelief) -> bool:
    return node.reading is not None and not node.reading.accepts_work


def _able_rooms(view: View, job: JobQueued) -> list[Room]:
    return [room for room in open_rooms(view) if _is_able(room.node, job)]


def _fitting(view: View, job: JobQueued) -> list[Room]:
    is_short = view.expect_s(job) <= SHORT_JOB_S
    return [room for room in _able_rooms(view, job) if room.fits(job, is_short=is_short)]


def _spare_wh(room: Room) -> float:
    """Heat that the tank can still take, promises counted [Wh]."""
    facts = room.node.facts
    return (facts.limit_temp_c - room.promised_temp_c) * facts.storage_wh_per_k


def _node_line(view: View, node: NodeBelief) -> str:
    facts = node.facts
    place = f"{facts.name} ({facts.site_name})"
    if facts.node_id not in view.state.open_nodes:
        return f"{place}: takes no new work (down or drained)"
    if node.reading is None or view.now_s - node.reading.taken_at_s > READING_STALE_S:
        return f"{place}: no fresh reading"
    free = max(facts.cores - node.used_cores, 0)
    held = ", held back by its own control" if _is_held_back(node) else ""
    return (
        f"{place}: {node.reading.water_temp_c:.1f} °C of at most {facts.limit_temp_c:.0f} °C, "
        f"{free} of {_cores(facts.cores)} free{held}"
    )


def _size(job: JobQueued) -> str:
    if job.whole_node:
        return "a whole node"
    memory = "" if job.mem_mib is None else f" and {job.mem_mib} MiB of memory"
    return f"{_cores(job.cores)}{memory}"


def _cores(count: int) -> str:
    return "1 core" if count == 1 else f"{count} cores"
