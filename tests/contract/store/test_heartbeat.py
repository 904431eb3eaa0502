from domain.events import AttemptEnded, JobQueued, NodeLeft
from domain.jobs.delivery import AttemptKey, Kill
from domain.jobs.job import AttemptState, EndReason, JobState
from store.fleet import nodes
from tests.support.builders import job_spec
from tests.support.scene import Scene


def test_a_heartbeat_renews_the_lease_of_what_the_node_holds(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.clock.advance(600.0)

    pulse = scene.heartbeat(node_id, holding=[key])

    assert pulse.renewed == (key,)
    row = scene.instance(key.instance_id)
    assert row["lease_until_s"] == scene.clock.now_s + row["lease_ttl_s"]


def test_a_heartbeat_of_another_boot_renews_nothing(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")

    pulse = scene.heartbeat(node_id, "boot-2", holding=[key])

    assert pulse.renewed == ()
    assert pulse.kill == (Kill(key=key, reason=EndReason.LEASE_ENDED),)


def test_a_heartbeat_carries_the_offers_so_that_no_hint_is_needed(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)

    assert scene.heartbeat(node_id).assignments == (AttemptKey(instance_id=job_id, attempt=1),)


def test_a_heartbeat_carries_the_orders_to_stop(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.cancel(key.instance_id)

    pulse = scene.heartbeat(node_id, holding=[key])

    assert pulse.kill == (Kill(key=key, reason=EndReason.CANCELLED),)
    assert pulse.renewed == (key,)


def test_a_node_is_told_to_stop_what_is_no_longer_its_own(scene: Scene) -> None:
    node_id = scene.node()
    stale = AttemptKey(instance_id=scene.submit(), attempt=1)

    assert scene.heartbeat(node_id, holding=[stale]).kill == (
        Kill(key=stale, reason=EndReason.LEASE_ENDED),
    )


def test_a_new_boot_loses_at_once_what_the_old_one_ran(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")

    scene.heartbeat(node_id, "boot-2")

    assert scene.attempt_state(key) == AttemptState.LOST
    assert scene.state(key.instance_id) is JobState.QUEUED
    lost, queued = scene.events()[-2:]
    assert isinstance(lost, AttemptEnded)
    assert lost.reason == EndReason.NODE_RESTARTED
    assert isinstance(queued, JobQueued)
    assert (queued.last_attempt, queued.avoid_node_id) == (1, node_id)


def test_a_new_boot_keeps_what_the_old_one_left_to_be_reported(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")

    scene.heartbeat(node_id, "boot-2", spooled=[key])

    assert scene.state(key.instance_id) is JobState.RUNNING
    assert scene.report(node_id, key, boot_id="boot-1") == "accepted"


def test_a_lost_job_that_may_not_run_twice_is_held_for_a_person(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(requeue=False), boot_id="boot-1")

    scene.heartbeat(node_id, "boot-2")

    assert scene.state(key.instance_id) is JobState.HELD
    assert not [event for event in scene.events()[-1:] if isinstance(event, JobQueued)]


def test_a_silent_boot_loses_offers_only_when_they_lapse(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)

    scene.heartbeat(node_id, "boot-2")

    assert scene.state(job_id) is JobState.ASSIGNED


def test_a_drained_node_stays_drained_when_it_is_heard_of(scene: Scene) -> None:
    node_id = scene.node()
    with scene.store.transaction() as tx:
        nodes.set_drained(tx, node_id, drained=True, actor="test")

    scene.heartbeat(node_id)

    assert scene.events()[-1] == NodeLeft(node_id=node_id)
