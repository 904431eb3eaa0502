"""Features and GPUs decide where a job may go, under every policy, and GPUs are counted."""

import pytest

from domain.commands import AssignAttempt
from domain.events import Event, JobQueued
from domain.jobs.job import SchedulingType
from scheduler.engine import Engine
from scheduler.placement.state.invariants import check_invariants
from tests.support.builders import (
    NOW_S,
    ended,
    job_queued,
    node_joined,
    node_left,
    reading_taken,
)
from tests.support.told import Told, policy
from tests.unit.scheduler.explaining.test_waiting import occupied, waiting

POLICIES = ["coldest", "easy", "round-robin", "qarnot", "recipe", "chaufferie"]
FLEX = SchedulingType.FLEX.value


def two_nodes(name: str) -> Told:
    """The first, with the colder water, is plain; the second has what is asked for."""
    return Told(
        name,
        node_joined(1, features=("avx2",)),
        node_joined(2, features=("avx2", "avx512"), gpus=("a100-sxm4", "a100-sxm4", "v100")),
        reading_taken(1, 20.0, heat_demand_w=9000.0),
        reading_taken(2, 40.0, heat_demand_w=9000.0),
    )


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("kind", [SchedulingType.ON_DEMAND.value, FLEX])
@pytest.mark.parametrize(
    "asked",
    [
        {"requires": ("avx512",)},
        {"requires": ("avx2", "v100|h100")},
        {"requires": ("node:boiler-2",)},
        {"gpus": 1},
        {"gpus": 2, "gpu_kind": "a100"},
    ],
)
def test_a_job_goes_where_what_it_asks_for_is(
    name: str, kind: str, asked: dict[str, object]
) -> None:
    start_before_s = NOW_S + 1.0 if kind == FLEX else None
    job = job_queued(7, scheduling_type=kind, start_before_s=start_before_s, **asked)

    assert two_nodes(name).hear(job) == [(7, 1, 2)]


@pytest.mark.parametrize("name", POLICIES)
def test_a_job_waits_while_the_only_node_for_it_is_away(name: str) -> None:
    told = two_nodes(name)
    told.hear(node_left(2))

    assert told.hear(job_queued(7, requires=("avx512",))) == []
    assert told.hear(job_queued(8)) == [(8, 1, 1)]
    back = node_joined(2, features=("avx512",))
    assert told.hear(back) == [(7, 1, 2)]


@pytest.mark.parametrize("name", POLICIES)
def test_gpus_are_given_to_one_job_at_a_time(name: str) -> None:
    told = two_nodes(name)

    assert told.hear(job_queued(1, gpus=2)) == [(1, 1, 2)]
    assert told.hear(job_queued(2, gpus=2)) == []
    assert told.hear(job_queued(3)) != []
    assert (2, 1, 2) in told.hear(ended(1, node_id=2))


def test_a_job_of_any_kind_counts_as_if_it_had_the_devices_that_another_names() -> None:
    told = two_nodes("coldest")
    told.hear(job_queued(1, gpus=1))

    assert told.hear(job_queued(2, gpus=1, gpu_kind="a100")) == [(2, 1, 2)]
    assert told.hear(job_queued(3, gpus=1, gpu_kind="a100")) == []
    assert told.hear(job_queued(4, gpus=1, gpu_kind="v100")) == []
    assert told.hear(ended(1, node_id=2)) == [(3, 1, 2), (4, 1, 2)]


def test_a_whole_node_takes_its_gpus() -> None:
    told = two_nodes("coldest")

    assert told.hear(job_queued(1, gpus=1, whole_node=True)) == [(1, 1, 2)]
    check_invariants(told.engine.state)
    assert told.engine.state.fleet.devices.free()[1] == 0


def test_a_changed_inventory_is_believed() -> None:
    told = two_nodes("coldest")
    job: JobQueued = job_queued(7, requires=("knl",))
    assert told.hear(job) == []

    assert told.hear(node_joined(1, features=("knl",))) == [(7, 1, 1)]
    told.hear(node_joined(1, features=(), gpus=("h100",)))
    assert told.hear(job_queued(8, requires=("knl",))) == []
    assert told.hear(job_queued(9, gpus=1, gpu_kind="h100")) == [(9, 1, 1)]
    check_invariants(told.engine.state)


FACTS: list[Event] = [
    node_joined(1, features=("avx2",)),
    node_joined(2, features=("avx512",), gpus=("a100", "a100")),
    reading_taken(1),
    reading_taken(2),
]


def test_the_reason_names_what_is_missing() -> None:
    away = waiting([*FACTS, node_left(2)], job_queued(99, requires=("avx512",)))
    assert away.code == "no_node_with_features"
    assert away.sentence == "It needs avx512, and the nodes that have it are down or drained."

    gone = waiting(FACTS, job_queued(99, requires=("knl",)))
    assert gone.code == "no_node_with_features"
    assert "no node that is large enough for it has that now" in gone.sentence

    closed = waiting([*FACTS, node_left(2)], job_queued(99, gpus=2, gpu_kind="a100"))
    assert closed.code == "no_large_node_open"
    assert "1 core with 2 GPUs of kind a100" in closed.sentence


def test_the_reason_counts_free_gpus() -> None:
    held = occupied(1, node_id=2)
    first = held[0]
    assert isinstance(first, JobQueued)
    busy: list[Event] = [job_queued(first.instance_id, gpus=1), *held[1:]]

    found = waiting([*FACTS, *busy], job_queued(99, gpus=2))

    assert found.code == "waiting_for_gpus"
    assert "It needs 2 GPUs; at most 1 are free on one node" in found.sentence
    assert any("7 of 8 cores and 1 of 2 GPUs free" in line for line in found.lines)


def test_the_same_log_gives_the_same_orders_whatever_was_asked_between() -> None:
    engine = Engine(policy("chaufferie"))
    engine.handle(FACTS, NOW_S)
    for number in range(2000):
        engine.state.fleet.tags.meet((f"f{number}",))
        engine.state.fleet.devices.free(f"k{number}")
    (command,) = engine.handle([job_queued(7, gpus=1, requires=("avx512",))], NOW_S)
    assert isinstance(command, AssignAttempt)
    assert command.node_id == 2
    check_invariants(engine.state)
