"""Safe budgets: whoever starts is covered up to its time limit, whatever it takes where it runs."""

from typing import Any

import pytest

from domain.events import BudgetLeft, QuotaSet
from domain.jobs.job import EndReason, SchedulingType
from tests.support.builders import NOW_S, array_queued, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

POLICIES = ["coldest", "easy", "round-robin", "qarnot", "chaufferie"]
FLEX = SchedulingType.FLEX.value
HOUR_S = 3600


def core_hours(left: float, project: str = "") -> QuotaSet:
    rates = dict.fromkeys((kind.value for kind in SchedulingType), 1.0 / HOUR_S)
    budget = BudgetLeft(measure="core_hours", left=left, per_core_s=rates, per_wh=0.0)
    return QuotaSet(tenant_id=1, project=project, budgets=(budget,))


def kwh(left: float) -> QuotaSet:
    budget = BudgetLeft(measure="kwh", left=left, per_core_s={}, per_wh=0.001)
    return QuotaSet(tenant_id=1, project="", budgets=(budget,))


def boiler(policy_text: str, *facts: QuotaSet) -> Told:
    return Told(policy_text, node_joined(), reading_of(), *facts)


def started(told: Told, *numbers: int, **fields: Any) -> list[int]:  # noqa: ANN401 - any field
    return sorted(offer[0] for offer in told.hear(*(job_queued(n, **fields) for n in numbers)))


@pytest.mark.parametrize("policy_text", POLICIES)
def test_as_many_start_as_are_covered_and_the_next_when_one_has_given_back(
    policy_text: str,
) -> None:
    told = boiler(policy_text, core_hours(3.0))

    assert started(told, 1, 2, 3, 4, 5) == [1, 2, 3]
    told.hear(claimed(1), claimed(2), claimed(3))
    # It took half an hour of the hour that was kept for it.
    assert told.hear(core_hours(2.5)) == []
    assert told.hear(ended(1, wall_s=1800.0)) == []
    assert told.hear(core_hours(3.0)) != []


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_shorter_one_and_another_tenant_pass_whoever_is_not_covered(policy_text: str) -> None:
    told = boiler(policy_text, core_hours(1.5))

    assert started(told, 1, time_limit_s=HOUR_S) == [1]
    assert started(told, 2, time_limit_s=HOUR_S) == []
    assert started(told, 3, time_limit_s=HOUR_S // 2) == [3]
    assert started(told, 4, tenant_id=2) == [4]


def test_patient_jobs_are_covered_as_well() -> None:
    told = Told("chaufferie", node_joined(), reading_of(1, 0.0), core_hours(2.0))
    fields = {"scheduling_type": FLEX, "start_before_s": NOW_S + 80_000.0}

    assert len(started(told, 1, 2, 3, 4, **fields)) == 2


def test_a_job_goes_where_its_energy_is_covered() -> None:
    told = Told(
        "coldest",
        *(node_joined(1, max_power_w=5000.0), reading_of(1, 0.0)),
        *(node_joined(2, max_power_w=1000.0), reading_of(2, 0.9)),
        kwh(0.15),
    )

    # An hour of one core: 0.6 kWh on the first node, 0.1 kWh on the second.
    assert [offer[2] for offer in told.hear(job_queued(1))] == [2]
    assert started(told, 2) == []


def test_an_array_and_a_whole_node_count_with_all_they_hold() -> None:
    told = boiler("coldest", core_hours(8.0, project="mesh"))

    assert len(told.hear(array_queued(10, 50, project="mesh", cores=3))) == 2
    told.hear(core_hours(12.0, project="mesh"))
    assert started(told, 1, project="mesh", whole_node=True) == []


def test_what_runs_when_a_budget_becomes_safe_is_counted() -> None:
    told = boiler("coldest")
    assert started(told, 1, 2) == [1, 2]

    told.hear(claimed(1), claimed(2), core_hours(2.5))

    assert started(told, 3) == []
    assert [offer[0] for offer in told.hear(ended(1, reason=EndReason.LEASE_ENDED))] == [3]


def test_it_is_a_budget_as_others_when_that_is_taken_back() -> None:
    told = boiler("coldest", core_hours(1.0))
    assert started(told, 1, 2, 3) == [1]

    assert [offer[0] for offer in told.hear(QuotaSet(tenant_id=1, project=""))] == [2, 3]
