"""Jobs of several nodes: all of one site, or none."""

from typing import Any

import pytest

from domain.commands import AssignAttempt
from domain.jobs.job import SchedulingType
from scheduler.placement.policies.registry import POLICIES
from tests.support.builders import NOW_S, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

FLEX = SchedulingType.FLEX.value


def _sites(policy_text: str, *sites: tuple[float, int], cores: int = 8) -> Told:
    """Sites 1, 2, ... charged to this share, with so many nodes, numbered 11, 12, ..., 21, ..."""
    told = Told(policy_text)
    for site_id, (charge_frac, n_nodes) in enumerate(sites, start=1):
        for place in range(1, n_nodes + 1):
            node_id = 10 * site_id + place
            told.hear(
                node_joined(node_id, site_id=site_id, site_name=f"pool-{site_id}", cores=cores),
                reading_of(node_id, charge_frac),
            )
    return told


def _nodes(order: AssignAttempt) -> set[int]:
    return {order.node_id, *order.member_ids}


@pytest.mark.parametrize("policy_text", sorted(POLICIES))
def test_every_policy_takes_all_nodes_of_one_site(policy_text: str) -> None:
    told = _sites(policy_text, (0.2, 1), (0.2, 3))

    order = told.offer(job_queued(nodes=3, cores=8))

    assert _nodes(order) == {21, 22, 23}


@pytest.mark.parametrize("policy_text", sorted(POLICIES))
def test_no_policy_starts_half_of_a_job(policy_text: str) -> None:
    told = _sites(policy_text, (0.2, 2), (0.2, 2))
    told.hear(job_queued(1, cores=8), job_queued(2, cores=8), job_queued(3, cores=8))

    assert told.hear(job_queued(4, nodes=2, cores=8)) == []


def test_a_job_of_several_nodes_goes_where_its_heat_is_used() -> None:
    told = _sites("chaufferie", (0.9, 2), (0.1, 2))

    assert _nodes(told.offer(job_queued(nodes=2, cores=8))) == {21, 22}


def test_its_heat_is_promised_for_all_its_nodes() -> None:
    alone, gang = (_sites("chaufferie", (0.2, 2)) for _ in range(2))
    alone.hear(job_queued(nodes=1, cores=8))
    gang.hear(job_queued(nodes=2, cores=8))

    one_wh, two_wh = (told.engine.state.promises.heat_wh(1).sum() for told in (alone, gang))

    assert two_wh == pytest.approx(2.0 * one_wh)


@pytest.mark.parametrize(("n_nodes", "expected"), [(1, 1), (2, 0)])
def test_a_patient_job_asks_for_the_heat_of_all_its_nodes(n_nodes: int, expected: int) -> None:
    """A store that one node fills to its limit within the day does not take two."""
    told = _sites("chaufferie", (0.8, 2))
    patient: dict[str, Any] = {"scheduling_type": FLEX, "start_before_s": NOW_S + 80_000.0}

    fact = job_queued(nodes=n_nodes, cores=8, time_limit_s=14_400, **patient)

    assert len(told.hear(fact)) == expected


def test_narrow_jobs_do_not_starve_one_of_several_nodes() -> None:
    told = _sites("chaufferie", (0.2, 2))
    told.hear(job_queued(1, cores=8), claimed(1, 1, 11))
    told.hear(job_queued(2, cores=8, nodes=2))

    narrow = job_queued(3, cores=1, time_limit_s=3700, queued_at_s=NOW_S + 1.0)
    assert told.hear(narrow) == []
    assert [offer[0] for offer in told.hear(ended(1, 1, 11))] == [2]


def test_the_node_on_which_it_went_wrong_is_left_out_where_others_are_enough() -> None:
    told = _sites("chaufferie", (0.2, 3))

    order = told.offer(job_queued(nodes=2, avoid_node_id=12, last_attempt=1))

    assert _nodes(order) == {11, 13}


def test_it_goes_back_to_that_node_rather_than_wait_for_ever() -> None:
    told = _sites("chaufferie", (0.2, 2))

    assert _nodes(told.offer(job_queued(nodes=2, avoid_node_id=12, last_attempt=1))) == {11, 12}


def test_it_goes_only_to_nodes_that_each_have_what_it_asks_for() -> None:
    told = _sites("chaufferie", (0.2, 2))
    told.hear(node_joined(21, site_id=2, features=("avx2",)), reading_of(21))
    told.hear(node_joined(22, site_id=2, features=("avx2",)), reading_of(22))

    order = told.offer(job_queued(nodes=2, requires=("avx2",)))

    assert _nodes(order) == {21, 22}


def test_whole_nodes_are_taken_whole() -> None:
    told = _sites("chaufferie", (0.2, 2))
    told.hear(job_queued(1, cores=1))

    assert told.hear(job_queued(2, nodes=2, whole_node=True)) == []
    assert told.hear(claimed(1, 1, 11), ended(1, 1, 11)) == [(2, 1, 11)]
    assert told.engine.state.fleet.nodes.free_cores.tolist() == [0, 0]


def test_easy_reserves_the_site_that_has_room_for_all_soonest() -> None:
    told = _sites("easy", (0.2, 2), (0.2, 2))
    for number, node_id, limit_s in ((1, 11, 7200), (2, 12, 60), (3, 21, 600), (4, 22, 600)):
        told.hear(job_queued(number, cores=8, time_limit_s=limit_s), claimed(number, 1, node_id))
    told.hear(job_queued(9, nodes=2, cores=8))
    told.hear(ended(2, 1, 12), at_s=NOW_S + 50.0)

    late: dict[str, Any] = {"cores": 8, "time_limit_s": 9999, "queued_at_s": NOW_S + 60.0}
    assert told.hear(job_queued(10, **late)) == [(10, 1, 12)]
    told.hear(ended(3, 1, 21), at_s=NOW_S + 590.0)
    assert told.hear(job_queued(11, **late)) == []
    assert told.hear(ended(4, 1, 22), at_s=NOW_S + 600.0)[0][0] == 9


@pytest.mark.parametrize("policy_text", sorted(POLICIES))
def test_a_node_off_the_network_is_none_of_several_but_takes_others(policy_text: str) -> None:
    told = Told(policy_text)
    for node_id in (1, 2, 3):
        told.hear(node_joined(node_id, site_id=1, is_closed=node_id == 1), reading_of(node_id))

    assert _nodes(told.offer(job_queued(1, nodes=2, cores=8))) == {2, 3}
    assert told.hear(job_queued(2, nodes=2, cores=1)) == []
    assert told.offer(job_queued(3, cores=8)).node_id == 1
