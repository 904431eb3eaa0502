"""Arrays in the engine: few stand in line, no more run than the limit lets, whatever their size."""

from dataclasses import replace

from domain.commands import AssignAttempt, Command
from domain.events import Event, JobArrayWithdrawn, TimePassed
from domain.jobs.job import EndReason
from scheduler.engine import Engine
from scheduler.placement.state.arrays import MOST_IN_LINE
from scheduler.placement.state.invariants import check_invariants
from tests.support.builders import (
    NOW_S,
    array_queued,
    claimed,
    ended,
    job_queued,
    node_joined,
    reading_taken,
)
from tests.support.told import policy


def an_engine(cores: int = 8) -> Engine:
    engine = Engine(policy("coldest"))
    node = node_joined(cores=cores, mem_mib=1000 * cores)
    engine.handle([node, reading_taken(headroom_wh=1e9)], NOW_S)
    return engine


def started(commands: list[Command]) -> list[int]:
    return [order.instance_id for order in commands if isinstance(order, AssignAttempt)]


def test_as_many_start_as_the_limit_lets() -> None:
    engine = an_engine()
    assert started(engine.handle([array_queued(10, 100, at_once=3)], NOW_S)) == [11, 12, 13]

    facts = [claimed(number) for number in (11, 12, 13)]
    assert started(engine.handle(facts, NOW_S)) == []
    assert started(engine.handle([ended(12)], NOW_S)) == [14]


def test_an_array_without_a_limit_takes_what_there_is() -> None:
    assert len(started(an_engine().handle([array_queued(10, 100)], NOW_S))) == 8


def test_arrays_with_and_without_limit_and_single_jobs_share_a_node() -> None:
    engine = an_engine()
    facts: list[Event] = [
        array_queued(10, 50, at_once=2),
        array_queued(100, 3),
        job_queued(500),
    ]
    assert sorted(started(engine.handle(facts, NOW_S))) == [11, 12, 101, 102, 103, 500]


def test_a_huge_array_comes_into_line_piece_by_piece() -> None:
    engine = an_engine(cores=3 * MOST_IN_LINE)
    count = 2 * MOST_IN_LINE + 5
    first = started(engine.handle([array_queued(10, count)], NOW_S))
    assert len(first) == MOST_IN_LINE
    assert len(engine.state.queue) == MOST_IN_LINE
    found = [*first]
    while engine.wants_time(NOW_S):
        found += started(engine.handle([TimePassed()], NOW_S))
    assert found == list(range(11, 11 + count))
    assert len(engine.state.queue) + len(engine.state.arrays) == 0


def test_one_that_comes_back_is_within_the_limit_too() -> None:
    engine = an_engine()
    engine.handle([array_queued(10, 5, at_once=2)], NOW_S)
    lost = ended(11, reason=EndReason.NODE_RESTARTED)
    again = job_queued(11, array_id=10, at_once=2, last_attempt=1)

    orders = engine.handle([lost, again], NOW_S)

    assert len(started(orders)) == 1
    assert len(engine.state.occupations) == 2


def test_what_was_placed_before_a_restart_counts() -> None:
    engine = an_engine()
    placed: list[Event] = [
        fact
        for number in (11, 12)
        for fact in (job_queued(number, array_id=10, at_once=3), claimed(number))
    ]
    waiting = array_queued(12, 5, at_once=3)
    waiting = replace(waiting, alike=replace(waiting.alike, array_id=10))

    assert started(engine.handle([*placed, waiting], NOW_S)) == [13]


def test_an_attempt_that_turns_up_takes_its_place_from_the_line() -> None:
    engine = Engine(policy("coldest"))
    engine.handle([node_joined(), array_queued(10, 5, at_once=2)], NOW_S)
    assert len(engine.state.queue) == 2

    engine.handle([claimed(14)], NOW_S)

    assert len(engine.state.queue) == 1
    check_invariants(engine.state)
    assert len(started(engine.handle([reading_taken(headroom_wh=1e9)], NOW_S))) == 1


def test_a_withdrawn_part_never_starts_and_others_take_its_place() -> None:
    engine = Engine(policy("coldest"))
    engine.handle([node_joined(), array_queued(10, 6, at_once=2)], NOW_S)

    engine.handle([JobArrayWithdrawn(array_id=10, first_ids=(11, 14), last_ids=(12, 15))], NOW_S)

    assert started(engine.handle([reading_taken(headroom_wh=1e9)], NOW_S)) == [13, 16]
    assert len(engine.state.arrays) == 0


def test_withdrawing_frees_what_was_offered_and_leaves_what_runs() -> None:
    engine = an_engine()
    engine.handle([array_queued(10, 4, at_once=2)], NOW_S)
    engine.handle([claimed(11)], NOW_S)

    engine.handle([JobArrayWithdrawn(array_id=10, first_ids=(11,), last_ids=(14,))], NOW_S)

    assert list(engine.state.occupations) == [11]
    engine.handle([ended(11)], NOW_S)
    assert not engine.wants_time(NOW_S)
    check_invariants(engine.state)
