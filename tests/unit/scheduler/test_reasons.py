"""The wording of decisions: each reason by its code, with the numbers that decided it."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.commands import Candidate, Why
from domain.events import AttemptClaimed, Event, JobQueued, NodeLeft
from domain.job import SchedulingType
from scheduler.engine import Engine
from scheduler.placement.coldest import ColdestTank
from scheduler.placement.policy import View
from scheduler.placement.reasons import Explanation, Line, explain_placed, explain_waiting
from tests.support.builders import NOW_S, job_queued, node_joined, reading_taken

NOBODY = Line(n_ahead=0)
FLEX = SchedulingType.FLEX.value


def waiting(
    facts: Sequence[Event], job: JobQueued | None = None, line: Line = NOBODY
) -> Explanation:
    """The explanation of a job that waits in a cluster of which these facts are known."""
    engine = Engine(ColdestTank())
    engine.handle(facts, NOW_S)
    view = View(state=engine.state, durations=engine.durations, now_s=NOW_S)
    return explain_waiting(view, job or job_queued(99), line)


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


@pytest.mark.parametrize("reading", [[], [reading_taken(1, taken_at_s=NOW_S - 61.0)]])
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


def test_for_heat_names_the_tank_with_most_room_and_the_deadline() -> None:
    facts: list[Event] = [
        *(node_joined(1), node_joined(2)),
        *(reading_taken(1, water_temp_c=49.99), reading_taken(2, water_temp_c=49.9)),
    ]
    job = job_queued(
        99, cores=8, scheduling_type=FLEX, time_limit_s=3600, start_before_s=NOW_S + 36_000.0
    )

    found = waiting(facts, job)

    assert found.code == "waiting_for_heat"
    assert "pool-2 (boiler-2) has the most, 0.05 kWh below 50 °C" in found.sentence
    assert "would bring 0.26 kWh" in found.sentence
    assert "within 10 h" in found.sentence


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
    wide = job_queued(7, cores=8)

    found = waiting(facts, line=Line(n_ahead=1, first=[wide]))

    assert found.code == "reserved_for_wider_job"
    assert "kept for job 7, which waits for 8 cores" in found.sentence


def test_what_the_policy_would_place_is_about_to_start() -> None:
    assert waiting([node_joined(1), reading_taken(1)]).code == "about_to_start"


def _candidate(name: str, **fields: Any) -> Candidate:  # noqa: ANN401 - any field
    usual = {"water_temp_c": 24.1, "promised_temp_c": 26.0, "free_cores": 2, "score": -26.0}
    return Candidate(node_id=1, node_name=name, **{**usual, **fields})


def test_why_here_counts_the_heat_already_promised() -> None:
    why = Why(
        code="coldest_water",
        candidates=(_candidate("b1"), _candidate("b2", promised_temp_c=31.5)),
    )

    found = explain_placed(why, node_name="b1", site_name="Pool Nord")

    assert found.sentence == (
        "Pool Nord (b1) is coldest: 24.1 °C, 26.0 °C counting heat already promised; "
        "next was b2 at 31.5 °C."
    )
    assert len(found.lines) == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("only_node_with_room", "only one with room"),
        ("deadline_reached", "last moment to start"),
        ("a_rule_of_tomorrow", "by the rule a_rule_of_tomorrow"),
    ],
)
def test_every_rule_has_words(code: str, words: str) -> None:
    why = Why(code=code, candidates=(_candidate("b1"),))

    assert words in explain_placed(why, node_name="b1", site_name="Pool").sentence
