"""Which waiting job is offered a node first: by the engine, as in production and simulation."""

import pytest

from domain.events import Event, JobQueued, PriorityChanged, UsageRecalled
from domain.jobs.job import SchedulingType
from scheduler.placement.state.invariants import check_invariants
from tests.support.builders import (
    NOW_S,
    array_queued,
    claimed,
    ended,
    job_queued,
    node_joined,
    order_set,
)
from tests.support.told import Told, boilers, reading_of

FLEX = SchedulingType.FLEX.value
DAY_S = 86_400.0
LAB, FIRM = 1, 2
POLICIES = ("chaufferie", "recipe", "least-loaded", "easy", "coldest")


def one_core(policy: str = "chaufferie", *facts: Event) -> Told:
    """One node of one core, which runs job 1000 so that all others wait."""
    told = boilers(policy, 0.1, cores=1)
    told.hear(*facts)
    told.hear(job_queued(1000, time_limit_s=60), claimed(1000))
    return told


def freed(told: Told) -> int:
    """Which waiting job takes the core when it comes free."""
    return told.offer(ended(1000)).instance_id


def took(tenant_id: int, project: str = "", core_s: float = 1e7) -> UsageRecalled:
    return UsageRecalled(tenant_id=tenant_id, project=project, core_s=core_s, ended_at_s=NOW_S)


def of(tenant_id: int, number: int, age_s: float = 0.0, **fields: object) -> JobQueued:
    usual: dict[str, object] = {"tenant_id": tenant_id, "queued_at_s": NOW_S - age_s}
    return job_queued(number, **{**usual, **fields})


@pytest.mark.parametrize("policy", POLICIES)
def test_who_took_nothing_goes_before_who_took_much(policy: str) -> None:
    told = one_core(policy, order_set(), took(LAB))
    told.hear(of(LAB, 1, age_s=3600.0), of(FIRM, 2))

    assert freed(told) == 2


@pytest.mark.parametrize("policy", POLICIES)
def test_but_not_before_who_waited_longer_than_that_is_worth(policy: str) -> None:
    told = one_core(policy, order_set(), took(LAB))
    told.hear(of(LAB, 1, age_s=13 * 3600.0), of(FIRM, 2))

    assert freed(told) == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_nobody_is_moved_where_one_tenant_is_alone(policy: str) -> None:
    told = one_core(policy, order_set(), took(LAB))
    told.hear(of(LAB, 2), of(LAB, 1, age_s=1.0))

    assert freed(told) == 1


def test_a_project_that_took_little_goes_before_another_of_its_tenant() -> None:
    told = one_core("chaufferie", order_set(project_share=600.0), took(LAB, "thesis"))
    told.hear(of(LAB, 1, age_s=60.0, project="thesis"), of(LAB, 2, project="course"))

    assert freed(told) == 2


def test_the_tenant_whose_jobs_run_now_is_the_one_that_takes() -> None:
    """A large job that runs for days counts before it ends."""
    told = boilers("chaufferie", 0.1, 0.1, cores=1)
    told.hear(order_set())
    long = told.nodes_for(of(LAB, 1000, time_limit_s=999_999))[0]
    short = told.nodes_for(of(FIRM, 1001, time_limit_s=60), claimed(1000, node_id=long))[0]
    later_s = NOW_S + 2 * DAY_S
    told.hear(claimed(1001, node_id=short), at_s=later_s - 60.0)
    told.hear(of(LAB, 1, queued_at_s=later_s - 60.0), of(FIRM, 2, queued_at_s=later_s))
    told.hear(*(reading_of(number, 0.1, at_s=later_s) for number in (1, 2)), at_s=later_s)

    assert told.offer(ended(1001, node_id=short, wall_s=60.0)).instance_id == 2


@pytest.mark.parametrize("policy", POLICIES)
def test_a_person_moves_a_job_before_others_or_after_them(policy: str) -> None:
    told = one_core(policy)
    told.hear(
        job_queued(1, priority=-100, queued_at_s=NOW_S - 3000.0),
        job_queued(2, queued_at_s=NOW_S - 100.0),
        job_queued(3, priority=100),
    )

    assert freed(told) == 3
    assert told.offer(claimed(3), ended(3)).instance_id == 2


def test_a_waiting_job_can_be_moved() -> None:
    told = one_core()
    told.hear(job_queued(1, queued_at_s=NOW_S - 60.0), job_queued(2))
    told.hear(PriorityChanged(job_id=2, priority=10))

    assert freed(told) == 2


def test_a_waiting_array_can_be_moved_whole() -> None:
    told = one_core()
    told.hear(array_queued(2000, 5000, queued_at_s=NOW_S - 60.0), job_queued(1))
    told.hear(PriorityChanged(job_id=2000, priority=-100))

    assert freed(told) == 1
    assert told.offer(claimed(1), ended(1)).instance_id == 2001
    check_invariants(told.engine.state)


def test_of_patient_jobs_whose_heat_is_wanted_the_one_moved_goes_first() -> None:
    told = Told("recipe", node_joined(cores=1, is_preheat=False, idle_power_w=0.0))
    told.hear(reading_of(1, 1.0, heat_demand_w=0.0))
    for number, priority in ((1, 0), (2, 100)):
        last_s = NOW_S + 2 * DAY_S + 60.0 * number
        told.hear(
            job_queued(number, scheduling_type=FLEX, start_before_s=last_s, priority=priority)
        )
    later_s = NOW_S + 600.0

    wanted = reading_of(1, 0.02, at_s=later_s, heat_demand_w=3000.0)

    assert told.offer(wanted, at_s=later_s).instance_id == 2


def test_no_priority_delays_a_patient_job_past_its_last_moment() -> None:
    told = one_core("chaufferie")
    due = job_queued(1, scheduling_type=FLEX, start_before_s=NOW_S + 100.0, priority=-1_000_000)
    told.hear(due, job_queued(2, priority=1_000_000))

    assert freed(told) == 1


def test_what_changes_in_the_rule_holds_for_those_who_wait_already() -> None:
    told = one_core()
    told.hear(job_queued(1, queued_at_s=NOW_S - 3600.0), job_queued(2, priority=60))
    told.hear(order_set(age=50.0, tenant_share=0.0))

    assert freed(told) == 2


def test_a_job_asked_not_to_begin_yet_starts_when_its_time_comes() -> None:
    told = boilers("chaufferie", 0.1, cores=1)
    told.hear(job_queued(1, not_before_s=NOW_S + 30.0))

    assert told.engine.wants_time(NOW_S + 29.0) is False
    assert told.engine.wants_time(NOW_S + 30.0)
    assert told.nodes_for(at_s=NOW_S + 30.0) == [1]
