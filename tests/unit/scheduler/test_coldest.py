from typing import TYPE_CHECKING

from domain.commands import AssignAttempt, Command
from domain.job import SchedulingType
from scheduler.engine import Engine
from scheduler.placement.coldest import (
    COLDEST_WATER,
    DEADLINE_MARGIN_S,
    DEADLINE_REACHED,
    ONLY_NODE,
    ColdestTank,
)
from scheduler.placement.registry import policy_named
from scheduler.placement.room import READING_STALE_S
from tests.support.builders import (
    NOW_S,
    claimed,
    ended,
    job_queued,
    node_joined,
    reading_taken,
)

if TYPE_CHECKING:
    from domain.events import Event

FLEX = SchedulingType.FLEX.value
DAY_S = 86_400.0


def _boilers(*water_temps_c: float, cores: int = 8) -> Engine:
    """Boilers 1, 2, ... with water this warm."""
    engine = Engine(ColdestTank())
    for node_id, water_temp_c in enumerate(water_temps_c, start=1):
        facts: list[Event] = [
            node_joined(node_id, cores=cores),
            reading_taken(node_id, water_temp_c),
        ]
        assert engine.handle(facts, NOW_S) == []
    return engine


def _nodes(commands: list[Command]) -> list[int]:
    return [order.node_id for order in commands]


def _only(commands: list[Command]) -> AssignAttempt:
    (order,) = commands
    assert isinstance(order, AssignAttempt)
    return order


def test_a_job_goes_to_the_coldest_water() -> None:
    engine = _boilers(35.0, 20.0, 28.0)

    order = _only(engine.handle([job_queued()], NOW_S))

    assert order.node_id == 2
    assert order.why.code == COLDEST_WATER


def test_the_reason_shows_what_was_weighed_coldest_first() -> None:
    engine = _boilers(35.0, 20.0, 28.0)

    order = _only(engine.handle([job_queued()], NOW_S))

    assert [item.node_name for item in order.why.candidates] == [
        "boiler-2",
        "boiler-3",
        "boiler-1",
    ]
    assert order.why.candidates[0].water_temp_c == 20.0


def test_heat_already_promised_counts_as_if_it_were_in_the_water() -> None:
    # One job of one hour's limit is expected to bring 33 Wh, 0.066 K in water of 500 Wh/K.
    engine = _boilers(20.0, 20.05)

    jobs = [job_queued(number) for number in range(1, 5)]

    assert _nodes(engine.handle(jobs, NOW_S)) == [1, 2, 1, 2]


def test_a_job_that_runs_longer_than_expected_promises_no_more_heat() -> None:
    engine = _boilers(20.0, 20.05)
    engine.handle([job_queued(1), claimed(1)], NOW_S)
    engine.handle([claimed(1)], NOW_S)

    later_s = NOW_S + 3600.0
    fresh = [
        reading_taken(node_id, 20.0 + (node_id - 1) / 20, taken_at_s=later_s) for node_id in (1, 2)
    ]

    assert _nodes(engine.handle([*fresh, job_queued(2)], later_s)) == [1]


def test_equal_water_is_decided_the_same_way_each_time() -> None:
    assert {_only(_boilers(30.0, 30.0).handle([job_queued()], NOW_S)).node_id for _ in "ab"} == {1}


def test_a_node_that_local_control_holds_back_is_left_alone() -> None:
    engine = _boilers(20.0, 40.0)
    engine.handle([reading_taken(1, 20.0, accepts_work=False)], NOW_S)

    order = _only(engine.handle([job_queued()], NOW_S))

    assert (order.node_id, order.why.code) == (2, ONLY_NODE)


def test_water_that_was_not_read_for_long_is_not_believed() -> None:
    engine = _boilers(20.0)

    assert engine.handle([job_queued()], NOW_S + READING_STALE_S + 1.0) == []


def test_full_tanks_defer_a_flex_job_and_not_an_on_demand_one() -> None:
    engine = _boilers(50.0)

    flex = job_queued(1, scheduling_type=FLEX, start_before_s=NOW_S + DAY_S)

    assert engine.handle([flex], NOW_S) == []
    assert _only(engine.handle([job_queued(2)], NOW_S)).instance_id == 2


def test_a_deferred_flex_job_starts_when_its_water_has_cooled() -> None:
    engine = _boilers(50.0)
    engine.handle([job_queued(1, scheduling_type=FLEX, start_before_s=NOW_S + DAY_S)], NOW_S)

    assert _nodes(engine.handle([reading_taken(1, 45.0)], NOW_S)) == [1]


def test_a_flex_job_starts_by_its_deadline_whatever_the_water_says() -> None:
    engine = _boilers(50.0)
    deadline_s = NOW_S + 30.0
    flex = job_queued(1, scheduling_type=FLEX, start_before_s=deadline_s)

    assert engine.handle([flex], deadline_s - DEADLINE_MARGIN_S - 1.0) == []
    order = _only(engine.handle([], deadline_s - DEADLINE_MARGIN_S))

    assert order.why.code == DEADLINE_REACHED


def test_on_demand_work_goes_before_flex_work() -> None:
    engine = _boilers(20.0, cores=1)

    flex = job_queued(1, scheduling_type=FLEX, queued_at_s=NOW_S - 100.0)

    assert _only(engine.handle([flex, job_queued(2)], NOW_S)).instance_id == 2


def test_a_job_waits_for_the_time_it_asked_for() -> None:
    engine = _boilers(20.0)

    assert engine.handle([job_queued(not_before_s=NOW_S + 10.0)], NOW_S) == []
    assert _nodes(engine.handle([], NOW_S + 10.0)) == [1]


def test_a_job_avoids_the_node_on_which_it_failed_where_another_will_do() -> None:
    assert _nodes(_boilers(20.0, 40.0).handle([job_queued(avoid_node_id=1)], NOW_S)) == [2]
    assert _nodes(_boilers(20.0).handle([job_queued(avoid_node_id=1)], NOW_S)) == [1]


def test_a_job_too_wide_for_now_is_not_starved_by_narrow_ones() -> None:
    engine = _boilers(20.0, cores=8)
    engine.handle([job_queued(1, cores=4), claimed(1)], NOW_S)

    wide = job_queued(2, cores=8, queued_at_s=NOW_S)
    narrow = job_queued(3, cores=1, queued_at_s=NOW_S + 1.0)

    assert engine.handle([wide, narrow], NOW_S) == []
    assert _only(engine.handle([ended(1)], NOW_S)).instance_id == 2


def test_a_job_that_no_node_can_hold_reserves_nothing() -> None:
    engine = _boilers(20.0, cores=8)

    impossible = job_queued(1, cores=64)

    assert _nodes(engine.handle([impossible, job_queued(2, queued_at_s=NOW_S + 1.0)], NOW_S)) == [1]


def test_memory_is_not_promised_twice() -> None:
    engine = _boilers(20.0, cores=8)

    jobs = [job_queued(number, mem_mib=5000) for number in (1, 2)]

    assert len(engine.handle(jobs, NOW_S)) == 1


def test_a_job_that_wants_a_whole_node_shares_it_with_nobody() -> None:
    engine = _boilers(20.0, 30.0)
    engine.handle([job_queued(1), claimed(1)], NOW_S)

    assert _nodes(engine.handle([job_queued(2, whole_node=True)], NOW_S)) == [2]
    assert _nodes(engine.handle([job_queued(3)], NOW_S)) == [1]


def test_the_policy_is_known_by_its_name() -> None:
    assert policy_named("coldest") == ColdestTank()
