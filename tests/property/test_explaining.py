"""What `explain` says of each policy is what that policy does, in whatever state the cluster is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import AssignAttempt
from domain.events import AttemptClaimed, Event, JobQueued, LicencesSet, QuotaSet
from domain.jobs.job import SchedulingType
from scheduler.engine import Engine
from scheduler.explaining.beliefs import Beliefs
from scheduler.explaining.waiting import ABOUT_TO_START, Line, explain_waiting
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.only_looking import OnlyLooking
from scheduler.placement.policies.registry import POLICIES
from tests.support.builders import NOW_S, job_queued, node_joined
from tests.support.told import policy, reading_of

FLEX = SchedulingType.FLEX.value
#: Two sites, of two nodes and of one.
NODES = [
    node_joined(1, site_id=1, is_preheat=False),
    node_joined(2, site_id=1, is_preheat=False),
    node_joined(3, site_id=2, cores=6, mem_mib=4000, is_preheat=False),
]
waters = st.tuples(st.floats(0.0, 1.0), st.sampled_from([0.0, 500.0, 4000.0]))
sizes = st.fixed_dictionaries(
    {
        "cores": st.integers(1, 8),
        "mem_mib": st.sampled_from([None, None, 500, 3000]),
        "nodes": st.sampled_from([1, 1, 1, 2]),
        "time_limit_s": st.sampled_from([300, 3600, 20_000]),
        "queued_at_s": st.sampled_from([NOW_S - wait_s for wait_s in (0.0, 60.0, 9000.0)]),
        "priority": st.sampled_from([0, 0, 0, 50, -50]),
        "tenant_id": st.sampled_from([1, 2]),
        "licences": st.sampled_from([(), (), (), ("mesh:1",), ("mesh:2",)]),
    }
)
#: How long a patient job may still wait; None = somebody waits for it.
slacks = st.sampled_from([None, None, 600.0, 3000.0, 20_000.0, 86_400.0])
running = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), max_size=3)


def _waiting(number: int, size: dict[str, Any], slack_s: float | None) -> JobQueued:
    patient = (
        {} if slack_s is None else {"scheduling_type": FLEX, "start_before_s": NOW_S + slack_s}
    )
    return job_queued(number, name=f"case{number % 3}", **size, **patient)


@pytest.mark.parametrize("policy_text", POLICIES)
@given(
    water=st.tuples(waters, waters),
    runs=running,
    comes=st.lists(st.tuples(sizes, slacks), min_size=1, max_size=8),
    is_limited=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_the_job_explained_as_next_is_the_one_that_starts_next(
    policy_text: str,
    water: tuple[tuple[float, float], tuple[float, float]],
    runs: list[tuple[int, int]],
    comes: list[tuple[dict[str, Any], float | None]],
    is_limited: bool,  # noqa: FBT001 - drawn
) -> None:
    facts: list[Event] = [*NODES, LicencesSet(seats={"mesh": 2})]
    if is_limited:
        facts.append(QuotaSet(tenant_id=1, project="", cores=6, jobs=2, is_spent=False))
    for node, (charge, demand_w) in zip(NODES, (water[0], water[0], water[1]), strict=True):
        facts.append(reading_of(node.node_id, charge, heat_demand_w=demand_w))
    for number, (node_id, cores) in enumerate(runs, start=100):
        facts.append(job_queued(number, cores=min(cores, 2), time_limit_s=4000))
        facts.append(AttemptClaimed(instance_id=number, attempt=1, node_id=node_id))
    waiting = [_waiting(number, *drawn) for number, drawn in enumerate(comes, start=1)]

    started = _started(policy_text, [*facts, *waiting])
    beliefs = _beliefs(policy_text, facts, waiting)

    told = {job.instance_id for job in waiting if _code(beliefs, job) == ABOUT_TO_START}
    assert told == started
    # And so it is by the turns and reasons alone, without a look at the plan.
    following = _next_by_reasons(beliefs)
    if following is None or beliefs.policy.turn(beliefs.view, following).is_due:
        assert (following is None) is (not started)
        assert following is None or following.instance_id in started
    else:  # Of those whose heat is wanted a plan serves one a site, so others may come before it.
        assert started


def _started(policy_text: str, facts: list[Event]) -> set[int]:
    orders = Engine(policy(policy_text)).handle(facts, NOW_S)
    return {order.instance_id for order in orders if isinstance(order, AssignAttempt)}


def _beliefs(policy_text: str, facts: list[Event], waiting: list[JobQueued]) -> Beliefs:
    engine = Engine(OnlyLooking())
    engine.handle([*facts, *waiting], NOW_S)
    view = View(state=engine.state, now_s=NOW_S)
    return Beliefs(view, policy(policy_text), waiting, is_all=True)


def _code(beliefs: Beliefs, job: JobQueued) -> str:
    line = beliefs.line_before(job)
    return explain_waiting(beliefs.view, job, line, beliefs.policy).code


def _next_by_reasons(beliefs: Beliefs) -> JobQueued | None:
    """The first in line for which no reason is found why it should wait."""
    for position, job in enumerate(beliefs.waiting):
        line = Line(n_ahead=position, first=beliefs.waiting[:position])
        if explain_waiting(beliefs.view, job, line, beliefs.policy).code == ABOUT_TO_START:
            return job
    return None
