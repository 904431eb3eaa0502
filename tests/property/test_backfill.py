"""Holes before a wide job are filled and never delay it, whatever comes and however long it runs.

The moment at which it has room is worked out here by brute force, from the limits of what runs.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import AssignAttempt
from domain.events import Event, JobQueued
from domain.jobs.job import SchedulingType
from domain.jobs.sizing import core_need, mem_need_mib
from scheduler.engine import Engine
from scheduler.placement.state.invariants import check_invariants
from tests.support.builders import NOW_S, claimed, ended, job_queued, node_joined, reading_taken
from tests.support.told import policy

POLICIES = ["chaufferie", "coldest", "easy", "least-loaded"]
WIDE = 1
STEP_S = 300.0
#: Two sites, of two nodes and of one.
NODES = [
    node_joined(1, site_id=1),
    node_joined(2, site_id=1),
    node_joined(3, site_id=2, cores=6, mem_mib=4000),
]
sizes = st.fixed_dictionaries(
    {
        "cores": st.integers(1, 6),
        "mem_mib": st.sampled_from([None, 500, 3000]),
        "time_limit_s": st.integers(100, 9000),
    }
)
#: What comes, and which share of its limit it runs for.
comers = st.tuples(sizes, st.floats(0.05, 1.0), st.booleans())
wide_ones = st.fixed_dictionaries(
    {
        "cores": st.integers(3, 8),
        "mem_mib": st.sampled_from([None, 2000]),
        "whole_node": st.booleans(),
        "nodes": st.sampled_from([1, 1, 2]),
        "time_limit_s": st.integers(100, 9000),
    }
)


@dataclass
class Run:
    """An attempt that runs."""

    job: JobQueued
    attempt: int
    rows: tuple[int, ...]  #: Places of its nodes in ``NODES``.
    limit_s: float  #: When its time limit is over.
    end_s: float


class Hall:
    """Three nodes, what runs there, and the engine that is told of it."""

    def __init__(self, policy_text: str) -> None:
        self.engine = Engine(policy(policy_text))
        self.now_s = NOW_S
        self.running: dict[int, Run] = {}
        self.starts: dict[int, float] = {}
        self._jobs: dict[int, tuple[JobQueued, float]] = {}
        self.filled = 0  # holes
        self.tell([*NODES, *self._readings()])

    def submit(self, job: JobQueued, share: float = 1.0) -> None:
        self._jobs[job.instance_id] = job, share
        self.tell([job])

    def pass_time(self, until_s: float) -> None:
        """Let what runs end when it does, up to then."""
        while True:
            run = min(self.running.values(), key=lambda item: item.end_s, default=None)
            if run is None or run.end_s > until_s:
                break
            self.now_s = run.end_s
            del self.running[run.job.instance_id]
            lead = NODES[run.rows[0]].node_id
            self.tell([ended(run.job.instance_id, run.attempt, lead, wall_s=1.0)])
        self.now_s = until_s
        self.tell(self._readings())

    def room_at(self, job: JobQueued) -> float:
        """When some nodes have room for a job if all that runs there runs to its limit."""
        moments = [self.now_s, *(run.limit_s for run in self.running.values())]
        return min(at_s for at_s in moments if at_s >= self.now_s and self._has_room(job, at_s))

    def _has_room(self, job: JobQueued, at_s: float) -> bool:
        fitting: dict[int, int] = {}
        for row, facts in enumerate(NODES):
            left = [run.job for run in self.running.values() if row in run.rows]
            left = [held for held in left if self.running[held.instance_id].limit_s > at_s]
            cores = facts.cores - sum(core_need(held, facts) for held in left)
            mem_mib = facts.mem_mib - sum(mem_need_mib(held, facts) for held in left)
            if core_need(job, facts) <= cores and mem_need_mib(job, facts) <= mem_mib:
                fitting[facts.site_id] = fitting.get(facts.site_id, 0) + 1
        return any(count >= job.nodes for count in fitting.values())

    def tell(self, facts: list[Event]) -> None:
        orders = self.engine.handle(facts, self.now_s)
        check_invariants(self.engine.state)
        began = [self._start(order) for order in orders if isinstance(order, AssignAttempt)]
        if began:
            self.tell(began)

    def _start(self, order: AssignAttempt) -> Event:
        job, share = self._jobs[order.instance_id]
        places = {facts.node_id: row for row, facts in enumerate(NODES)}
        rows = tuple(places[node_id] for node_id in (order.node_id, *order.member_ids))
        self.starts[job.instance_id] = self.now_s
        self.filled += WIDE in self._jobs and WIDE not in self.starts
        limit_s = self.now_s + job.time_limit_s
        end_s = self.now_s + share * job.time_limit_s
        self.running[job.instance_id] = Run(job, order.attempt, rows, limit_s, end_s)
        return claimed(job.instance_id, order.attempt, order.node_id)

    def _readings(self) -> list[Event]:
        return [reading_taken(facts.node_id, taken_at_s=self.now_s) for facts in NODES]


def comer(hall: Hall, number: int, size: dict[str, Any], *, is_flex: bool) -> JobQueued:
    """One that comes after the wide job; a patient one may wait for days."""
    patient = {
        "scheduling_type": SchedulingType.FLEX.value,
        "start_before_s": hall.now_s + 300_000.0,
    }
    kind = patient if is_flex else {}
    return job_queued(number, name=f"c{number % 3}", queued_at_s=hall.now_s, **size, **kind)


@pytest.mark.parametrize("policy_text", POLICIES)
@given(
    before=st.lists(comers, min_size=3, max_size=12),
    wide=wide_ones,
    after=st.lists(st.lists(comers, max_size=5), min_size=1, max_size=8),
)
@settings(max_examples=30, deadline=None)
def test_no_hole_that_is_filled_delays_the_wide_job(
    policy_text: str,
    before: list[tuple[dict[str, Any], float, bool]],
    wide: dict[str, Any],
    after: list[list[tuple[dict[str, Any], float, bool]]],
) -> None:
    hall = Hall(policy_text)
    for number, (size, share, _) in enumerate(before, start=100):
        hall.submit(comer(hall, number, size, is_flex=False), share)
    while len(hall.starts) < len(before):  # None is before the wide one in line.
        hall.pass_time(hall.now_s + STEP_S)
    last_s = hall.room_at(job_queued(WIDE, **wide))
    hall.submit(job_queued(WIDE, name="wide", queued_at_s=hall.now_s, **wide))

    number = 200
    for comes in after:
        for size, share, is_flex in comes:
            number += 1
            hall.submit(comer(hall, number, size, is_flex=is_flex), share)
        hall.pass_time(hall.now_s + STEP_S)
    hall.pass_time(max(last_s, hall.now_s))

    assert hall.starts[WIDE] <= last_s


@pytest.mark.parametrize("policy_text", POLICIES)
def test_holes_are_filled_at_all(policy_text: str) -> None:
    """Where nothing but holes is left, short jobs start in them and long ones do not."""
    hall = Hall(policy_text)
    for number in (101, 102, 103):
        hall.submit(job_queued(number, cores=5, time_limit_s=4000))
    hall.submit(job_queued(WIDE, cores=6, nodes=2, queued_at_s=NOW_S))
    for number, limit_s in ((201, 4001), (202, 4000), (203, 60)):
        hall.submit(job_queued(number, cores=3, time_limit_s=limit_s, queued_at_s=NOW_S + number))

    assert set(hall.starts) == {101, 102, 103, 202, 203}
    assert hall.filled == 2
