"""Cores and memory that a job takes of a node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.job_spec import Resources
from domain.jobs.sizing import core_need, fits, mem_need_mib
from tests.support.builders import job_queued, node_joined, node_spec

NODE = node_spec(cores=8, mem_mib=16_000)


def test_a_job_takes_the_cores_and_the_memory_it_named() -> None:
    asked = Resources(cores=3, mem_mib=500)

    assert (core_need(asked, NODE), mem_need_mib(asked, NODE)) == (3, 500)


def test_memory_that_was_not_named_is_the_nodes_in_proportion_to_the_cores() -> None:
    assert mem_need_mib(Resources(cores=2), NODE) == 4_000


def test_naming_no_memory_at_all_is_not_leaving_it_open() -> None:
    assert mem_need_mib(Resources(cores=2, mem_mib=0), NODE) == 0


@pytest.mark.parametrize("mem_mib", [None, 0, 100, 16_000])
def test_the_whole_node_is_all_of_it_whatever_less_was_asked(mem_mib: int | None) -> None:
    asked = Resources(cores=2, mem_mib=mem_mib, whole_node=True)

    assert (core_need(asked, NODE), mem_need_mib(asked, NODE)) == (8, 16_000)


@pytest.mark.parametrize(
    "asked",
    [
        Resources(cores=9),
        Resources(cores=9, whole_node=True),
        Resources(mem_mib=16_001),
        Resources(mem_mib=16_001, whole_node=True),
    ],
)
def test_what_a_node_lacks_does_not_fit_on_it(asked: Resources) -> None:
    assert not fits(asked, NODE)


@given(cores=st.integers(1, 8), whole_node=st.booleans())
def test_jobs_that_leave_memory_open_fit_wherever_their_cores_do(
    cores: int, *, whole_node: bool
) -> None:
    assert fits(Resources(cores=cores, whole_node=whole_node), NODE)


@given(shares=st.lists(st.integers(1, 8), max_size=8).filter(lambda shares: sum(shares) <= 8))
def test_proportional_shares_together_never_exceed_the_node(shares: list[int]) -> None:
    assert sum(mem_need_mib(Resources(cores=cores), NODE) for cores in shares) <= NODE.mem_mib


@pytest.mark.parametrize(
    ("cores", "mem_mib", "whole_node"), [(3, 500, False), (2, None, False), (2, 7, True)]
)
def test_scheduler_and_agent_reckon_alike(
    cores: int, mem_mib: int | None, *, whole_node: bool
) -> None:
    asked = Resources(cores=cores, mem_mib=mem_mib, whole_node=whole_node)
    queued = job_queued(1, cores=cores, mem_mib=mem_mib, whole_node=whole_node)
    joined = node_joined(1, cores=NODE.cores, mem_mib=NODE.mem_mib)

    assert core_need(queued, joined) == core_need(asked, NODE)
    assert mem_need_mib(queued, joined) == mem_need_mib(asked, NODE)
