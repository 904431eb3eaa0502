"""What the engine learns outlives it, and everything goes through the log: with the real engine."""

import threading

import pytest

from domain.events import TimePassed
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from scheduler.explaining.beliefs import believe
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.registry import policy_named
from scheduler.replay import Replay, replay_last_run
from scheduler.service import SchedulerService
from store.engine import event_log
from store.fleet.readings import add_readings
from store.instances.queueing import pseudonym
from tests.support.builders import job_queued, job_spec, reading
from tests.support.scene import Scene

#: Long enough by the clock for the water to be looked at again, short enough for its reading.
MINUTES_S = 601.0


class _NoNews:
    def wait(self, timeout_s: float) -> list[str]:
        del timeout_s
        return []

    def close(self) -> None:
        """Nothing to close."""


def _policy() -> Policy:
    policy = policy_named("chaufferie")
    assert not isinstance(policy, Refused)
    return policy


def _service(scene: Scene) -> SchedulerService:
    return SchedulerService(store=scene.store, policy=_policy())


def _stop(service: SchedulerService) -> None:
    stop = threading.Event()
    stop.set()
    service.run(_NoNews(), stop)


def _warm(scene: Scene, node_id: int, seq: int, **fields: float) -> None:
    item = reading(node_id, seq, taken_at_s=scene.clock.now_s, **fields)
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [item])


def _run_jobs(scene: Scene, service: SchedulerService, n_jobs: int, spec: JobSpec) -> None:
    """Jobs of one kind, each of 100 s, each after the other."""
    node_id = scene.node()
    for seq in range(n_jobs):
        scene.clock.advance(120.0)
        scene.heartbeat(node_id)
        _warm(scene, node_id, seq)
        scene.submit(spec)
        service.turn()
        (item,) = scene.claim(node_id).claimed
        scene.report(node_id, item.key, wall_s=100.0)
        service.turn()


def _expected_s(scene: Scene) -> float:
    """How long whoever asks why is told that such a job would take."""
    with scene.database.read() as connection:
        beliefs = believe(scene.database, connection)
    name = pseudonym(scene.tenant_id, "case")
    return beliefs.view.expect_s(job_queued(tenant_id=scene.tenant_id, name=name))


def _replayed(scene: Scene) -> Replay:
    result = replay_last_run(scene.database)
    assert isinstance(result, Replay)
    return result


def test_whoever_asks_why_is_told_by_what_was_learned(scene: Scene) -> None:
    before_s = _expected_s(scene)
    service = _service(scene)
    _run_jobs(scene, service, 8, job_spec())

    _stop(service)

    assert _expected_s(scene) == pytest.approx(100.0, rel=0.5)
    assert before_s > 5 * _expected_s(scene)


def test_a_run_that_begins_with_knowledge_replays_by_itself(scene: Scene) -> None:
    service = _service(scene)
    _run_jobs(scene, service, 4, job_spec())
    _stop(service)

    successor = _service(scene)
    successor.turn()
    scene.submit(job_spec(cores=8))
    successor.turn()

    result = _replayed(scene)
    assert (result.differs_at, result.books) == (None, None)
    assert result.run.policy == "chaufferie"
    assert result.commands == 1


def test_time_that_passes_is_in_the_log_and_replays(scene: Scene) -> None:
    node_id = scene.node()
    _warm(scene, node_id, 1)
    service = _service(scene)
    service.turn()
    scene.submit(job_spec(cores=8))
    scene.submit(job_spec(cores=8))
    service.turn()
    for _ in range(3):
        scene.clock.advance(MINUTES_S)
        service.turn()
        service.turn()

    with scene.database.read() as connection:
        run = event_log.last_run(connection)
        assert run is not None
        batches = list(event_log.batches(connection, run.first_batch))
    assert sum(TimePassed() in batch.events for batch in batches) == 3
    assert all(batch.events for batch in batches)
    assert _replayed(scene).differs_at is None


def test_the_policy_that_decides_is_known_to_whoever_asks_why(scene: Scene) -> None:
    with scene.database.read() as connection:
        assert believe(scene.database, connection).policy.name == "impatient"

    _service(scene).turn()

    with scene.database.read() as connection:
        assert event_log.deciding_policy(connection) == "chaufferie"
        assert believe(scene.database, connection).policy.name == "chaufferie"
