from collections import Counter

import pytest

from domain.jobs.job import SchedulingType
from scheduler.placement.policies.baselines import COLDEST_WATER
from scheduler.placement.policies.greedy import ONLY_NODE
from tests.support.builders import NOW_S, claimed, ended, job_queued
from tests.support.told import boilers, reading_of

FLEX = SchedulingType.FLEX.value
SIMPLE = ("random", "round-robin", "least-loaded", "coldest")


def test_a_job_goes_to_the_emptiest_water() -> None:
    order = boilers("coldest", 0.6, 0.1, 0.3).offer(job_queued())

    assert (order.node_id, order.why.code) == (2, COLDEST_WATER)


def test_the_reason_shows_what_was_weighed_emptiest_first() -> None:
    order = boilers("coldest", 0.6, 0.1, 0.3).offer(job_queued())

    shown = [(item.node_name, item.charge_frac) for item in order.why.candidates]
    assert shown == [("boiler-2", 0.1), ("boiler-3", 0.3), ("boiler-1", 0.6)]


def test_among_equal_water_the_emptier_node_is_taken() -> None:
    told = boilers("coldest", 0.3, 0.3)

    assert told.nodes_for(*(job_queued(number) for number in range(1, 5))) == [1, 2, 1, 2]


def test_equal_nodes_are_decided_the_same_way_each_time() -> None:
    assert {boilers("coldest", 0.3, 0.3).offer(job_queued()).node_id for _ in "ab"} == {1}


def test_nodes_take_turns() -> None:
    told = boilers("round-robin", 0.9, 0.1, 0.5)

    assert told.nodes_for(*(job_queued(number) for number in range(1, 6))) == [1, 2, 3, 1, 2]
    assert told.nodes_for(job_queued(6)) == [3]


def test_a_turn_passes_over_a_full_node() -> None:
    told = boilers("round-robin", 0.1, 0.1, 0.1, cores=1)
    told.hear(job_queued(1), job_queued(2), job_queued(3))
    told.hear(claimed(1), claimed(2, node_id=2), claimed(3, node_id=3))

    assert told.nodes_for(ended(2, node_id=2), job_queued(4)) == [2]


def test_the_node_with_the_largest_share_free_is_taken() -> None:
    told = boilers("least-loaded", 0.1, 0.9)
    told.hear(job_queued(1))

    assert told.nodes_for(job_queued(2)) == [2]


def test_a_random_node_follows_from_the_job_and_all_come_about() -> None:
    jobs = [job_queued(number) for number in range(1, 61)]

    first, again = (boilers("random", *[0.5] * 3, cores=64).nodes_for(*jobs) for _ in "ab")

    assert first == again
    assert min(Counter(first).values()) > 8


@pytest.mark.parametrize("policy", SIMPLE)
def test_a_node_that_local_control_holds_back_is_left_alone(policy: str) -> None:
    told = boilers(policy, 0.1, 0.5)
    told.hear(reading_of(1, 0.1, accepts_work=False))

    order = told.offer(job_queued())

    assert (order.node_id, order.why.code) == (2, ONLY_NODE)


@pytest.mark.parametrize("policy", SIMPLE)
def test_jobs_start_by_age_whatever_their_type(policy: str) -> None:
    told = boilers(policy, 0.1, cores=1)

    flex = job_queued(1, scheduling_type=FLEX, queued_at_s=NOW_S - 100.0)

    assert told.offer(job_queued(2), flex).instance_id == 1


@pytest.mark.parametrize("policy", SIMPLE)
def test_full_water_holds_no_job_up(policy: str) -> None:
    flex = job_queued(1, scheduling_type=FLEX, start_before_s=NOW_S + 86_400.0)

    assert boilers(policy, 1.0).nodes_for(flex) == [1]


@pytest.mark.parametrize("policy", [*SIMPLE, "easy"])
def test_a_job_waits_for_the_time_it_asked_for(policy: str) -> None:
    told = boilers(policy, 0.1)

    assert told.hear(job_queued(not_before_s=NOW_S + 10.0)) == []
    assert told.nodes_for(job_queued(2), at_s=NOW_S + 10.0) == [1, 1]


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_a_job_avoids_the_node_on_which_it_failed_where_another_will_do(policy: str) -> None:
    assert boilers(policy, 0.1, 0.8).nodes_for(job_queued(avoid_node_id=1)) == [2]
    assert boilers(policy, 0.1).nodes_for(job_queued(avoid_node_id=1)) == [1]


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_a_job_never_runs_on_a_node_that_it_excluded(policy: str) -> None:
    told = boilers(policy, 0.1, 0.8)
    assert told.nodes_for(job_queued(1, excluded=("boiler-1", "nobody"))) == [2]
    assert told.hear(job_queued(2, excluded=("boiler-1", "boiler-2"))) == []


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_a_job_rather_waits_for_another_node_than_fails_twice_on_one(policy: str) -> None:
    told = boilers(policy, 0.1, 0.8, cores=1)
    told.hear(job_queued(1, avoid_node_id=1))
    told.hear(claimed(1, node_id=2))

    assert told.hear(job_queued(2, avoid_node_id=2), job_queued(3, avoid_node_id=1)) != []
    assert told.nodes_for(ended(1, node_id=2)) == [2]


@pytest.mark.parametrize("policy", [*SIMPLE, "chaufferie"])
def test_a_job_too_wide_for_now_is_not_starved_by_narrow_ones(policy: str) -> None:
    told = boilers(policy, 0.1)
    told.hear(job_queued(1, cores=4), claimed(1))

    wide = job_queued(2, cores=8, queued_at_s=NOW_S)
    narrow = job_queued(3, cores=1, time_limit_s=3700, queued_at_s=NOW_S + 1.0)

    assert told.hear(wide, narrow) == []
    assert told.offer(ended(1)).instance_id == 2


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_a_job_that_no_node_can_hold_reserves_nothing(policy: str) -> None:
    impossible = job_queued(1, cores=64)

    told = boilers(policy, 0.1)

    assert told.nodes_for(impossible, job_queued(2, queued_at_s=NOW_S + 1.0)) == [1]


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_memory_is_not_promised_twice(policy: str) -> None:
    jobs = [job_queued(number, mem_mib=5000) for number in (1, 2)]

    assert len(boilers(policy, 0.1).hear(*jobs)) == 1


@pytest.mark.parametrize("policy", [*SIMPLE, "easy", "chaufferie"])
def test_a_job_that_wants_a_whole_node_shares_it_with_nobody(policy: str) -> None:
    told = boilers(policy, 0.1, 0.1)
    (node_id,) = told.nodes_for(job_queued(1))
    other_id = 3 - node_id

    assert told.nodes_for(job_queued(2, whole_node=True)) == [other_id]
    assert told.nodes_for(job_queued(3)) == [node_id]
