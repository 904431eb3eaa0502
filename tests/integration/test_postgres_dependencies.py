"""Jobs that wait for several others, whose ends come over several connections at once."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from domain.events import JobQueued
from domain.jobs.delivery import AttemptKey, Completion
from domain.jobs.job import EndReason, JobState
from domain.sbatch.dependencies import DependencyKind
from store.attempts import completions
from store.checks.invariants import look_at_all
from store.dependencies.targets import NewCondition
from store.jobs.new_job import Accepted
from tests.support.builders import array_spec, job_spec
from tests.support.databases import PostgresDatabases, postgres_databases
from tests.support.scene import Scene

OK, FAILED = EndReason.COMPLETED, EndReason.PROGRAM_FAILED
_LOCKED = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresDatabases]:
    with postgres_databases() as made:
        yield made


@pytest.fixture
def scene(databases: PostgresDatabases) -> Iterator[Scene]:
    url = databases.fresh()
    made = Scene(url)
    yield made
    made.close()
    databases.take_back(url)


def _after(
    scene: Scene,
    numbers: Sequence[int],
    kind: DependencyKind = DependencyKind.AFTER_OK,
    count: int = 0,
) -> int:
    """A job, or an array of so many, that waits for all of these."""
    spec = job_spec(array=array_spec(f"0-{count - 1}")) if count else job_spec()
    conditions = tuple(NewCondition(kind=kind, number=number) for number in numbers)
    (answer,) = scene.submit_all([replace(scene.submission(spec), conditions=conditions)])
    assert isinstance(answer, Accepted)
    return answer.job_id


def _wait_for_a_lock(scene: Scene) -> None:
    """Return when another connection waits for a row that this test holds."""
    deadline_s = time.monotonic() + 60.0
    while time.monotonic() < deadline_s:
        with scene.database.read() as connection:
            if connection.execute(text(_LOCKED)).scalar_one():
                return
        time.sleep(0.01)
    pytest.fail("the other end did not wait for this one")


def _queued_times(scene: Scene, number: int) -> int:
    queued = [item.instance_id for item in scene.events() if isinstance(item, JobQueued)]
    return queued.count(number)


def _sound(scene: Scene) -> list[str]:
    return [item.name for item in look_at_all(scene.database, role="nobody") if item.offenders]


@pytest.mark.parametrize(("last", "state"), [(OK, JobState.QUEUED), (FAILED, JobState.CANCELLED)])
def test_the_later_of_two_ends_at_once_decides(
    scene: Scene, last: EndReason, state: JobState
) -> None:
    node_id = scene.node()
    first, second = scene.running(node_id), scene.running(node_id)
    waiting = _after(scene, [first.instance_id, second.instance_id])
    end = Completion(key=first, boot_id="boot-1", reason=OK, exit_code=0)

    with ThreadPoolExecutor(1) as threads:
        with scene.store.transaction() as tx:
            completions.complete(tx, node_id, [end])
            other = threads.submit(scene.report, node_id, second, last)
            _wait_for_a_lock(scene)
        assert other.result(60.0) == "accepted"

    assert scene.state(waiting) is state
    assert _queued_times(scene, waiting) == (state is JobState.QUEUED)
    assert _sound(scene) == []


def test_an_end_and_a_cancellation_at_once_release_what_waited_for_both(scene: Scene) -> None:
    node_id = scene.node()
    running, queued = scene.running(node_id), scene.submit()
    waiting = _after(scene, [running.instance_id, queued], DependencyKind.AFTER_ANY)
    end = Completion(key=running, boot_id="boot-1", reason=FAILED, exit_code=1)

    with ThreadPoolExecutor(1) as threads:
        with scene.store.transaction() as tx:
            completions.complete(tx, node_id, [end])
            other = threads.submit(scene.cancel, queued)
            _wait_for_a_lock(scene)
        assert other.result(60.0) is JobState.CANCELLED

    assert (scene.state(waiting), _queued_times(scene, waiting)) == (JobState.QUEUED, 1)


def test_a_job_that_is_submitted_while_the_other_ends_does_not_wait_for_ever(scene: Scene) -> None:
    node_id = scene.node()
    running = scene.running(node_id)
    end = Completion(key=running, boot_id="boot-1", reason=OK, exit_code=0)

    with ThreadPoolExecutor(1) as threads:
        with scene.store.transaction() as tx:
            completions.complete(tx, node_id, [end])
            submitting = threads.submit(_after, scene, [running.instance_id])
            _wait_for_a_lock(scene)
        waiting = submitting.result(60.0)

    assert (scene.state(waiting), _queued_times(scene, waiting)) == (JobState.QUEUED, 1)


def test_many_ends_at_once_release_each_that_waits_once_and_none_locks_out_another(
    scene: Scene,
) -> None:
    node_id = scene.node()
    for _ in range(6):
        keys = [scene.running(node_id, job_spec(cores=1)) for _ in range(4)]
        a, b, c, d = (key.instance_id for key in keys)
        waiting = [
            _after(scene, names) for names in ([a, b], [b, a], [c, d, a], [d, c], [a, b, c, d])
        ]
        waiting.append(_after(scene, [waiting[0]]))
        crossed = _after(scene, [d, a], count=3)

        def end(key: AttemptKey) -> str:
            return scene.report(node_id, key)

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(end, keys)) == ["accepted"] * 4

        assert [scene.state(number) for number in waiting[:5]] == [JobState.QUEUED] * 5
        assert scene.state(waiting[5]) is JobState.BLOCKED
        assert scene.states(crossed) == {"queued": 3}
        assert [_queued_times(scene, number) for number in waiting[:5]] == [1] * 5
    assert _sound(scene) == []
