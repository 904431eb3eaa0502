import json

import pytest

from domain.commands import LimitPower, PreemptAttempt, Why
from domain.events import EngineStarted, JobWithdrawn, KnowledgeRestored, TimePassed
from domain.jobs.job import EndReason, SchedulingType
from scheduler.engine import ENGINE_VERSION, REFRESH_S, Engine
from scheduler.placement.plan.policy import PowerCap, Step, Stop, View
from scheduler.placement.policies.greedy import PlainRule
from tests.support.builders import (
    NOW_S,
    claimed,
    ended,
    job_queued,
    node_joined,
    node_left,
    reading_taken,
)
from tests.support.told import Told

FLEX = SchedulingType.FLEX.value


def _one_node(cores: int = 8) -> Told:
    return Told("coldest", node_joined(cores=cores), reading_taken())


def test_a_job_is_offered_as_soon_as_it_queues() -> None:
    assert _one_node().hear(job_queued(7)) == [(7, 1, 1)]


def test_without_a_node_a_job_waits_for_one() -> None:
    told = Told("coldest")

    assert told.hear(job_queued(7)) == []
    assert told.hear(node_joined(), reading_taken()) == [(7, 1, 1)]


def test_a_node_that_left_gets_no_new_work_until_it_is_back() -> None:
    told = _one_node()
    told.hear(node_left())

    assert told.hear(job_queued(7)) == []
    assert told.hear(node_joined()) == [(7, 1, 1)]


def test_a_node_that_was_held_back_takes_work_as_soon_as_its_control_lets_it() -> None:
    told = Told("coldest", node_joined(), reading_taken(accepts_work=False), job_queued(7))
    assert told.answer == []

    assert told.hear(reading_taken(taken_at_s=NOW_S + 1.0), at_s=NOW_S + 1.0) == [(7, 1, 1)]


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
    assert told.engine.state.fleet.nodes.n_rows == 0
    assert told.engine.state.occupations == {}


def test_a_reading_of_an_unknown_node_is_no_surprise() -> None:
    assert Told("coldest", reading_taken(9)).answer == []


def test_the_engine_learns_how_long_jobs_of_a_name_run() -> None:
    told = _one_node()
    before_s = told.engine.state.durations.expect_s(1, "mesh", 3600.0)
    told.hear(job_queued(1, name="mesh"))

    told.hear(ended(1, wall_s=42.0))

    assert told.engine.state.durations.expect_s(1, "mesh", 3600.0) < 0.5 * before_s


@pytest.mark.parametrize("reason", [item for item in EndReason if item != EndReason.COMPLETED])
def test_a_run_that_did_not_complete_teaches_nothing_about_duration(reason: EndReason) -> None:
    told = _one_node()
    before = told.engine.state.durations.to_plain()
    told.hear(job_queued(1, name="mesh"))

    told.hear(ended(1, reason=reason, wall_s=1.0))

    assert told.engine.state.durations.to_plain() == before


def test_a_job_that_keeps_its_progress_is_learned_with_all_that_it_ran() -> None:
    told = _one_node()
    first = job_queued(1, name="mesh", scheduling_type=FLEX, is_preemptible=True, can_resume=True)
    told.hear(first)
    told.hear(claimed(1))
    told.hear(ended(1, reason=EndReason.PREEMPTED, wall_s=1000.0))
    told.hear(
        job_queued(1, name="mesh", can_resume=True, last_attempt=1), claimed(1, 2), ended(1, 2)
    )

    whole = _one_node()
    whole.hear(job_queued(1, name="mesh"), claimed(1))
    whole.hear(ended(1, wall_s=1010.0))

    assert told.engine.state.durations == whole.engine.state.durations


def test_a_job_that_was_stopped_may_start_later_by_three_quarters_of_what_it_ran() -> None:
    told = _one_node(cores=1)
    fields = {"scheduling_type": FLEX, "is_preemptible": True, "can_resume": True}
    last_s = NOW_S + 9000.0
    told.hear(job_queued(1, start_before_s=last_s, **fields), claimed(1))
    told.hear(ended(1, reason=EndReason.PREEMPTED, wall_s=600.0), job_queued(2), claimed(2))

    told.hear(job_queued(1, start_before_s=last_s, last_attempt=1, **fields))

    assert told.engine.state.queue.earliest_deadline_s() == last_s + 450.0


class _Once(PlainRule):
    """A policy that orders this once."""

    name = "once"

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)

    def fresh(self) -> "_Once":
        return self

    def plan(self, view: View) -> list[Step]:
        assert view.now_s >= NOW_S
        return self._steps


def _running_under(*steps: Step) -> Engine:
    engine = Engine(_Once(*steps))
    engine.handle([node_joined(7), reading_taken(7), job_queued(1), claimed(1, 1, 7)], NOW_S)
    return engine


def test_a_running_job_is_told_to_stop_once() -> None:
    engine = Engine(_Once(Stop(1, Why(code="why"))))
    orders = engine.handle(
        [node_joined(7), reading_taken(7), job_queued(1), claimed(1, 1, 7)], NOW_S
    )

    assert orders == [PreemptAttempt(instance_id=1, attempt=1, node_id=7, why=Why(code="why"))]
    assert engine.handle([TimePassed()], NOW_S + REFRESH_S) == []


def test_what_does_not_run_is_not_told_to_stop() -> None:
    assert _running_under(Stop(2, Why(code="why"))).handle([TimePassed()], NOW_S + REFRESH_S) == []


def test_a_power_limit_holds_until_it_is_renewed_and_runs_out_by_itself() -> None:
    engine = _running_under(PowerCap(0, 0.5, Why(code="why")))

    (order,) = engine.handle([TimePassed()], NOW_S + REFRESH_S)

    assert isinstance(order, LimitPower)
    assert (order.node_id, order.power_cap_frac) == (7, 0.5)
    assert REFRESH_S < order.valid_for_s < 4 * REFRESH_S


def test_time_is_wanted_only_while_something_waits_or_runs() -> None:
    told = _one_node()
    assert not told.engine.wants_time(NOW_S + 10 * REFRESH_S)

    told.hear(job_queued(1))

    assert not told.engine.wants_time(NOW_S + REFRESH_S - 1.0)
    assert told.engine.wants_time(NOW_S + REFRESH_S)


def test_where_the_plants_run_faster_the_water_is_looked_at_more_often() -> None:
    told = Told("coldest", node_joined(), reading_taken(time_factor=60.0))

    assert told.engine.refresh_every_s == REFRESH_S / 60.0


def test_what_was_learned_is_taken_up_by_the_next_engine() -> None:
    told = _one_node()
    for hour in range(30):
        at_s = NOW_S + 3600.0 * hour
        told.hear(reading_taken(taken_at_s=at_s, heat_demand_w=100.0 * hour), at_s=at_s)
    told.hear(job_queued(1, name="mesh"), claimed(1))
    told.hear(ended(1, wall_s=600.0))
    learned = json.loads(json.dumps(told.engine.learned()))

    again = Told("coldest", KnowledgeRestored(knowledge=learned), node_joined())

    assert again.engine.learned() == learned
    assert learned["demand"][0]["weight"] != [0.0] * 168
