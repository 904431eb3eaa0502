"""When a job would likely start, its ground in words: an estimate, or an honest "not known"."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import exp

import numpy as np

from domain.events import JobQueued
from scheduler.explaining.waiting import (
    ABOUT_TO_START,
    BEHIND_OTHERS,
    RESERVED_FOR_WIDER_JOB,
    WAITING_FOR_CORES,
    WAITING_FOR_MEMORY,
    Line,
    explain_waiting,
)
from scheduler.explaining.wording import in_words
from scheduler.placement.heat.answers import HEAT_NOT_YET_WANTED
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.gangs import gang_of, whole_gangs
from scheduler.placement.plan.policy import Policy, View

_FOR_ROOM = frozenset(
    {WAITING_FOR_CORES, WAITING_FOR_MEMORY, RESERVED_FOR_WIDER_JOB, BEHIND_OTHERS}
)
#: When room comes free: the instant, the row of its node, cores and memory [MiB].
_End = tuple[float, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyStart:
    """An estimate for one instance; nothing is promised by it."""

    at_s: float | None  #: Unix time; None = not known.
    latest_s: float | None  #: When the policy would start it whatever the water says.
    sentence: str


def likely_start(view: View, job: JobQueued, line: Line, policy: Policy) -> LikelyStart:
    """When a job that is not submitted yet would start, if it were submitted now."""
    why = explain_waiting(view, job, line, policy)
    turn = policy.turn(view, job)
    latest_s = turn.latest_s
    at_s, sentence = None, f"Not known. {why.sentence}"
    if why.code == ABOUT_TO_START:
        at_s, sentence = view.now_s, "Now: it fits, and would be offered at the next decision."
    elif why.code == HEAT_NOT_YET_WANTED:
        sentence = f"When its heat is wanted, which is not known. {why.sentence}"
    elif why.code in _FOR_ROOM and not job.gpus:  # which GPUs come free is not looked at
        at_s, sentence = _when_there_is_room(view, job, line, policy)
        if at_s is not None and not turn.is_due:
            sentence += " Its heat must be wanted then, too."
    return LikelyStart(at_s=at_s, latest_s=latest_s, sentence=sentence)


def _when_there_is_room(
    view: View, job: JobQueued, line: Line, policy: Policy
) -> tuple[float | None, str]:
    """Let what runs end when it is expected to, and let the line start in its order."""
    if line.n_ahead > len(line.first):
        return None, f"Not known: {line.in_words}, more than an estimate looks at."
    ahead = [
        item
        for item in line.first
        if policy.turn(view, item).is_due and (item.not_before_s or 0.0) <= view.now_s
    ]
    at_s = _start_after(Draft(view), [*ahead, job])
    if at_s is None:
        return None, "Not known: what runs now does not make the room it needs."
    n_ahead = len(ahead)
    others = {0: "no job", 1: "1 job"}.get(n_ahead, f"{n_ahead} jobs")
    return at_s, (
        f"In about {in_words(at_s - view.now_s)}, if jobs run as long as those of their name did "
        f"before; {others} would start before it."
    )


def _start_after(draft: Draft, line: Sequence[JobQueued]) -> float | None:
    """When the last of these starts, each no earlier than the one before it."""
    ends = _ends(draft)
    heapify(ends)
    now_s = draft.view.now_s
    for job in line:
        able = draft.able(job)
        if not able.any():
            if job is line[-1]:
                return None
            continue
        need_mib = draft.fleet.need_mem_mib(job)
        need = draft.fleet.need_cores(job)
        while True:
            room = able & (need <= draft.free_cores) & (need_mib <= draft.free_mem_mib)
            room = whole_gangs(draft.fleet, room, job.nodes)
            if room.any():
                break
            if not ends:
                return None
            end_s, row, cores, mem_mib = heappop(ends)
            now_s = max(now_s, end_s)
            draft.free_cores[row] += cores
            draft.free_mem_mib[row] += mem_mib
        lead = int(np.argmax(room))
        for row in (lead, *gang_of(draft.fleet, room, draft.free_cores, lead, job.nodes)):
            taken = int(need[row]), int(need_mib[row])
            draft.free_cores[row] -= taken[0]
            draft.free_mem_mib[row] -= taken[1]
            heappush(ends, (now_s + _length_s(draft, job), row, *taken))
    return now_s


def _ends(draft: Draft) -> list[_End]:
    """What is placed, by its expected end; what outlived that is taken to run to its limit."""
    found = []
    for item in draft.state.occupations.values():
        end_s = item.since_s + _length_s(draft, item.job)
        if end_s <= draft.view.now_s:
            end_s = max(item.since_s + item.job.time_limit_s, draft.view.now_s)
        need_mib = draft.fleet.need_mem_mib(item.job)
        found += [(end_s, one.row, one.cores, int(need_mib[one.row])) for one in item.shares]
    return found


def _length_s(draft: Draft, job: JobQueued) -> float:
    """The median run time that is believed of a job [s], at most its limit."""
    return min(exp(draft.state.expect(job).ln_s), float(job.time_limit_s))
