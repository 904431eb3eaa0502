from typing import Any

import pytest

from domain.events import AttemptEnded, NodeJoined, NodeLeft
from domain.jobs.delivery import AttemptKey, CompletionResult
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_spec import DEFAULT_DISCONNECT_TOLERANCE_S
from store.attempts import reconcile
from store.attempts.assignments import CLAIM_LEASE_S
from store.attempts.reconcile import LEASE_DRIFT_FRAC, LEASE_MARGIN_S, SILENT_AFTER_S
from store.fleet import nodes
from store.jobs import job_queries
from tests.support.scene import Scene

LEASE_S = float(DEFAULT_DISCONNECT_TOLERANCE_S)
MARGIN_S = LEASE_MARGIN_S + LEASE_DRIFT_FRAC * LEASE_S


def test_an_offer_that_nobody_claims_lapses_without_margin(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)

    scene.clock.advance(CLAIM_LEASE_S)
    assert scene.reconcile() == 0
    scene.clock.advance(0.5)
    assert scene.reconcile() == 1

    assert scene.state(job_id) is JobState.QUEUED
    ended = scene.events()[-2]
    assert isinstance(ended, AttemptEnded)
    assert (ended.reason, ended.wall_s) == (EndReason.NOT_CLAIMED, 0.0)


def test_a_lease_ends_only_after_the_nodes_own_kill_and_its_margin(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    scene.clock.advance(LEASE_S + MARGIN_S - 0.5)
    assert scene.reconcile() == 0
    scene.clock.advance(1.0)
    assert scene.reconcile() == 1

    assert scene.state(key.instance_id) is JobState.QUEUED
    assert scene.report(node_id, key) is CompletionResult.FENCED


def test_what_runs_again_shows_nothing_of_the_attempt_before(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.clock.advance(LEASE_S + MARGIN_S + 1.0)
    scene.reconcile()

    waiting = _shown(scene, key.instance_id)
    assert (waiting["node"], waiting["started_at_s"]) == (None, None)
    assert waiting["reason"] == EndReason.LEASE_ENDED

    scene.assign(key.instance_id, node_id, attempt_number=2)
    scene.claim(node_id)
    assert _shown(scene, key.instance_id)["reason"] is None


def _shown(scene: Scene, job_id: int) -> dict[str, Any]:
    with scene.store.database.read() as connection:
        found = job_queries.one(connection, job_id, None)
    assert found is not None
    return found


def test_a_renewed_lease_does_not_end(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.clock.advance(LEASE_S - 1.0)
    scene.heartbeat(node_id, holding=[key])

    scene.clock.advance(LEASE_S - 1.0)

    assert scene.reconcile() == 0
    assert scene.state(key.instance_id) is JobState.RUNNING


def test_a_job_that_was_being_cancelled_ends_with_its_lease(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.cancel(key.instance_id)

    scene.clock.advance(LEASE_S + MARGIN_S + 1.0)
    scene.reconcile()

    assert scene.state(key.instance_id) is JobState.CANCELLED


def test_a_node_may_take_a_lapsed_job_again_under_a_new_number(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)
    scene.clock.advance(CLAIM_LEASE_S + 1.0)
    scene.reconcile()

    scene.assign(job_id, node_id, attempt_number=2)

    (item,) = scene.claim(node_id).claimed
    assert item.key == AttemptKey(instance_id=job_id, attempt=2)


def test_an_outage_of_the_store_does_not_kill_the_fleet(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.clock.advance(10 * LEASE_S)

    with scene.store.transaction() as tx:
        assert reconcile.extend_leases_after_outage(tx) == 1

    assert scene.reconcile() == 0
    assert scene.state(key.instance_id) is JobState.RUNNING


def test_leases_run_on_while_any_node_speaks(scene: Scene) -> None:
    lost, heard = scene.node("lost"), scene.node("heard")
    key = scene.running(lost)
    scene.clock.advance(LEASE_S + MARGIN_S + 1.0)
    scene.heartbeat(heard, holding=[])

    with scene.store.transaction() as tx:
        assert reconcile.extend_leases_after_outage(tx) == 0

    assert scene.reconcile() == 1
    assert scene.state(key.instance_id) is JobState.QUEUED


def test_a_silent_node_gets_no_new_work_and_keeps_its_leases(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.clock.advance(SILENT_AFTER_S + 1.0)

    with scene.store.transaction() as tx:
        assert reconcile.mark_silent_nodes(tx) == [node_id]

    assert scene.events()[-1] == NodeLeft(node_id=node_id)
    assert scene.state(key.instance_id) is JobState.RUNNING


def test_a_node_that_speaks_is_not_silent(scene: Scene) -> None:
    node_id = scene.node()
    scene.clock.advance(SILENT_AFTER_S - 1.0)
    scene.heartbeat(node_id)
    scene.clock.advance(2.0)

    with scene.store.transaction() as tx:
        assert reconcile.mark_silent_nodes(tx) == []


def test_a_silent_node_that_speaks_again_is_up(scene: Scene) -> None:
    node_id = scene.node()
    scene.clock.advance(SILENT_AFTER_S + 1.0)
    with scene.store.transaction() as tx:
        reconcile.mark_silent_nodes(tx)

    scene.heartbeat(node_id)

    assert isinstance(scene.events()[-1], NodeJoined)


@pytest.mark.parametrize("drained", [True, False])
def test_an_operators_word_is_told_to_the_engine_once(scene: Scene, *, drained: bool) -> None:
    node_id = scene.node()
    before = len(scene.events())

    for _ in range(2):
        with scene.store.transaction() as tx:
            assert nodes.set_drained(tx, node_id, drained=drained, actor="test")

    assert scene.events()[before:] == ([NodeLeft(node_id=node_id)] if drained else [])
