import contextlib

from domain.commands import AssignAttempt, Why
from store.attempts import assignments
from store.attempts.assignments import HINT_TOPIC
from store.engine import outbox
from tests.support.scene import Scene


def _offer(scene: Scene) -> None:
    node_id = scene.node()
    for _ in range(2):
        scene.assign(scene.submit(), node_id)


def _unsent(scene: Scene) -> list[int]:
    with scene.database.read() as connection:
        return [parcel.id for parcel in outbox.unsent(connection, HINT_TOPIC)]


def test_what_was_sent_is_not_sent_again(scene: Scene) -> None:
    _offer(scene)
    first, second = _unsent(scene)

    with scene.store.transaction() as tx:
        outbox.mark_sent(tx, [first])

    assert _unsent(scene) == [second]


def test_a_crash_before_the_mark_sends_again(scene: Scene) -> None:
    _offer(scene)
    before = _unsent(scene)

    with contextlib.suppress(ConnectionError), scene.store.transaction() as tx:
        outbox.mark_sent(tx, before)
        raise ConnectionError

    assert _unsent(scene) == before


def test_an_offer_that_is_not_committed_leaves_no_hint(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    order = AssignAttempt(instance_id=job_id, attempt=1, node_id=node_id, why=Why(code="test"))

    with contextlib.suppress(ConnectionError), scene.store.transaction() as tx:
        assignments.assign(tx, [order], 1)
        raise ConnectionError

    assert _unsent(scene) == []


def test_stale_hints_and_sent_ones_are_dropped_and_fresh_ones_kept(scene: Scene) -> None:
    _offer(scene)
    scene.clock.advance(100.0)
    scene.assign(scene.submit(), 1)
    fresh = _unsent(scene)[-1]

    with scene.store.transaction() as tx:
        assert outbox.drop_stale(tx, HINT_TOPIC, 60.0) == 2

    assert _unsent(scene) == [fresh]


def test_a_topic_of_its_own_is_left_alone(scene: Scene) -> None:
    _offer(scene)
    scene.clock.advance(100.0)

    with scene.store.transaction() as tx:
        assert outbox.drop_stale(tx, "webhook", 60.0) == 0

    assert len(_unsent(scene)) == 2
