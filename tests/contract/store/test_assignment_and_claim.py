import json

from domain import wire
from domain.events import AttemptClaimed
from domain.jobs.delivery import AttemptKey, Kill
from domain.jobs.job import AttemptState, EndReason, JobState
from domain.jobs.job_spec import Resources
from store.attempts import claims
from store.attempts.assignments import CLAIM_LEASE_S, HINT_TOPIC
from store.engine import outbox
from tests.support.builders import job_spec
from tests.support.scene import Scene


def test_an_offer_gives_the_job_to_a_node_for_a_minute(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()

    assert scene.assign(job_id, node_id) == 1

    row = scene.instance(job_id)
    assert (row["state"], row["attempt"], row["node_id"]) == ("assigned", 1, node_id)
    assert row["lease_until_s"] == scene.clock.now_s + CLAIM_LEASE_S
    assert scene.attempt_state(AttemptKey(instance_id=job_id, attempt=1)) == AttemptState.OFFERED


def test_an_offer_leaves_a_hint_of_it_in_the_outbox(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)

    with scene.database.read() as connection:
        (parcel,) = outbox.unsent(connection, HINT_TOPIC)

    assert (parcel.key, json.loads(parcel.payload)) == (str(node_id), [[job_id, 1]])


def test_an_order_for_a_job_that_is_not_queued_any_more_is_passed_over(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.cancel(job_id)

    assert scene.assign(job_id, node_id) == 0
    assert scene.state(job_id) is JobState.CANCELLED


def test_an_order_for_an_attempt_that_has_moved_on_is_passed_over(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()

    assert scene.assign(job_id, node_id, attempt_number=2) == 0
    assert scene.state(job_id) is JobState.QUEUED


def test_the_same_order_twice_makes_one_offer(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()

    assert [scene.assign(job_id, node_id), scene.assign(job_id, node_id)] == [1, 0]


def test_a_claim_starts_the_attempt_and_hands_over_all_it_needs(scene: Scene) -> None:
    node_id = scene.node()
    spec = job_spec(cores=2, disconnect_tolerance_s=1800)
    job_id = scene.submit(spec)
    scene.assign(job_id, node_id)

    (item,) = scene.claim(node_id).claimed

    assert item.key == AttemptKey(instance_id=job_id, attempt=1)
    assert wire.load_spec(item.spec) == spec
    assert (item.tenant, item.lease_ttl_s) == ("lab", 1800)
    row = scene.instance(job_id)
    assert (row["state"], row["boot_id"]) == ("running", "boot-1")
    assert row["lease_until_s"] == scene.clock.now_s + 1800
    assert scene.events()[-1] == AttemptClaimed(instance_id=job_id, attempt=1, node_id=node_id)


def test_another_node_is_offered_nothing_of_it(scene: Scene) -> None:
    node_id, other_id = scene.node(), scene.node("other")
    job_id = scene.submit()
    scene.assign(job_id, node_id)

    assert scene.claim(other_id).claimed == ()
    assert scene.state(job_id) is JobState.ASSIGNED


def test_an_answer_that_was_lost_is_given_again_to_the_same_boot(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    (again,) = scene.claim(node_id, "boot-1").claimed

    assert again.key == key
    assert [type(event) for event in scene.events()].count(AttemptClaimed) == 1


def test_what_a_node_holds_is_not_given_again(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    assert scene.claim(node_id, holding=[key]).claimed == ()


def test_another_boot_does_not_get_what_its_predecessor_claimed(scene: Scene) -> None:
    node_id = scene.node()
    scene.running(node_id, boot_id="boot-1")

    assert scene.claim(node_id, "boot-2").claimed == ()


def test_offers_wait_until_they_fit_the_free_cores(scene: Scene) -> None:
    node_id = scene.node()
    wide, narrow = scene.submit(job_spec(cores=4)), scene.submit(job_spec(cores=2))
    for job_id in (wide, narrow):
        scene.assign(job_id, node_id)

    (item,) = scene.claim(node_id, free_cores=3).claimed

    assert item.key.instance_id == narrow
    assert scene.state(wide) is JobState.ASSIGNED


def test_a_job_that_wants_the_whole_node_waits_for_all_of_it(scene: Scene) -> None:
    node_id = scene.node()
    job_id = scene.submit(job_spec(resources=Resources(whole_node=True)))
    scene.assign(job_id, node_id)

    assert scene.claim(node_id, free_cores=7).claimed == ()
    assert len(scene.claim(node_id, free_cores=8).claimed) == 1


def test_a_claim_also_says_what_to_stop_until_it_is_being_stopped(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.cancel(key.instance_id)

    told = scene.claim(node_id, holding=[key]).kill
    told_again = scene.claim(node_id, holding=[key], stopping=[key]).kill

    assert told == (Kill(key=key, reason=EndReason.CANCELLED),)
    assert told_again == ()


def test_a_preempted_attempt_is_told_so_and_no_other_state_is_preempted(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    assert [scene.preempt(key, node_id), scene.preempt(key, node_id)] == [1, 0]
    assert scene.claim(node_id, holding=[key]).kill == (Kill(key=key, reason=EndReason.PREEMPTED),)


def test_output_is_taken_from_the_node_that_runs_the_attempt_only(scene: Scene) -> None:
    node_id, other_id = scene.node(), scene.node("other")
    key = scene.running(node_id)

    with scene.database.read() as connection:
        answers = [claims.is_running_on(connection, key, of) for of in (node_id, other_id)]

    assert answers == [True, False]
