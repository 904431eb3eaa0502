"""Notices are written with what they tell of, and sent at least once."""

import threading
from typing import Any

from sqlalchemy import select

from domain.jobs.delivery import Completion
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_spec import JobSpec, Resources
from domain.notices.notice import NoticeType
from domain.refusal import Refused
from store.attempts import completions
from store.jobs import array_steering
from store.jobs.requeue import requeue
from store.notices import sending, webhooks
from store.notices.notice_tables import mail_wish, notice
from store.notices.sending import TAKEN_FOR_S, Due
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene


def _spec(*types: str, **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    return job_spec(mail_to=("jane@lab.example",), mail_types=types, **fields)


def _hook(scene: Scene, *types: NoticeType, project: str | None = None) -> int:
    with scene.store.transaction() as tx:
        made = webhooks.add_webhook(
            tx,
            tenant_id=scene.tenant_id,
            url="https://hooks.lab.example/",
            types=types,
            project=project,
            actor="test",
        )
    assert not isinstance(made, Refused)
    return made.webhook_id


def _names(scene: Scene) -> list[str]:
    with scene.database.read() as connection:
        return list(connection.execute(select(notice.c.name).order_by(notice.c.id)).scalars())


def _wishes(scene: Scene) -> list[int]:
    with scene.database.read() as connection:
        return list(connection.execute(select(mail_wish.c.job_id)).scalars())


def _take(scene: Scene) -> list[Due]:
    with scene.store.transaction() as tx:
        return sending.take_due(tx, 10)


def test_beginning_and_end_are_told_to_whom_they_matter(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, _spec("begin", "end"))
    scene.running(node_id)
    one = key.instance_id
    scene.clock.advance(5.0)
    scene.report(node_id, key)

    first, last = _take(scene)

    assert [first.name, last.name] == [f"{one}-began-1-mail", f"{one}-ended-1-mail"]
    assert last.mail_to == "jane@lab.example"
    assert last.payload["state"] == "succeeded"
    assert last.payload["node"] == "boiler"
    assert last.payload["finished_at_s"] == last.payload["started_at_s"] + 5.0
    assert _wishes(scene) == []


def test_only_what_was_asked_for_is_told(scene: Scene) -> None:
    node_id = scene.node()
    well = scene.running(node_id, _spec("fail"))
    badly = scene.running(node_id, _spec("fail"))
    scene.report(node_id, well)
    scene.report(node_id, badly, EndReason.PROGRAM_FAILED)

    assert _names(scene) == [f"{badly.instance_id}-ended-1-mail"]
    assert _wishes(scene) == []


def test_a_job_that_waits_and_is_cancelled_has_ended(scene: Scene) -> None:
    job_id = scene.submit(_spec("end"))
    scene.cancel(job_id)
    scene.cancel(job_id)

    assert _names(scene) == [f"{job_id}-ended-0-mail"]


def test_a_lost_attempt_is_told_and_so_is_the_next(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, _spec("begin", "requeue"))
    one = key.instance_id
    scene.clock.advance(10_000.0)
    assert scene.reconcile() == 1
    scene.clock.advance(1.0)
    scene.assign(one, node_id, 2)
    scene.claim(node_id, "boot-2")

    assert _names(scene) == [
        f"{one}-began-1-mail",
        f"{one}-requeued-1-mail",
        f"{one}-began-2-mail",
    ]


def test_an_offer_that_nobody_took_is_no_attempt_that_ended(scene: Scene) -> None:
    node_id = scene.node()
    job_id = scene.submit(_spec("requeue"))
    scene.assign(job_id, node_id)
    scene.clock.advance(10_000.0)
    scene.reconcile()

    assert scene.state(job_id) is JobState.QUEUED
    assert _names(scene) == []


def test_a_job_that_is_held_for_a_person_says_so(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, _spec("requeue", requeue=False))
    scene.clock.advance(10_000.0)
    scene.reconcile()

    assert scene.state(key.instance_id) is JobState.HELD
    assert _names(scene) == [f"{key.instance_id}-held-1-mail"]


def test_an_array_is_told_once_as_a_whole(scene: Scene) -> None:
    node_id = scene.node()
    whole = scene.submit(_spec("begin", "end", array=array_spec("0-2")))
    elements = [whole + 1, whole + 2, whole + 3]
    scene.run_all(elements[:2], node_id)
    before = _names(scene)
    scene.clock.advance(1.0)
    scene.run_all(elements[2:], node_id)

    assert before == [f"{whole}-began-0-mail"]
    assert _names(scene) == [f"{whole}-began-0-mail", f"{whole}-ended-0-mail"]
    ended = _take(scene)[-1].payload
    assert (ended["state"], ended["counts"]) == ("succeeded", {"succeeded": 3})
    assert ended["exit_code"] == 0
    assert _wishes(scene) == []


def test_an_array_is_told_by_element_where_that_is_asked(scene: Scene) -> None:
    node_id = scene.node()
    whole = scene.submit(_spec("array_tasks", "end", array=array_spec("3,7")))
    scene.run_all([whole + 1, whole + 2], node_id)

    assert _names(scene) == [f"{whole}_3-ended-1-mail", f"{whole}_7-ended-1-mail"]
    assert _wishes(scene) == []


def test_an_array_that_is_cancelled_as_it_waits_has_ended(scene: Scene) -> None:
    whole = scene.submit(_spec("end", array=array_spec("0-999")))
    with scene.store.transaction() as tx:
        array_steering.cancel(tx, scene.target(str(whole)), "test")

    assert _names(scene) == [f"{whole}-ended-0-mail"]
    (due,) = _take(scene)
    assert due.payload["counts"] == {"cancelled": 1000}


def test_the_last_two_elements_may_end_at_once(scene: Scene) -> None:
    node_id = scene.node()
    for _ in range(5):
        whole = scene.submit(_spec("end", array=array_spec("0-1")))
        for number in (whole + 1, whole + 2):
            scene.assign(number, node_id)
        keys = [item.key for item in scene.claim(node_id).claimed]
        gate = threading.Barrier(2)

        def end(key: Any, gate: threading.Barrier = gate) -> None:  # noqa: ANN401
            report = Completion(key=key, boot_id="boot-1", reason=EndReason.COMPLETED, exit_code=0)
            gate.wait()
            with scene.store.transaction() as tx:
                completions.complete(tx, node_id, [report])

        threads = [threading.Thread(target=end, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _names(scene)[-1] == f"{whole}-ended-0-mail"
        scene.clock.advance(1.0)


def test_webhooks_hear_of_the_jobs_of_their_tenant_and_project(scene: Scene) -> None:
    node_id = scene.node()
    every = _hook(scene, NoticeType.END)
    cfd = _hook(scene, NoticeType.BEGIN, NoticeType.END, project="cfd")
    plain = scene.running(node_id)
    of_cfd = scene.running(node_id, job_spec(project="cfd"))
    scene.report(node_id, plain)
    scene.report(node_id, of_cfd)

    assert set(_names(scene)) == {
        f"{plain.instance_id}-ended-1-webhook{every}",
        f"{of_cfd.instance_id}-began-1-webhook{cfd}",
        f"{of_cfd.instance_id}-ended-1-webhook{every}",
        f"{of_cfd.instance_id}-ended-1-webhook{cfd}",
    }
    due = _take(scene)[0]
    assert due.url == "https://hooks.lab.example/"
    assert len(due.secret or b"") == 32


def test_a_notice_is_in_one_hand_until_its_time_is_up(scene: Scene) -> None:
    scene.cancel(scene.submit(_spec("end")))
    (first,) = _take(scene)
    meanwhile = _take(scene)
    scene.clock.advance(TAKEN_FOR_S + 1.0)
    (again,) = _take(scene)

    assert meanwhile == []
    assert (again.name, first.tries, again.tries) == (first.name, 1, 2)


def test_what_got_through_is_never_due_again(scene: Scene) -> None:
    hook = _hook(scene, NoticeType.END)
    scene.cancel(scene.submit())
    with scene.store.transaction() as tx:
        sending.mark_sent(tx, sending.take_due(tx, 10))
    scene.clock.advance(1e6)

    assert _take(scene) == []
    with scene.database.read() as connection:
        (shown,) = webhooks.webhooks(connection, scene.tenant_id)
    assert (shown["webhook_id"], shown["sent"], shown["waiting"]) == (hook, 1, 0)


def test_what_fails_is_tried_ever_more_rarely_and_given_up_after_a_day(scene: Scene) -> None:
    _hook(scene, NoticeType.END)
    scene.cancel(scene.submit())
    began_s = scene.clock.now_s
    tried_at_s = []
    while scene.clock.now_s < began_s + 3 * 86_400.0:
        with scene.store.transaction() as tx:
            for item in sending.take_due(tx, 10):
                tried_at_s.append(tx.now_s - began_s)
                sending.mark_failed(tx, item, "it answered with status 500")
        scene.clock.advance(10.0)

    assert tried_at_s[:4] == [0.0, 10.0, 30.0, 70.0]
    assert 86_400.0 <= tried_at_s[-1] < 86_400.0 + 3700.0
    assert len(tried_at_s) < 40
    with scene.database.read() as connection:
        (shown,) = webhooks.webhooks(connection, scene.tenant_id)
    assert (shown["given_up"], shown["waiting"]) == (1, 0)
    assert shown["last_error"] == "it answered with status 500"


def test_a_removed_webhook_is_told_no_more(scene: Scene) -> None:
    hook = _hook(scene, NoticeType.END)
    scene.cancel(scene.submit())
    with scene.store.transaction() as tx:
        assert not webhooks.remove_webhook(tx, hook, scene.tenant_id + 1, "test")
        assert webhooks.remove_webhook(tx, hook, scene.tenant_id, "test")
        assert not webhooks.remove_webhook(tx, hook, scene.tenant_id, "test")
    scene.cancel(scene.submit())

    assert _take(scene) == []
    assert len(_names(scene)) == 1


def test_there_are_so_many_webhooks_and_no_more(scene: Scene) -> None:
    for _ in range(webhooks.MOST_WEBHOOKS):
        _hook(scene, NoticeType.END)
    with scene.store.transaction() as tx:
        refused = webhooks.add_webhook(
            tx,
            tenant_id=scene.tenant_id,
            url="https://hooks.lab.example/",
            types=[NoticeType.END],
            project=None,
            actor="test",
        )

    assert isinstance(refused, Refused)
    assert refused.code == "webhook.too_many"


def test_passing_time_is_told_once_and_the_latest_only(scene: Scene) -> None:
    node_id = scene.node()
    types = ("time_limit_50", "time_limit_80", "time_limit_90")
    quick = scene.running(node_id, _spec(*types, resources=Resources(time_limit_s=1000)))
    usual = scene.running(node_id, _spec("time_limit_80"))
    told = []
    for passed_s in (499.0, 2.0, 1.0, 400.0, 1.0, 2000.0):
        scene.clock.advance(passed_s)
        with scene.store.transaction() as tx:
            sending.note_passing_time(tx)
        told.append(_names(scene))

    first, second = f"{quick.instance_id}-time_50-1-mail", f"{quick.instance_id}-time_90-1-mail"
    assert told[0] == []
    assert told[1] == told[2] == [first]
    assert told[3] == told[4] == [first, second]
    assert told[5] == [first, second, f"{usual.instance_id}-time_80-1-mail"]


def test_old_notices_are_forgotten(scene: Scene) -> None:
    scene.cancel(scene.submit(_spec("end")))
    with scene.store.transaction() as tx:
        sending.mark_sent(tx, sending.take_due(tx, 10))
    scene.cancel(scene.submit(_spec("end")))
    scene.clock.advance(100.0)
    with scene.store.transaction() as tx:
        assert not sending.drop_old(tx, 50.0)

    assert len(_names(scene)) == 1


def test_a_repeat_of_a_submission_wishes_nothing_twice(scene: Scene) -> None:
    first, again = scene.submit(_spec("end"), "once"), scene.submit(_spec("end"), "once")

    assert first == again
    assert _wishes(scene) == [first]


def test_a_job_that_runs_once_more_is_told_once_more(scene: Scene) -> None:
    job_id = scene.submit(_spec("end"))
    for _ in range(2):
        scene.cancel(job_id)
        with scene.store.transaction() as tx:
            sending.mark_sent(tx, sending.take_due(tx, 10))
            assert requeue(tx, job_id, scene.tenant_id, "test") is JobState.QUEUED
        scene.clock.advance(1.0)
    scene.cancel(job_id)

    assert len(_names(scene)) == 3
    (due,) = _take(scene)
    assert due.name == f"{job_id}-ended-0-mail"
