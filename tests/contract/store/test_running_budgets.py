"""Budgets and what runs: a running attempt counts as if it ended now."""

from decimal import Decimal

import pytest

from domain.billing.prices import ComputePrices, PriceList
from domain.calendar.months import after, begin_of, month_of
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason, JobState, SchedulingType
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from scheduler.service import Pace, SchedulerService
from store.access import keys
from store.fleet.readings import add_readings
from store.jobs.new_job import NewJob
from store.quotas import budgets
from store.quotas.admission import budget_used_up
from tests.support.budgets import (
    HOUR_S,
    PRICES,
    answer,
    every_standing,
    limit,
    of_project,
    run_for,
    standing,
    told,
)
from tests.support.builders import array_spec, job_spec, node_spec, reading
from tests.support.gang_scene import GangScene
from tests.support.scene import Scene
from tests.support.told import policy

WHOLE = JobSpec(name="all", command=("true",), resources=Resources(whole_node=True))


def judge(scene: Scene) -> None:
    """What the scheduler does every few seconds."""
    with scene.store.transaction() as tx:
        budgets.judge_all(tx)


def parts(scene: Scene, key: str) -> tuple[float, float]:
    """What of a budget was used by what has ended, and by what runs."""
    budget = every_standing(scene)[key].budget
    assert budget is not None
    return float(budget.ended), float(budget.running)


def test_what_runs_is_refused_and_shown_beside_what_has_ended(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="3")
    run_for(scene, node_id, HOUR_S)
    scene.running(node_id, job_spec(cores=2))
    assert isinstance(answer(scene), int)

    scene.clock.advance(HOUR_S)

    assert parts(scene, ":core_hours/total") == (1.0, 2.0)
    assert standing(scene)[":core_hours/total"] == (3.0, 3.0)
    (refused,) = scene.submit_all([scene.submission()])
    assert isinstance(refused, Refused)
    assert refused.code == "quota.core_hours"
    assert refused.sentence == (
        "The budget of core-hours is used up: 3.000 of 3 are used, 1.000 by what has ended and "
        "2.000 so far by what runs; ask the operator for more."
    )


def test_a_running_crowd_that_uses_its_budget_up_keeps_the_rest_waiting(scene: Scene) -> None:
    node_id = scene.node(spec=node_spec(cores=2))
    limit(scene, core_hours__month="1")
    service = SchedulerService(
        store=scene.store, policy=policy("coldest"), pace=Pace(renew_s=0.0, reconcile_s=0.0)
    )
    crowd = scene.submit(job_spec(array=array_spec("0-3")))
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, 1, taken_at_s=scene.clock.now_s)])
    service.turn()
    running = [item.key for item in scene.claim(node_id, free_cores=2).claimed]
    assert len(running) == 2

    scene.clock.advance(HOUR_S / 2)
    scene.heartbeat(node_id, holding=running)
    service.turn()
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, 2, taken_at_s=scene.clock.now_s)])
    scene.report(node_id, running[0], wall_s=HOUR_S / 2)
    service.turn()

    assert scene.states(crowd) == {"succeeded": 1, "running": 1, "queued": 2}
    assert answer(scene) == "quota.core_hours"
    limit(scene, core_hours__month="5")
    service.turn()
    assert scene.states(crowd) == {"succeeded": 1, "running": 1, "assigned": 1, "queued": 1}


def test_why_it_waits_names_both_parts(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__month="1", project="mesh")
    run_for(scene, node_id, HOUR_S / 4, of_project("mesh"))
    scene.running(node_id, of_project("mesh", cores=3))
    scene.clock.advance(HOUR_S / 2)

    def why(project: str | None) -> Refused | None:
        with scene.database.read() as connection:
            return budget_used_up(connection, scene.clock.now_s, scene.tenant_id, project)

    found = why("mesh")
    assert found is not None
    assert found.sentence == (
        "The budget of core-hours of project 'mesh' for 2026-09 is used up: 1.750 of 1 are used, "
        "0.250 by what has ended and 1.500 so far by what runs; it waits until the next month "
        "begins, what runs goes on."
    )
    assert why("flow") is None
    assert why(None) is None
    assert isinstance(answer(scene, of_project("flow")), int)


def test_the_engine_learns_once_that_what_runs_has_used_a_budget_up(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="1")
    key = scene.running(node_id)
    judge(scene)
    assert [fact.is_spent for fact in told(scene)] == [False]

    scene.clock.advance(HOUR_S)
    judge(scene)
    scene.clock.advance(HOUR_S)
    judge(scene)
    scene.report(node_id, key, wall_s=2 * HOUR_S)
    judge(scene)

    assert [fact.is_spent for fact in told(scene)] == [False, True]
    assert parts(scene, ":core_hours/total") == (2.0, 0.0)


def test_a_budget_opens_again_when_what_ran_took_less_energy_than_it_could(scene: Scene) -> None:
    node_id = scene.node()  # a busy core takes 100 W
    limit(scene, kwh__total="0.1")
    key = scene.running(node_id)
    scene.clock.advance(HOUR_S)
    judge(scene)
    assert answer(scene) == "quota.kwh"
    assert parts(scene, ":kwh/total") == (0.0, 0.1)

    scene.report(node_id, key, wall_s=HOUR_S, cpu_s=HOUR_S / 2)
    judge(scene)

    assert parts(scene, ":kwh/total") == (0.05, 0.0)
    assert [fact.is_spent for fact in told(scene)] == [False, True, False]
    assert isinstance(answer(scene), int)


def test_energy_of_what_runs_is_that_of_busy_cores_of_its_node(scene: Scene) -> None:
    slow = scene.node("slow", node_spec(cores=4, idle_power_w=100.0, max_power_w=140.0))
    quick = scene.node("quick", node_spec(cores=2, idle_power_w=100.0, max_power_w=500.0))
    limit(scene, kwh__month="100", core_hours__month="100")

    scene.running(slow, job_spec(cores=3))
    scene.running(quick, WHOLE)
    scene.clock.advance(HOUR_S)

    assert parts(scene, ":kwh/month") == (0.0, 0.43)
    assert parts(scene, ":core_hours/month") == (0.0, 5.0)


def test_the_cost_of_what_runs_follows_its_type_and_the_price_list(scene: Scene) -> None:
    node_id = scene.node()
    its_type = {SchedulingType.FLEX: "0.01", SchedulingType.ON_DEMAND: "0.02"}
    core_hour = dict.fromkeys(SchedulingType, Decimal(0)) | {
        kind: Decimal(price) for kind, price in its_type.items()
    }
    version = ComputePrices(from_month=200001, core_hour=core_hour, kwh=Decimal("0.50"))
    budgets.remember_prices(scene.store, PriceList(currency="EUR", versions=(version,)))
    limit(scene, cost__total="10")

    for kind in SchedulingType:
        scene.running(node_id, job_spec(scheduling_type=kind))
    scene.clock.advance(10 * HOUR_S)

    # Of three cores 100 W each, for ten hours: 3 kWh; and ten core-hours at each price.
    assert parts(scene, ":cost/total") == (0.0, 1.5 + 0.1 + 0.2)


def test_prices_that_rise_use_a_budget_up_by_what_runs(scene: Scene) -> None:
    node_id = scene.node()
    budgets.remember_prices(scene.store, PRICES)
    limit(scene, cost__total="1")
    scene.running(node_id)
    scene.clock.advance(HOUR_S)
    version = ComputePrices(
        from_month=200001, core_hour=dict.fromkeys(SchedulingType, Decimal(2)), kwh=Decimal(0)
    )

    budgets.remember_prices(scene.store, PriceList(currency="EUR", versions=(version,)))

    assert told(scene)[-1].is_spent
    assert answer(scene) == "quota.cost"


def test_what_runs_into_a_month_counts_wholly_in_it(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__month="4")
    scene.clock.advance(begin_of(after(month_of(scene.clock.now_s))) - scene.clock.now_s - HOUR_S)
    run_for(scene, node_id, HOUR_S)
    key = scene.running(node_id, job_spec(cores=3))
    scene.clock.advance(HOUR_S - 1.0)
    assert parts(scene, ":core_hours/month") == (1.0, 2.999)
    scene.clock.advance(1.0)
    judge(scene)

    # It will be billed in the month in which it ends, with all its time.
    assert parts(scene, ":core_hours/month") == (0.0, 3.0)
    assert isinstance(answer(scene), int)
    scene.clock.advance(HOUR_S)
    judge(scene)
    assert answer(scene) == "quota.core_hours"

    scene.report(node_id, key, wall_s=2 * HOUR_S)
    assert parts(scene, ":core_hours/month") == (6.0, 0.0)
    scene.clock.advance(begin_of(after(month_of(scene.clock.now_s))) - scene.clock.now_s)
    judge(scene)
    assert isinstance(answer(scene), int)
    assert [fact.is_spent for fact in told(scene)] == [False, True, False]


def test_what_is_lost_with_its_node_counts_no_more(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="1")
    scene.running(node_id)
    scene.clock.advance(HOUR_S)
    judge(scene)
    assert answer(scene) == "quota.core_hours"

    scene.heartbeat(node_id, boot_id="boot-2")  # the node restarted: lost
    judge(scene)

    assert parts(scene, ":core_hours/total") == (0.0, 0.0)
    assert isinstance(answer(scene), int)


def test_an_offer_counts_nothing_and_what_is_being_stopped_does(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="100")
    cancelled, stopped = scene.running(node_id), scene.running(node_id)
    scene.assign(scene.submit(), node_id)
    scene.cancel(cancelled.instance_id)
    scene.preempt(stopped, node_id)
    assert scene.state(cancelled.instance_id) is JobState.CANCELLING

    scene.clock.advance(HOUR_S)

    assert parts(scene, ":core_hours/total") == (0.0, 2.0)


def test_what_another_tenant_runs_is_not_counted(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="1")
    with scene.store.transaction() as tx:
        other = keys.add_tenant(tx, "neighbour", "test")
    new = NewJob(tenant_id=other, key_id=None, idempotency_key=None, spec=job_spec(cores=8))
    (accepted,) = scene.submit_all([new])
    assert not isinstance(accepted, Refused)
    scene.assign(accepted.job_id, node_id)
    assert scene.claim(node_id).claimed
    scene.clock.advance(HOUR_S)
    judge(scene)

    assert parts(scene, ":core_hours/total") == (0.0, 0.0)
    assert isinstance(answer(scene), int)


@pytest.mark.parametrize("reason", [EndReason.COMPLETED, EndReason.TIME_LIMIT])
def test_an_end_moves_what_was_running_and_counts_nothing_twice(
    scene: Scene, reason: EndReason
) -> None:
    """One core, whole nodes and several nodes alike: the bill is what was shown before."""
    budgets.remember_prices(scene.store, PRICES)
    limit(scene, core_hours__total="1000", kwh__total="1000", cost__total="1000")
    node_id = scene.node("alone", node_spec(cores=6, max_power_w=900.0))
    alone = [scene.running(node_id, spec) for spec in (job_spec(), of_project("mesh", cores=2))]
    whole_id = scene.node("whole", node_spec(cores=5))
    whole = scene.running(whole_id, WHOLE)
    gang = GangScene(scene).start()
    scene.clock.advance(HOUR_S)
    before = {key: item.used for key, item in every_standing(scene).items() if item.budget}

    def end(node: int, key: AttemptKey, cores: int) -> None:
        scene.report(node, key, reason, wall_s=HOUR_S, cpu_s=cores * HOUR_S)

    for key, cores in zip(alone, (1, 2), strict=True):
        end(node_id, key, cores)
    end(whole_id, whole, 5)
    scene.report(gang.lead, gang.key, reason)
    for other in gang.others:
        gang.leave(other, cpu_s=4 * HOUR_S)
    end(gang.lead, gang.key, 4)

    after_all = {key: item for key, item in every_standing(scene).items() if item.budget}
    assert before[":core_hours/total"] == Decimal(1 + 2 + 5 + 12)
    assert {key: item.used for key, item in after_all.items()} == before
    assert {item.budget.running for item in after_all.values() if item.budget} == {Decimal(0)}
