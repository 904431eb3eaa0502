"""What an engine must know of order: the operator's terms, and what was used before it began."""

import pytest

from domain.events import OrderSet
from domain.jobs.order import OrderChoice
from scheduler.explaining.beliefs import believe
from scheduler.replay import Replay, replay_last_run
from scheduler.service import Pace, SchedulerService
from store.access.keys import add_tenant
from store.engine.order_facts import order_in_force
from store.fleet.readings import add_readings
from store.jobs.priority import set_priority
from tests.support.builders import array_spec, job_spec, reading
from tests.support.scene import Scene
from tests.support.told import policy

EAGER = Pace(reconcile_s=0.0)
#: It saves what it learned, and begins anew.
NEW_RUN_EACH_TURN = Pace(renew_s=0.0, longest_run_s=0.0)


def service(scene: Scene, order: OrderChoice | None = None) -> SchedulerService:
    return SchedulerService(store=scene.store, policy=policy("coldest"), pace=EAGER, order=order)


def run_one(scene: Scene, service: SchedulerService, node_id: int, wall_s: float) -> None:
    """A job of all eight cores, for so long."""
    with scene.store.transaction() as tx:
        item = reading(node_id, int(scene.clock.now_s), taken_at_s=scene.clock.now_s)
        add_readings(tx, node_id, [item])
    scene.submit(job_spec(cores=8, project="thesis"))
    service.turn()
    (claimed,) = scene.claim(node_id).claimed
    scene.report(node_id, claimed.key, wall_s=wall_s)
    service.turn()
    scene.clock.advance(60.0)


def taken_core_s(scene: Scene) -> float:
    """What an engine that began now would count against the tenant's project."""
    with scene.database.read() as connection:
        view = believe(scene.database, connection).view
    ranking = view.state.ranking
    account = scene.tenant_id, "thesis"
    return ranking.shares.taken_core_s(account, view.now_s, ranking.rule.half_life_s)


def in_force(scene: Scene) -> OrderSet:
    with scene.database.read() as connection:
        found = order_in_force(connection)
    assert found is not None
    return found


def replayed(scene: Scene) -> Replay:
    result = replay_last_run(scene.database)
    assert isinstance(result, Replay)
    return result


def test_use_before_a_scheduler_that_was_killed_is_not_forgotten(scene: Scene) -> None:
    node_id = scene.node()
    killed = service(scene)
    for _ in range(2):
        run_one(scene, killed, node_id, wall_s=100.0)
    del killed

    next_one = service(scene)
    scene.clock.advance(60.0)
    next_one.turn()

    assert taken_core_s(scene) == pytest.approx(1600.0, rel=1e-3)
    assert replayed(scene).differs_at is None


def test_what_was_saved_is_not_counted_twice(scene: Scene) -> None:
    node_id = scene.node()
    first = SchedulerService(store=scene.store, policy=policy("coldest"), pace=NEW_RUN_EACH_TURN)
    run_one(scene, first, node_id, wall_s=100.0)
    first.turn()
    scene.clock.advance(60.0)

    assert taken_core_s(scene) == pytest.approx(800.0, rel=1e-3)


def test_what_runs_is_known_by_its_start(scene: Scene) -> None:
    node_id = scene.node()
    scene.running(node_id, job_spec(cores=4, project="thesis"))
    scene.clock.advance(500.0)

    assert taken_core_s(scene) == pytest.approx(2000.0)


def test_the_operators_shares_reach_tenants_that_are_made_later(scene: Scene) -> None:
    choice = OrderChoice(shares={"lab": 3.0, "firm": 2.0}, project_shares={"firm": {"thesis": 5.0}})
    running = service(scene, choice)
    running.turn()
    assert in_force(scene).shares == {str(scene.tenant_id): 3.0}

    with scene.store.transaction() as tx:
        firm_id = add_tenant(tx, "firm", "test")
    running.turn()

    assert in_force(scene).shares == {
        str(scene.tenant_id): 3.0,
        str(firm_id): 2.0,
        f"{firm_id}/thesis": 5.0,
    }
    assert replayed(scene).differs_at is None


def test_a_priority_outlives_the_scheduler_and_replays(scene: Scene) -> None:
    """The job that was moved starts first, also of those that a new engine finds."""
    node_id = scene.node()
    numbers = [scene.submit(job_spec(cores=8)) for _ in range(3)]
    array_id = scene.submit(job_spec(cores=8, array=array_spec("0-9")))
    running = service(scene)
    with scene.store.transaction() as tx:
        for job_id, points in ((numbers[2], 50), (array_id, -50)):
            assert set_priority(tx, job_id, points, "test", may_raise=True) is None
    running.turn()
    with scene.store.transaction() as tx:
        assert set_priority(tx, array_id, 99, "test", may_raise=True) is None
        add_readings(tx, node_id, [reading(node_id, 1, taken_at_s=scene.clock.now_s)])
    again = service(scene)
    again.turn()

    (claimed,) = scene.claim(node_id).claimed

    assert claimed.key.instance_id == array_id + 1
    assert replayed(scene).differs_at is None
