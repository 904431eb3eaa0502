"""Jobs changed after their submission, and what the engine learns of it."""

from dataclasses import replace
from typing import Any

import pytest

from domain.billing.quota_words import parse_setting
from domain.events import JobArrayQueued, JobArrayWithdrawn, JobQueued, JobWithdrawn
from domain.jobs.delivery import AttemptKey, LoweredLimit
from domain.jobs.job import EndReason, JobState, SchedulingType
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from domain.sbatch.change import Change, parse_change
from domain.sbatch.dependencies import DependencyKind
from store.access import tenants
from store.dependencies.targets import NewCondition
from store.engine import event_log
from store.instances.array_queueing import its_job
from store.jobs import job_steering
from store.jobs.modifying import Modified, modify
from store.jobs.new_job import Accepted, NewJob
from store.quotas.setting import set_quotas
from store.transaction import Transaction
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene


def change(scene: Scene, ref: int | str, *words: str) -> Modified | Refused:
    target = scene.found(str(ref))

    def changing(_: Transaction, before: JobSpec, __: int) -> Change | Refused:
        return parse_change(words, before, now_s=scene.clock.now_s)

    with scene.store.transaction() as tx:
        return modify(tx, target, changing, "test")


def changed(scene: Scene, ref: int | str, *words: str) -> Modified:
    found = change(scene, ref, *words)
    assert isinstance(found, Modified), found
    return found


def refused(scene: Scene, ref: int | str, *words: str) -> str:
    found = change(scene, ref, *words)
    assert isinstance(found, Refused), found
    return found.code


def spec_of(scene: Scene, job_id: int) -> JobSpec:
    with scene.store.transaction() as tx:
        return its_job(tx, job_id)[0]


def consume(scene: Scene) -> None:
    """The engine learns all there is."""
    with scene.store.transaction() as tx:
        logged = event_log.unconsumed(tx, None)
        event_log.log_batch(tx, batch=1000, now_s=tx.now_s, consumed=logged, commands=[])


def learned(scene: Scene, since: int) -> list[Any]:
    return list(scene.events()[since:])


def test_what_queues_is_another_job_to_the_engine(scene: Scene) -> None:
    job_id = scene.submit(job_spec(cores=2))
    before = len(scene.events())
    scene.clock.advance(60.0)

    done = changed(scene, job_id, "-c", "4", "--type=reserved", "-A", "mesh", "--time=10")

    assert (done.waiting, done.running) == (1, 0)
    withdrawn, queued = learned(scene, before)
    assert withdrawn == JobWithdrawn(instance_id=job_id)
    assert isinstance(queued, JobQueued)
    assert (queued.cores, queued.scheduling_type) == (4, SchedulingType.RESERVED.value)
    assert (queued.project, queued.time_limit_s) == ("mesh", 600)
    assert queued.queued_at_s == scene.clock.now_s - 60.0
    row = scene.instance(job_id)
    assert (row["state"], row["cores"]) == (JobState.QUEUED.value, 4)


def test_what_is_held_changes_quietly_and_runs_so_later(scene: Scene) -> None:
    job_id = scene.submit(job_spec(is_held=True))

    changed(scene, job_id, "-J", "other", "-c", "3")

    assert scene.events() == []
    with scene.store.transaction() as tx:
        job_steering.release(tx, job_id, scene.tenant_id, "test")
    (queued,) = scene.events()
    assert isinstance(queued, JobQueued)
    assert queued.cores == 3
    assert spec_of(scene, job_id).name == "other"


def test_a_deadline_decides_anew_when_the_job_is_given_up(scene: Scene) -> None:
    job_id = scene.submit(job_spec())

    changed(scene, job_id, "--deadline=now+3hours", "--max-queue-time=60")
    assert scene.instance(job_id)["give_up_at_s"] == scene.clock.now_s + 3600.0
    changed(scene, job_id, "--max-queue-time=none", "--time=30")
    assert scene.instance(job_id)["give_up_at_s"] == scene.clock.now_s + 10_800.0
    changed(scene, job_id, "--deadline=none")
    assert scene.instance(job_id)["give_up_at_s"] is None


def test_an_array_changes_as_a_whole(scene: Scene) -> None:
    array_id = scene.submit(job_spec(array=array_spec("0-9%2")))
    before = len(scene.events())

    done = changed(scene, array_id, "-c", "2", "--account=mesh")

    assert done.waiting == 10
    withdrawn, queued = learned(scene, before)
    ids = {"first_ids": (array_id + 1,), "last_ids": (array_id + 10,)}
    assert withdrawn == JobArrayWithdrawn(array_id=array_id, **ids)
    assert isinstance(queued, JobArrayQueued)
    assert (queued.alike.cores, queued.alike.at_once) == (2, 2)
    assert (queued.first_ids, queued.last_ids) == ((array_id + 1,), (array_id + 10,))
    assert refused(scene, f"{array_id}_3", "-c", "2") == "modify.part_of_array"


def test_of_an_array_on_nodes_what_waits_may_change_in_time(scene: Scene) -> None:
    node_id = scene.node()
    array_id = scene.submit(job_spec(array=array_spec("0-3")))
    scene.assign(array_id + 1, node_id)
    scene.claim(node_id)
    before = len(scene.events())

    assert refused(scene, array_id, "-c", "2") == "job.running_cpus_per_task"
    assert refused(scene, array_id, "-A", "mesh") == "job.running_account"
    done = changed(scene, array_id, "--time=30", "--comment=less")

    assert (done.waiting, done.running) == (3, 1)
    withdrawn, queued = learned(scene, before)
    assert withdrawn.first_ids == queued.first_ids == (array_id + 2,)
    assert queued.alike.time_limit_s == 1800


def test_a_running_jobs_limit_is_lowered_and_its_node_told_until_it_ends(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    job_id = key.instance_id

    assert changed(scene, job_id, "--time=30").running == 1

    lowered = (LoweredLimit(key=key, time_limit_s=1800),)
    assert scene.heartbeat(node_id, holding=[key]).limits == lowered
    assert scene.claim(node_id, holding=[key]).limits == lowered
    assert scene.claim(node_id, holding=[]).claimed[0].spec["resources"]["time_limit_s"] == 1800  # type: ignore[index]
    assert refused(scene, job_id, "--time=30") == "modify.longer"
    assert refused(scene, job_id, "--time=45") == "modify.longer"
    assert refused(scene, job_id, "--time=20", "-J", "x") == "job.running_job_name"
    changed(scene, job_id, "--time=20")
    scene.report(node_id, key, EndReason.TIME_LIMIT)
    assert scene.heartbeat(node_id, holding=[]).limits == ()
    assert refused(scene, job_id, "--time=10") == "job.ended"


def test_the_next_attempt_has_the_limit_of_its_job(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    changed(scene, key.instance_id, "--time=30")
    scene.preempt(key, node_id)
    scene.report(node_id, key, EndReason.PREEMPTED)
    changed(scene, key.instance_id, "--time=120")
    consume(scene)
    scene.assign(key.instance_id, node_id, attempt_number=2)

    (claimed,) = scene.claim(node_id).claimed

    assert claimed.spec["resources"]["time_limit_s"] == 7200  # type: ignore[index]
    again = AttemptKey(instance_id=key.instance_id, attempt=2)
    assert scene.heartbeat(node_id, holding=[again]).limits == ()


def test_what_is_offered_can_be_changed_in_a_moment(scene: Scene) -> None:
    job_id = scene.submit()
    scene.assign(job_id, scene.node())

    assert refused(scene, job_id, "-c", "2") == "job.offered"


def test_an_offer_decided_before_the_change_is_passed_over(scene: Scene) -> None:
    """On a database where both can happen at once: nobody runs what was not decided about."""
    node_id = scene.node()
    job_id = scene.submit()
    array_id = scene.submit(job_spec(array=array_spec("0-3")))
    changed(scene, job_id, "-c", "2")
    changed(scene, array_id, "-c", "2")

    offers = [scene.assign(number, node_id) for number in (job_id, array_id + 2)]

    assert offers == ([0, 0] if "postgresql" in scene.database.url else [1, 1])


def test_what_ended_cannot_change(scene: Scene) -> None:
    job_id = scene.submit()
    scene.cancel(job_id)

    assert refused(scene, job_id, "--time=1") == "job.ended"


def _follower(scene: Scene, kind: DependencyKind, name: str, on: int | None = None) -> int:
    item = NewJob(
        tenant_id=scene.tenant_id,
        key_id=None,
        idempotency_key=None,
        spec=job_spec(name=name, dependency="afterok:1"),
        conditions=(NewCondition(kind=kind, number=on),),
    )
    (answer,) = scene.submit_all([item])
    assert isinstance(answer, Accepted)
    return answer.job_id


def test_a_job_may_wait_for_nothing_any_more(scene: Scene) -> None:
    first = scene.submit()
    second = _follower(scene, DependencyKind.AFTER_OK, "second", first)
    assert scene.state(second) is JobState.BLOCKED

    changed(scene, second, "--dependency=none", "-c", "2")

    assert scene.state(second) is JobState.QUEUED
    last = scene.events()[-1]
    assert isinstance(last, JobQueued)
    assert (last.instance_id, last.cores) == (second, 2)
    assert spec_of(scene, second).dependency is None
    scene.cancel(first)
    assert scene.state(second) is JobState.QUEUED


def test_who_waited_for_its_old_name_waits_no_more(scene: Scene) -> None:
    first = scene.submit(job_spec(name="alone"))
    second = _follower(scene, DependencyKind.SINGLETON, "alone")
    third = scene.submit(job_spec(name="else"))
    assert scene.state(second) is JobState.BLOCKED

    changed(scene, first, "-J", "other")

    assert scene.state(second) is JobState.QUEUED
    fourth = _follower(scene, DependencyKind.SINGLETON, "alone")
    assert scene.state(fourth) is JobState.BLOCKED
    changed(scene, fourth, "-J", "else")
    assert scene.state(fourth) is JobState.BLOCKED
    scene.cancel(second)
    assert scene.state(fourth) is JobState.BLOCKED
    scene.cancel(third)
    assert scene.state(fourth) is JobState.QUEUED


@pytest.mark.parametrize(
    ("limits", "words", "code"),
    [
        ({"cores": "3"}, ("-c", "4"), "quota.cores"),
        ({"queued_jobs": "0"}, ("-A", "mesh"), "quota.queued_jobs"),
        ({"core_hours/total": "0"}, ("-A", "mesh"), "quota.core_hours"),
    ],
)
def test_a_change_keeps_the_quotas_of_where_it_leads(
    scene: Scene, limits: dict[str, str], words: tuple[str, ...], code: str
) -> None:
    job_id = scene.submit(job_spec(project="flow"))
    settings = [parse_setting(key, amount, "mesh") for key, amount in limits.items()]
    with scene.store.transaction() as tx:
        tenants.open_project(tx, "lab", "mesh", "test")
        set_quotas(
            tx,
            tenant_name="lab",
            project_name="mesh",
            settings=[item for item in settings if not isinstance(item, Refused)],
            actor="test",
        )

    assert refused(scene, job_id, "-A", "mesh", *words) == code
    assert spec_of(scene, job_id) == job_spec(project="flow")
    changed(scene, job_id, "-c", "4")


def test_a_refusal_of_the_caller_changes_nothing(scene: Scene) -> None:
    job_id = scene.submit()
    before = (scene.instance(job_id), len(scene.events()))

    assert refused(scene, job_id, "--output=x") == "modify.not_changeable"

    assert (scene.instance(job_id), len(scene.events())) == before


def test_whoever_takes_a_whole_node_may_come_to_want_less(scene: Scene) -> None:
    whole = replace(job_spec(), resources=Resources(whole_node=True), asked=("mem_per_node",))
    job_id = scene.submit(whole)
    assert scene.instance(job_id)["cores"] == 0

    changed(scene, job_id, "--mem=2G", "-c", "2")

    assert scene.instance(job_id)["cores"] == 2


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("--cpus-per-task=2", "job.running_cpus_per_task"),
        ("--mem=100", "job.running_mem"),
        ("--type=flex", "job.running_type"),
        ("--partition=long", "job.running_partition"),
        ("--constraint=avx2", "job.running_constraint"),
        ("--nodelist=boiler", "job.running_nodelist"),
        ("--exclude=boiler", "job.running_exclude"),
        ("--reservation=course", "job.running_reservation"),
        ("--begin=now+1hour", "job.running_begin"),
        ("--max-queue-time=60", "job.running_max_queue_time"),
        ("--no-requeue", "job.running_requeue"),
        ("--max-attempts=3", "job.running_max_attempts"),
        ("--account=mesh", "job.running_account"),
        ("--dependency=none", "job.running_dependency"),
    ],
)
def test_each_option_that_cannot_change_on_a_node_has_its_code(
    scene: Scene, option: str, code: str
) -> None:
    key = scene.running(scene.node())
    before = spec_of(scene, key.instance_id)

    assert refused(scene, key.instance_id, option) == code
    assert refused(scene, key.instance_id, "--time=5", option) == code
    assert spec_of(scene, key.instance_id) == before


def test_points_hold_for_what_waits_and_for_what_runs_when_it_queues_again(scene: Scene) -> None:
    waiting, running = scene.submit(), scene.running(scene.node())
    before = len(scene.events())

    changed(scene, waiting, "--nice=30", "--type=ondemand")
    changed(scene, running.instance_id, "--nice", "--comment=later")

    withdrawn, queued = learned(scene, before)
    assert (withdrawn.instance_id, queued.instance_id, queued.priority) == (waiting, waiting, -30)
    assert spec_of(scene, running.instance_id).priority == -100


def test_a_partition_is_a_label_that_leaves_the_type_alone(scene: Scene) -> None:
    job_id = scene.submit(job_spec(scheduling_type=SchedulingType.FLEX))

    done = changed(scene, job_id, "--partition=debug")

    assert "only kept as a label" in done.change.spec.notes[-1]
    kept = spec_of(scene, job_id)
    assert (kept.partition, kept.scheduling_type) == ("debug", SchedulingType.FLEX)


def test_a_reservation_is_taken_back(scene: Scene) -> None:
    job_id = scene.submit(job_spec(reservation="course", reservation_id=7))

    changed(scene, job_id, "--reservation=none")

    kept = spec_of(scene, job_id)
    assert (kept.reservation, kept.reservation_id) == (None, None)
