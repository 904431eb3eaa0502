"""Why a job waits, in words: each reason by its code, with the numbers that decide."""

from collections.abc import Sequence

import pytest

from domain.events import AttemptClaimed, Event, JobQueued, NodeLeft
from domain.jobs.job import SchedulingType
from scheduler.engine import Engine
from scheduler.explaining.waiting import Explanation, Line, explain_waiting
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.only_looking import OnlyLooking
from tests.support.builders import NOW_S, job_queued, node_joined, reading_taken
from tests.support.told import policy, reading_of

NOBODY = Line(n_ahead=0)
FLEX = SchedulingType.FLEX.value


def waiting(
    facts: Sequence[Event], job: JobQueued | None = None, line: Line = NOBODY
) -> Explanation:
    """The explanation of a job that waits in a cluster of which these facts are known."""
    engine = Engine(OnlyLooking())
    engine.handle(facts, NOW_S)
    deciding = policy("chaufferie")
    view = View(state=engine.state, now_s=NOW_S)
    return explain_waiting(view, job or job_queued(99), line, deciding)


def occupied(cores: int, node_id: int = 1) -> list[Event]:
    """A job that runs on a node."""
    job = job_queued(1000 + node_id, cores=cores)
    return [job, AttemptClaimed(instance_id=job.instance_id, attempt=1, node_id=node_id)]


def test_without_any_node() -> None:
    assert waiting([]).code == "no_node_open"


def test_with_every_node_closed() -> None:
    found = waiting([node_joined(1), NodeLeft(node_id=1)])

    assert found.code == "no_node_open"
    assert found.lines == ("boiler-1 (pool-1): takes no new work (down or drained)",)


def test_when_only_a_closed_node_is_large_enough() -> None:
    facts: list[Event] = [
        node_joined(1),
        node_joined(2, cores=64),
        NodeLeft(node_id=2),
        reading_taken(1),
    ]

    found = waiting(facts, job_queued(99, cores=32))

    assert found.code == "no_large_node_open"
    assert "32 cores" in found.sentence


def test_while_local_control_holds_the_boiler_back() -> None:
    found = waiting([node_joined(1), reading_taken(1, accepts_work=False)])

    assert found.code == "local_control_limits"
    assert "held back by its own control" in found.lines[0]


@pytest.mark.parametrize(
    "reading", [[], [reading_taken(1, taken_at_s=NOW_S - 61.0, headroom_wh=50.0)]]
)
def test_without_a_fresh_reading(reading: list[Event]) -> None:
    found = waiting([node_joined(1), *reading])

    assert (found.code, found.lines) == (
        "no_fresh_reading",
        ("boiler-1 (pool-1): no fresh reading",),
    )


def test_before_the_time_it_was_asked_to_begin() -> None:
    job = job_queued(99, not_before_s=NOW_S + 7200.0)

    found = waiting([node_joined(1), reading_taken(1)], job)

    assert found.code == "not_before"
    assert "2.0 h" in found.sentence


def test_for_cores_names_the_most_that_is_free_and_how_many_are_ahead() -> None:
    facts = [node_joined(1), reading_taken(1), *occupied(5)]

    found = waiting(facts, job_queued(99, cores=8), Line(n_ahead=12))

    assert found.code == "waiting_for_cores"
    assert "3 cores (boiler-1)" in found.sentence
    assert "12 jobs are ahead of it" in found.sentence


def test_for_cores_when_none_is_free() -> None:
    line = Line(n_ahead=1000, is_counted_out=False)

    found = waiting([node_joined(1), reading_taken(1), *occupied(8)], line=line)

    assert found.sentence == (
        "It needs 1 core; none is free, and 1000 or more jobs are ahead of it."
    )


def test_for_memory() -> None:
    found = waiting(
        [node_joined(1), reading_taken(1), *occupied(4)], job_queued(99, cores=1, mem_mib=6000)
    )

    assert found.code == "waiting_for_memory"
    assert "6000 MiB" in found.sentence
    assert "4000 MiB" in found.sentence


def test_for_heat_names_the_site_that_would_use_most_and_the_last_moment() -> None:
    facts: list[Event] = [
        *(
            node_joined(number, is_preheat=False, idle_power_w=0.0, storage_wh_per_k=10.0)
            for number in (1, 2)
        ),
        reading_of(1, heat_demand_w=0.0, headroom_wh=0.0),
        reading_of(2, heat_demand_w=600.0, headroom_wh=340.0),
    ]
    job = job_queued(
        99, cores=8, scheduling_type=FLEX, time_limit_s=36_000, start_before_s=NOW_S + 73_800.0
    )

    found = waiting(facts, job)

    assert found.code == "waiting_for_heat"
    assert "pool-2 (boiler-2) would use the most" in found.sentence
    assert "while it can wait it asks for" in found.sentence
    assert found.sentence.endswith("It starts within 20 h whatever the water says.")


def test_a_flex_job_whose_last_moment_has_come_waits_for_no_heat() -> None:
    job = job_queued(99, cores=8, scheduling_type=FLEX, start_before_s=NOW_S)

    found = waiting([node_joined(1), reading_taken(1, water_temp_c=49.99)], job)

    assert found.code == "about_to_start"


def test_a_wider_job_that_may_not_begin_yet_keeps_no_node() -> None:
    wide = job_queued(7, cores=8, not_before_s=NOW_S + 60.0)
    facts = [node_joined(1), reading_taken(1), *occupied(4)]

    assert waiting(facts, line=Line(n_ahead=1, first=[wide])).code == "about_to_start"


def test_an_on_demand_job_never_waits_for_heat() -> None:
    assert waiting([node_joined(1), reading_taken(1, water_temp_c=49.99)]).code == "about_to_start"


def test_a_node_kept_for_a_wider_job_is_named_with_that_job() -> None:
    facts = [node_joined(1), reading_taken(1), *occupied(4)]
    behind = Line(n_ahead=1, first=[job_queued(7, cores=8)])

    found = waiting(facts, job_queued(99, time_limit_s=7200), behind)

    assert found.code == "reserved_for_wider_job"
    assert "kept for job 7, which waits for 8 cores" in found.sentence
    assert "starts within 60 min, and this one may run for 2.0 h: with a --time" in found.sentence
    assert waiting(facts, job_queued(99, time_limit_s=3600), behind).code == "about_to_start"


def test_what_the_policy_would_place_is_about_to_start() -> None:
    assert waiting([node_joined(1), reading_taken(1)]).code == "about_to_start"
