"""Quotas on what runs at once: whoever is at a limit waits, and nobody waits behind him."""

from typing import Any

import pytest

from domain.events import QuotaSet, TimePassed
from domain.jobs.job import SchedulingType
from scheduler.explaining.waiting import Line, explain_waiting
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.heat_aware import HeatAware
from tests.support.builders import NOW_S, array_queued, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

POLICIES = ["coldest", "easy", "round-robin", "qarnot", "chaufferie"]
FLEX = SchedulingType.FLEX.value


def quota(
    tenant_id: int = 1,
    project: str = "",
    *,
    cores: int | None = None,
    jobs: int | None = None,
    is_spent: bool = False,
) -> QuotaSet:
    return QuotaSet(tenant_id=tenant_id, project=project, cores=cores, jobs=jobs, is_spent=is_spent)


def one_boiler(policy_text: str, *quotas: QuotaSet) -> Told:
    return Told(policy_text, node_joined(), reading_of(), *quotas)


def started(told: Told, *numbers: int, **fields: Any) -> list[int]:  # noqa: ANN401 - any field
    """The jobs that start when these come in together."""
    facts = [job_queued(number, **fields) for number in numbers]
    return sorted(offer[0] for offer in told.hear(*facts))


@pytest.mark.parametrize("policy_text", POLICIES)
def test_one_more_starts_when_one_has_ended(policy_text: str) -> None:
    told = one_boiler(policy_text, quota(jobs=2))

    assert started(told, 1, 2, 3, 4) == [1, 2]
    told.hear(claimed(1), claimed(2))
    assert [offer[0] for offer in told.hear(ended(1))] == [3]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_others_pass_whoever_is_at_his_limit(policy_text: str) -> None:
    told = one_boiler(policy_text, quota(jobs=1))

    assert started(told, 1, 2, 3) == [1]
    assert started(told, 4, 5, tenant_id=2) == [4, 5]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_cores_are_counted_and_not_jobs_alone(policy_text: str) -> None:
    told = one_boiler(policy_text, quota(cores=5))

    assert started(told, 1, cores=3) == [1]
    assert started(told, 2, cores=3) == []
    assert started(told, 3, cores=2) == [3]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_whole_node_counts_with_all_its_cores(policy_text: str) -> None:
    told = Told(
        policy_text, node_joined(1), reading_of(1), node_joined(2, cores=4), reading_of(2, 0.9)
    )
    told.hear(quota(cores=5))

    assert [offer[2] for offer in told.hear(job_queued(1, whole_node=True))] == [2]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_project_keeps_its_own_limit_and_its_tenants(policy_text: str) -> None:
    told = one_boiler(policy_text, quota(jobs=3), quota(project="mesh", jobs=1))

    assert started(told, 1, 2, project="mesh") == [1]
    assert started(told, 3, 4, 5, project="flow") == [3, 4]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_budget_that_is_used_up_lets_nothing_start_until_it_is_not(policy_text: str) -> None:
    told = one_boiler(policy_text, quota(is_spent=True))

    assert started(told, 1, 2) == []
    assert sorted(offer[0] for offer in told.hear(quota())) == [1, 2]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_limit_that_comes_later_holds_for_what_waits_already(policy_text: str) -> None:
    told = Told(policy_text, node_joined(cores=2), reading_of())
    told.hear(job_queued(1, cores=2))
    told.hear(job_queued(2), job_queued(3), claimed(1))

    told.hear(quota(jobs=1))

    assert [offer[0] for offer in told.hear(ended(1))] == [2]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_lower_limit_stops_nothing_that_runs(policy_text: str) -> None:
    told = one_boiler(policy_text)
    started(told, 1, 2, 3)
    told.hear(claimed(1), claimed(2), claimed(3))

    told.hear(quota(jobs=1))

    assert told.answer == []
    assert started(told, 4) == []
    assert told.hear(ended(1)) == told.hear(ended(2)) == []
    assert [offer[0] for offer in told.hear(ended(3))] == [4]


def test_a_wide_job_at_its_quota_keeps_no_node_from_others() -> None:
    told = one_boiler("coldest", quota(cores=8))
    started(told, 1, cores=4)

    assert started(told, 2, cores=8) == []
    assert started(told, 3, 4, tenant_id=2, cores=2) == [3, 4]


def test_an_array_starts_up_to_the_quota_of_its_tenant() -> None:
    told = one_boiler("coldest", quota(jobs=3))

    assert len(told.hear(array_queued(10, 50))) == 3


def test_a_patient_job_starts_as_soon_as_its_quota_has_room() -> None:
    told = Told("chaufferie", node_joined(), reading_of(1, 0.0), quota(jobs=1))
    fields = {"scheduling_type": FLEX, "start_before_s": NOW_S + 80_000.0}
    assert started(told, 1, 2, **fields) == [1]

    told.hear(claimed(1))

    assert [offer[0] for offer in told.hear(ended(1), at_s=NOW_S + 1.0)] == [2]


def test_the_reason_names_the_quota_what_is_used_and_the_limit() -> None:
    told = one_boiler("coldest", quota(cores=8), quota(project="mesh", jobs=1))
    started(told, 1, cores=4, project="mesh")

    def why(**fields: object) -> tuple[str, str]:
        view = View(state=told.engine.state, now_s=told.now_s)
        policy = HeatAware("chaufferie", HeatRule())
        found = explain_waiting(view, job_queued(9, **fields), Line(n_ahead=0), policy)
        return found.code, found.sentence

    code, sentence = why(project="mesh")
    assert code == "quota.running_jobs"
    assert sentence == (
        "The quota of running jobs of project 'mesh' is reached: 1 of 1 are in use and it takes "
        "1; it starts when enough have ended."
    )
    code, sentence = why(cores=5)
    assert code == "quota.cores"
    assert "cores is reached: 4 of 8 are in use and it takes 5" in sentence
    assert why(cores=4)[0] == "about_to_start"
    told.hear(quota(is_spent=True), TimePassed())
    assert why()[0] == "budget_used_up"
