from sqlalchemy import update

from domain.events import EngineStarted, JobQueued
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason
from domain.refusal import Refused
from scheduler.engine import ENGINE_VERSION
from scheduler.placement.policies.baselines import ColdestTank
from scheduler.replay import Replay, replay_last_run
from scheduler.service import SchedulerService
from store.engine import event_log, leadership
from store.fleet.readings import add_readings
from store.tables.engine import decision, event
from store.tables.jobs import instance
from tests.support.builders import job_spec, reading
from tests.support.scene import Scene


def _service(scene: Scene) -> SchedulerService:
    return SchedulerService(store=scene.store, policy=ColdestTank())


def _warm(scene: Scene, node_id: int, seq: int, water_temp_c: float) -> None:
    item = reading(node_id, seq, taken_at_s=scene.clock.now_s, water_temp_c=water_temp_c)
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [item])


def _play(scene: Scene, service: SchedulerService) -> None:
    """Two boilers, twelve jobs, all that happens to jobs, and water that moves."""
    first, second = scene.node("first"), scene.node("second")
    for turn in range(12):
        scene.clock.advance(1.7)
        _warm(scene, first, turn, 30.0 + turn / 3)
        _warm(scene, second, turn, 35.0 - turn / 7)
        scene.submit(job_spec(cores=1 + turn % 5, max_attempts=2))
        service.turn()
        for node_id in (first, second):
            for number, item in enumerate(scene.claim(node_id).claimed):
                failed = (turn + number) % 3 == 0
                reason = EndReason.PROGRAM_FAILED if failed else EndReason.COMPLETED
                scene.report(node_id, item.key, reason, wall_s=0.1 * turn)
        if turn == 5:
            scene.cancel(turn)
        service.turn()


def _replayed(scene: Scene) -> Replay:
    result = replay_last_run(scene.database)
    assert isinstance(result, Replay)
    return result


def test_the_log_of_a_run_replays_to_the_same_orders(scene: Scene) -> None:
    _play(scene, _service(scene))

    result = _replayed(scene)

    assert result.differs_at is None
    assert result.books is None
    assert result.commands >= 12
    assert result.run.policy == "coldest"


def test_a_run_after_a_restart_replays_by_itself(scene: Scene) -> None:
    _play(scene, _service(scene))
    scene.submit(job_spec(cores=8))
    before = _replayed(scene)

    _service(scene).turn()

    after = _replayed(scene)
    assert after.run.first_batch > before.run.first_batch
    assert after.differs_at is None
    assert after.batches == 1


def test_a_changed_log_is_noticed(scene: Scene) -> None:
    _play(scene, _service(scene))
    with scene.database.write() as connection:
        connection.execute(
            update(decision).where(decision.c.commands != "[]").values(commands="[]")
        )

    result = _replayed(scene)

    assert result.differs_at is not None
    assert result.logged == "[]"
    assert "AssignAttempt" in result.replayed


def test_a_run_of_another_engine_is_not_compared(scene: Scene) -> None:
    _play(scene, _service(scene))
    with scene.database.write() as connection:
        connection.execute(
            update(event)
            .where(event.c.kind == "EngineStarted")
            .values(payload='{"policy":"coldest","version":"older"}')
        )

    result = replay_last_run(scene.database)

    assert isinstance(result, Refused)
    assert result.code == "replay.version"


def test_where_no_engine_ran_there_is_nothing_to_replay(scene: Scene) -> None:
    result = replay_last_run(scene.database)

    assert isinstance(result, Refused)
    assert result.code == "replay.empty"


def test_a_batch_is_read_as_the_engine_took_it(scene: Scene) -> None:
    service = _service(scene)
    scene.node()
    service.turn()
    job_id = scene.submit()
    service.turn()

    with scene.database.read() as connection:
        run = event_log.last_run(connection)
        assert run is not None
        start, submitted = event_log.batches(connection, run.first_batch)

    assert start.events[0] == EngineStarted(policy="coldest", version=ENGINE_VERSION)
    (queued,) = submitted.events
    assert isinstance(queued, JobQueued)
    assert queued.instance_id == job_id


def test_a_new_run_finds_what_the_store_knows_and_counts_nothing_twice(scene: Scene) -> None:
    service = _service(scene)
    node_id = scene.node()
    _warm(scene, node_id, 1, 30.0)
    running, waiting = scene.submit(job_spec(cores=8)), scene.submit(job_spec(cores=8))
    service.turn()
    scene.claim(node_id)

    successor = _service(scene)
    successor.turn()
    scene.report(node_id, AttemptKey(instance_id=running, attempt=1))
    successor.turn()

    with scene.database.read() as connection:
        states = connection.execute(
            instance.select().with_only_columns(instance.c.state).order_by(instance.c.id)
        ).scalars()
        assert list(states) == ["succeeded", "assigned"]
    assert scene.instance(waiting)["attempt"] == 1
    assert _replayed(scene).differs_at is None


def test_a_scheduler_that_does_not_lead_decides_nothing(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        leadership.take(tx, role="scheduler", holder="elsewhere:1:2", ttl_s=10.0)
    node_id = scene.node()
    _warm(scene, node_id, 1, 30.0)
    job_id = scene.submit()

    _service(scene).turn()

    assert scene.state(job_id) == "queued"
    assert _is_empty(scene)


def _is_empty(scene: Scene) -> bool:
    with scene.database.read() as connection:
        return event_log.last_run(connection) is None
