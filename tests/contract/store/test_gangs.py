"""Jobs of several nodes: all of them or none, at the start, at the end, and when one is lost."""

import pytest

from domain.events import AttemptClaimed, AttemptEnded, JobQueued
from domain.jobs.delivery import AttemptKey, CompletionResult, GangNode, Kill
from domain.jobs.job import AttemptState, EndReason, JobState
from store.attempts.reconcile import extend_leases_after_outage
from store.checks.invariants import look_at_all
from store.engine.engine_facts import job_facts
from store.fleet import site_queries
from store.gangs import members
from tests.support.gang_scene import GangScene, gang_spec
from tests.support.scene import Scene


def _is_sound(scene: Scene) -> None:
    broken = [item for item in look_at_all(scene.database, role="scheduler") if item.offenders]
    assert not broken, broken


def test_the_script_starts_when_every_node_listens(scene: Scene) -> None:
    gang = GangScene(scene)
    first, second = gang.others

    handed = gang.join(first)
    assert [(item.key, item.gang.place) for item in handed.claimed if item.gang] == [(gang.key, 1)]
    assert scene.claim(gang.lead).claimed == ()

    gang.join(second, listens=False)
    assert scene.claim(gang.lead).claimed == ()
    assert scene.state(gang.job_id) is JobState.ASSIGNED

    scene.claim(second, sharing={gang.key: "10.0.0.9:1"})
    (claimed,) = scene.claim(gang.lead).claimed

    assert claimed.gang is not None
    assert claimed.gang.nodes == (
        GangNode(name="node-0", host_name="node-0.pool", cores=4, address=None),
        GangNode(name="node-1", host_name="node-1.pool", cores=4, address=f"10.0.0.{first}:4000"),
        GangNode(name="node-2", host_name="node-2.pool", cores=4, address="10.0.0.9:1"),
    )
    assert scene.state(gang.job_id) is JobState.RUNNING
    claims = [event for event in scene.events() if isinstance(event, AttemptClaimed)]
    assert claims == [
        AttemptClaimed(
            instance_id=gang.job_id, attempt=1, node_id=gang.lead, member_ids=(first, second)
        )
    ]
    _is_sound(scene)


def test_a_share_is_not_taken_where_its_cores_are_not_free(scene: Scene) -> None:
    gang = GangScene(scene)

    assert scene.claim(gang.others[0], free_cores=3).claimed == ()


def test_a_share_claimed_into_a_lost_connection_is_handed_out_again(scene: Scene) -> None:
    gang = GangScene(scene)
    node_id = gang.others[0]
    gang.join(node_id, listens=False)

    (again,) = scene.claim(node_id, free_cores=0).claimed

    assert again.key == gang.key


def test_every_node_of_it_counts_its_cores_as_held(scene: Scene) -> None:
    gang = GangScene(scene)

    with scene.database.read() as connection:
        free = {row.node_id: row.free_cores for row in site_queries.nodes(connection, None)}

    assert free == dict.fromkeys(gang.ids, 4)


def test_a_node_that_never_comes_releases_the_whole_job(scene: Scene) -> None:
    gang = GangScene(scene)
    came, _ = gang.others
    gang.join(came)
    scene.clock.advance(61.0)

    scene.reconcile()

    assert scene.state(gang.job_id) is JobState.QUEUED
    assert scene.instance(gang.job_id)["reason"] == EndReason.NOT_CLAIMED
    assert scene.usage() == []
    assert gang.told(came) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
    assert gang.beat(came) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
    assert scene.claim(gang.lead).claimed == ()
    _is_sound(scene)


def test_a_share_that_cannot_be_started_releases_the_whole_job_at_once(scene: Scene) -> None:
    gang = GangScene(scene)
    node_id = gang.others[0]
    gang.join(node_id)

    gang.leave(node_id, EndReason.NOT_STARTED)

    assert scene.state(gang.job_id) is JobState.QUEUED
    queued = [event for event in scene.events() if isinstance(event, JobQueued)][-1]
    assert (queued.nodes, queued.last_attempt, queued.avoid_node_id) == (3, 1, node_id)
    assert scene.instance(gang.job_id)["failures"] == 0
    _is_sound(scene)


def test_the_end_waits_until_no_node_runs_a_part_of_it(scene: Scene) -> None:
    gang = GangScene(scene).start()
    first, second = gang.others

    assert scene.report(gang.lead, gang.key) is CompletionResult.WAITING
    assert scene.state(gang.job_id) is JobState.RUNNING
    for node_id in gang.others:
        assert gang.told(node_id) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
        assert gang.beat(node_id) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
    gang.leave(first, cpu_s=7.0, max_rss_bytes=500)
    assert scene.report(gang.lead, gang.key) is CompletionResult.WAITING
    gang.leave(second, cpu_s=3.0, max_rss_bytes=900)

    result = scene.report(gang.lead, gang.key, cpu_s=5.0, wall_s=10.0, max_rss_bytes=100)
    assert result is CompletionResult.ACCEPTED
    assert scene.state(gang.job_id) is JobState.SUCCEEDED
    (usage,) = scene.usage()
    assert (usage["cores"], usage["wall_s"], usage["cpu_s"]) == (12, 10.0, 15.0)
    assert usage["max_rss_bytes"] == 900
    assert usage["energy_estimate_wh"] == pytest.approx(100.0 * 15.0 / 3600.0)
    assert gang.leave(first) is CompletionResult.REPEATED
    _is_sound(scene)


def test_the_lease_of_an_end_that_waits_goes_on(scene: Scene) -> None:
    gang = GangScene(scene).start()
    for _ in range(4):
        scene.clock.advance(600.0)
        for node_id in gang.others:
            gang.beat(node_id)
        assert scene.report(gang.lead, gang.key) is CompletionResult.WAITING

    assert scene.reconcile() == 0


@pytest.mark.parametrize("requeue", [None, False])
def test_a_node_that_restarts_ends_the_attempt_and_not_the_job(
    scene: Scene, *, requeue: bool | None
) -> None:
    gang = GangScene(scene, requeue=requeue).start()
    lost, other = gang.others

    scene.heartbeat(lost, "boot-2")

    told = Kill(key=gang.key, reason=EndReason.MEMBER_LOST)
    assert gang.beat(gang.lead) == [told]
    assert list(scene.claim(gang.lead, holding=[gang.key]).kill) == [told]
    report = scene.report(gang.lead, gang.key, EndReason.MEMBER_LOST)
    assert report is CompletionResult.WAITING
    gang.leave(other)
    scene.report(gang.lead, gang.key, EndReason.MEMBER_LOST)

    row = scene.instance(gang.job_id)
    assert row["state"] == (JobState.QUEUED if requeue is None else JobState.HELD)
    assert (row["reason"], row["failures"]) == (EndReason.MEMBER_LOST, 0)
    queued = [event for event in scene.events() if isinstance(event, JobQueued)]
    assert [event.avoid_node_id for event in queued[1:]] == ([lost] if requeue is None else [])
    _is_sound(scene)


def test_a_program_that_failed_for_want_of_a_node_has_not_failed(scene: Scene) -> None:
    """Its peers notice first; the store hears of the lost node only when its lease is over."""
    gang = GangScene(scene).start()
    _lost, other = gang.others
    assert scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED) is CompletionResult.WAITING
    gang.leave(other)
    scene.clock.advance(800.0)
    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)
    scene.clock.advance(107.0 + 17.0)
    scene.reconcile()
    assert scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED) is CompletionResult.WAITING

    scene.clock.advance(2.0)
    scene.reconcile()
    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)

    row = scene.instance(gang.job_id)
    assert (row["state"], row["failures"]) == (JobState.QUEUED, 0)
    _is_sound(scene)


def test_a_share_that_died_before_it_was_told_to_stop_is_lost(scene: Scene) -> None:
    gang = GangScene(scene).start()
    killed, other = gang.others
    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)
    gang.leave(killed, EndReason.PROGRAM_FAILED)
    gang.leave(other)

    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)

    row = scene.instance(gang.job_id)
    assert (row["state"], row["reason"]) == (JobState.QUEUED, EndReason.MEMBER_LOST)
    assert row["failures"] == 0


def test_a_limit_reached_on_a_further_node_is_the_programs_own_failure(scene: Scene) -> None:
    gang = GangScene(scene, max_attempts=1).start()
    over, other = gang.others
    gang.leave(over, EndReason.MEMORY_LIMIT, detail="It used 9 MiB; its limit is 8 MiB.")
    assert gang.beat(gang.lead) == [Kill(key=gang.key, reason=EndReason.MEMBER_LOST)]
    gang.leave(other)

    scene.report(gang.lead, gang.key, EndReason.MEMBER_LOST)

    row = scene.instance(gang.job_id)
    assert (row["state"], row["reason"]) == (JobState.FAILED, EndReason.MEMORY_LIMIT)
    assert row["failures"] == 1


def test_where_the_script_ran_is_lost_the_job_waits_for_the_others(scene: Scene) -> None:
    gang = GangScene(scene).start()

    scene.heartbeat(gang.lead, "boot-2")
    assert scene.state(gang.job_id) is JobState.RUNNING
    for node_id in gang.others:
        assert gang.told(node_id) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
    gang.all_leave()
    scene.heartbeat(gang.lead, "boot-2")

    assert scene.state(gang.job_id) is JobState.QUEUED
    assert scene.attempt_state(gang.key) == AttemptState.LOST
    _is_sound(scene)


def test_all_nodes_lost_at_once_are_lost_by_their_leases(scene: Scene) -> None:
    gang = GangScene(scene).start()
    scene.clock.advance(930.0)

    scene.reconcile()

    assert scene.state(gang.job_id) is JobState.QUEUED
    assert scene.instance(gang.job_id)["reason"] == EndReason.LEASE_ENDED
    _is_sound(scene)


def test_an_outage_of_the_store_costs_no_share(scene: Scene) -> None:
    gang = GangScene(scene).start()
    scene.clock.advance(930.0)
    with scene.store.transaction() as tx:
        extend_leases_after_outage(tx)
    scene.reconcile()

    assert scene.state(gang.job_id) is JobState.RUNNING
    assert gang.beat(gang.others[0]) == []


def test_an_offer_that_is_cancelled_dismisses_every_node(scene: Scene) -> None:
    gang = GangScene(scene)
    came, _ = gang.others
    gang.join(came)

    assert scene.cancel(gang.job_id) is JobState.CANCELLED

    assert gang.told(came) == [Kill(key=gang.key, reason=EndReason.CANCELLED)]
    _is_sound(scene)


def test_a_running_job_that_is_cancelled_ends_when_all_have_stopped(scene: Scene) -> None:
    gang = GangScene(scene).start()
    assert scene.cancel(gang.job_id) is JobState.CANCELLING

    assert gang.told(gang.others[0]) == []  # its script may still say goodbye
    assert scene.report(gang.lead, gang.key, EndReason.CANCELLED) is CompletionResult.WAITING
    gang.all_leave()
    scene.report(gang.lead, gang.key, EndReason.CANCELLED)

    assert scene.state(gang.job_id) is JobState.CANCELLED
    _is_sound(scene)


def test_the_next_attempt_is_a_new_gang(scene: Scene) -> None:
    gang = GangScene(scene, max_attempts=2).start()
    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)
    gang.all_leave()
    scene.report(gang.lead, gang.key, EndReason.PROGRAM_FAILED)
    old = gang.key

    gang.offer(2)
    assert gang.leave(gang.others[0]) is CompletionResult.FENCED
    gang.start()

    assert scene.claim(gang.others[0], sharing={old: "10.0.0.1:1"}).kill == (
        Kill(key=old, reason=EndReason.CANCELLED),
    )
    _is_sound(scene)


def test_a_new_engine_learns_of_all_its_nodes(scene: Scene) -> None:
    gang = GangScene(scene).start()

    with scene.store.transaction() as tx:
        queued, claimed = job_facts(tx)

    assert isinstance(queued, JobQueued)
    assert queued.nodes == 3
    assert isinstance(claimed, AttemptClaimed)
    assert claimed.member_ids == tuple(gang.others)


def test_a_new_engine_learns_which_node_was_lost(scene: Scene) -> None:
    gang = GangScene(scene).start()
    scene.heartbeat(gang.others[1], "boot-2")
    gang.leave(gang.others[0])
    scene.report(gang.lead, gang.key, EndReason.MEMBER_LOST)

    with scene.store.transaction() as tx:
        (queued,) = job_facts(tx)

    assert isinstance(queued, JobQueued)
    assert queued.avoid_node_id == gang.others[1]


def test_only_a_node_that_has_a_share_may_fetch_for_it(scene: Scene) -> None:
    gang = GangScene(scene)
    came, absent = gang.others
    gang.join(came, listens=False)

    with scene.database.read() as connection:
        assert members.tenant_of(connection, gang.key, came) == scene.tenant_id
        assert members.tenant_of(connection, gang.key, absent) is None
        assert members.tenant_of(connection, gang.key, gang.lead) is None


def test_what_a_stranger_reports_is_not_heard(scene: Scene) -> None:
    gang = GangScene(scene).start()
    stranger = scene.node("stranger")

    assert gang.leave(stranger) is CompletionResult.UNKNOWN
    assert scene.report(gang.others[0], gang.key) is CompletionResult.UNKNOWN
    assert scene.state(gang.job_id) is JobState.RUNNING


def test_offers_of_shares_travel_with_the_heartbeat(scene: Scene) -> None:
    gang = GangScene(scene)

    for node_id in gang.ids:
        assert scene.heartbeat(node_id).assignments == (gang.key,)


def test_a_job_is_one_end_to_the_engine(scene: Scene) -> None:
    gang = GangScene(scene).start()
    scene.report(gang.lead, gang.key)
    gang.all_leave()
    scene.report(gang.lead, gang.key)

    ends = [event for event in scene.events() if isinstance(event, AttemptEnded)]

    assert [(end.instance_id, end.reason) for end in ends] == [(gang.job_id, "completed")]


def test_jobs_of_one_node_have_no_further_ones(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, gang_spec(nodes=1))

    assert scene.report(node_id, key) is CompletionResult.ACCEPTED
    with scene.database.read() as connection:
        assert members.nodes_of(connection, [key]) == {key: []}
    assert isinstance(key, AttemptKey)
