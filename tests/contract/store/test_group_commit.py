import threading
from collections.abc import Iterator

import pytest

from domain.refusal import Refused
from store.jobs import jobs
from store.jobs.new_job import Accepted
from store.transaction import Transaction
from store.writer import GroupCommitWriter
from tests.support.scene import Scene


@pytest.fixture
def writer(scene: Scene) -> Iterator[GroupCommitWriter]:
    made = GroupCommitWriter(scene.store)
    yield made
    made.close()


class Gate:
    """Holds the writer's thread so that what follows waits together."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def wait(self, _: Transaction) -> None:
        assert self._open.wait(30.0)

    def open(self) -> None:
        self._open.set()


def _fail(tx: Transaction) -> None:
    tx.audited(actor="test", action="half", subject="done")
    message = "this one fails"
    raise RuntimeError(message)


def test_an_operations_answer_comes_when_it_is_durable(
    scene: Scene, writer: GroupCommitWriter
) -> None:
    answer = writer.submit(lambda tx: jobs.submit(tx, [scene.submission()])).result(30.0)

    assert answer == [Accepted(job_id=1)]
    assert scene.state(1) == "queued"


def test_one_that_fails_does_not_hurt_its_neighbours(
    scene: Scene, writer: GroupCommitWriter
) -> None:
    gate = Gate()
    held = writer.submit(gate.wait)
    before = writer.submit(lambda tx: jobs.submit(tx, [scene.submission()]))
    failing = writer.submit(_fail)
    after = writer.submit(lambda tx: jobs.submit(tx, [scene.submission()]))
    gate.open()

    assert held.result(30.0) is None
    assert before.result(30.0) == [Accepted(job_id=1)]
    with pytest.raises(RuntimeError, match="this one fails"):
        failing.result(30.0)
    assert after.result(30.0) == [Accepted(job_id=2)]
    assert len(scene.events()) == 2


def test_what_a_failed_one_recorded_is_not_in_the_log(
    scene: Scene, writer: GroupCommitWriter
) -> None:
    def submit_then_fail(tx: Transaction) -> None:
        jobs.submit(tx, [scene.submission()])
        message = "after recording"
        raise RuntimeError(message)

    gate = Gate()
    writer.submit(gate.wait)
    failing = writer.submit(submit_then_fail)
    kept = writer.submit(lambda tx: jobs.submit(tx, [scene.submission()]))
    gate.open()

    assert isinstance(failing.exception(30.0), RuntimeError)
    (answer,) = kept.result(30.0)
    assert not isinstance(answer, Refused)
    assert [event.instance_id for event in scene.events()] == [answer.job_id]  # type: ignore[union-attr]


def test_a_failure_alone_is_rolled_back_too(scene: Scene, writer: GroupCommitWriter) -> None:
    assert isinstance(writer.submit(_fail).exception(30.0), RuntimeError)
    assert scene.events() == []


def test_closing_finishes_what_was_submitted(scene: Scene) -> None:
    writer = GroupCommitWriter(scene.store)
    futures = [writer.submit(lambda tx: jobs.submit(tx, [scene.submission()])) for _ in range(50)]

    writer.close()

    assert all(future.done() for future in futures)
    assert len(scene.events()) == 50
