from collections.abc import Sequence

from domain.commands import AssignAttempt, Command
from domain.events import EngineStarted, Event, JobWithdrawn
from domain.job import EndReason
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.placement.coldest import ColdestTank
from tests.support.builders import (
    NOW_S,
    claimed,
    ended,
    job_queued,
    node_joined,
    node_left,
    reading_taken,
)


class Told:
    """An engine that is told things, and what it answered last."""

    def __init__(self, *facts: Event) -> None:
        self.engine = Engine(ColdestTank())
        self.answer: list[Command] = []
        self.hear(*facts)

    def hear(self, *facts: Event, at_s: float = NOW_S) -> Sequence[tuple[int, int, int]]:
        """The offers it makes upon this, as (instance, attempt, node)."""
        self.answer = self.engine.handle(facts, at_s)
        self.engine.state.check_invariants()
        return [
            (order.instance_id, order.attempt, order.node_id)
            for order in self.answer
            if isinstance(order, AssignAttempt)
        ]


def _one_node(cores: int = 8) -> Told:
    return Told(node_joined(cores=cores), reading_taken())


def test_a_job_is_offered_as_soon_as_it_queues() -> None:
    assert _one_node().hear(job_queued(7)) == [(7, 1, 1)]


def test_without_a_node_a_job_waits_for_one() -> None:
    told = Told()

    assert told.hear(job_queued(7)) == []
    assert told.hear(node_joined(), reading_taken()) == [(7, 1, 1)]


def test_a_node_without_a_reading_gets_no_work() -> None:
    told = Told(node_joined(), job_queued(7))

    assert told.answer == []
    assert told.hear(reading_taken()) == [(7, 1, 1)]


def test_a_node_that_left_gets_no_new_work_until_it_is_back() -> None:
    told = _one_node()
    told.hear(node_left())

    assert told.hear(job_queued(7)) == []
    assert told.hear(node_joined()) == [(7, 1, 1)]


def test_a_full_node_takes_the_next_job_when_one_ends() -> None:
    told = _one_node(cores=1)
    told.hear(job_queued(1), job_queued(2))
    told.hear(claimed(1))

    assert told.hear(ended(1)) == [(2, 1, 1)]


def test_an_offer_already_holds_its_cores() -> None:
    told = _one_node(cores=1)

    assert told.hear(job_queued(1)) == [(1, 1, 1)]
    assert told.hear(job_queued(2)) == []


def test_a_job_that_returns_is_offered_under_the_next_number() -> None:
    told = _one_node()
    told.hear(job_queued(1))

    again = told.hear(
        ended(1, reason=EndReason.NOT_CLAIMED, wall_s=0.0), job_queued(1, last_attempt=1)
    )

    assert again == [(1, 2, 1)]


def test_many_jobs_that_return_together_are_each_offered_once() -> None:
    told = _one_node()
    told.hear(job_queued(1), job_queued(2))

    again = told.hear(
        ended(1, reason=EndReason.NODE_RESTARTED),
        job_queued(1, last_attempt=1),
        ended(2, reason=EndReason.NODE_RESTARTED),
        job_queued(2, last_attempt=1),
    )

    assert again == [(1, 2, 1), (2, 2, 1)]


def test_a_withdrawn_job_is_not_offered_and_its_offer_frees_the_node() -> None:
    told = _one_node(cores=1)
    told.hear(job_queued(1), job_queued(2))

    assert told.hear(JobWithdrawn(instance_id=1)) == [(2, 1, 1)]
    told.hear(ended(2))
    assert told.hear(JobWithdrawn(instance_id=2)) == []


def test_an_end_that_is_told_twice_frees_the_cores_once() -> None:
    told = _one_node(cores=1)
    told.hear(job_queued(1), job_queued(2), job_queued(3))
    told.hear(claimed(1))

    assert told.hear(ended(1), ended(1)) == [(2, 1, 1)]


def test_an_end_of_an_older_attempt_does_not_end_the_newer() -> None:
    told = _one_node(cores=1)
    told.hear(job_queued(1, last_attempt=1))

    assert told.hear(ended(1, attempt=1), job_queued(2)) == []


def test_a_claim_of_an_offer_that_an_earlier_engine_made_is_taken_over() -> None:
    told = _one_node(cores=1)

    assert told.hear(job_queued(1), claimed(1), job_queued(2)) == []
    assert told.hear(ended(1)) == [(2, 1, 1)]


def test_a_start_of_the_engine_forgets_everything() -> None:
    told = _one_node()
    told.hear(job_queued(1))

    started = EngineStarted(policy="coldest", version=ENGINE_VERSION)

    assert told.hear(started, job_queued(2)) == []
    assert told.engine.state.nodes == {}
    assert told.engine.state.occupations == {}


def test_a_reading_of_an_unknown_node_is_no_surprise() -> None:
    assert Told(reading_taken(9)).answer == []


def test_the_engine_learns_how_long_jobs_of_a_name_run() -> None:
    told = _one_node()
    told.hear(job_queued(1, name="mesh"))

    told.hear(ended(1, wall_s=42.0))

    assert told.engine.durations.expect_s(1, "mesh", 3600.0) == 42.0


def test_a_failed_run_teaches_nothing_about_duration() -> None:
    told = _one_node()
    told.hear(job_queued(1, name="mesh"))

    told.hear(ended(1, reason=EndReason.PROGRAM_FAILED, wall_s=1.0))

    assert told.engine.durations.expect_s(1, "mesh", 900.0) > 1.0
