import pytest

from domain.events import AttemptEnded, JobQueued
from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey, Completion, CompletionResult
from domain.jobs.job import PROGRAM_FAILURES, AttemptState, EndReason, JobState
from store.attempts import completions
from store.jobs import job_queries
from tests.support.builders import job_spec, node_spec
from tests.support.scene import Scene


def test_a_completed_attempt_ends_its_job_and_is_billed_once(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(cores=2))

    assert scene.report(node_id, key, wall_s=60.0, cpu_s=90.0) is CompletionResult.ACCEPTED

    assert scene.state(key.instance_id) is JobState.SUCCEEDED
    assert scene.attempt_state(key) == AttemptState.DONE
    (usage,) = scene.usage()
    assert (usage["cores"], usage["wall_s"], usage["cpu_s"]) == (2, 60.0, 90.0)
    assert usage["is_simulated"] is True
    assert scene.instance(key.instance_id)["finished_at_s"] == scene.clock.now_s


def test_the_energy_billed_is_that_of_the_cpu_time_by_the_power_model(scene: Scene) -> None:
    node_id = scene.node(spec=node_spec(cores=8, idle_power_w=200.0, max_power_w=1000.0))
    key = scene.running(node_id)

    scene.report(node_id, key, cpu_s=36.0)

    # One of eight cores adds (1000 - 200) / 8 = 100 W; for 36 s that is 1 Wh.
    assert scene.usage()[0]["energy_estimate_wh"] == pytest.approx(1.0)


def test_a_repeated_report_is_recognised_and_billed_no_second_time(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.report(node_id, key)

    assert scene.report(node_id, key) is CompletionResult.REPEATED
    assert len(scene.usage()) == 1


def test_two_reports_in_one_request_are_billed_once(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    report = Completion(key=key, boot_id="boot-1", reason=EndReason.COMPLETED, exit_code=0)

    with scene.store.transaction() as tx:
        results = completions.complete(tx, node_id, [report, report])

    assert results[0] is CompletionResult.ACCEPTED
    assert results[1] is not CompletionResult.ACCEPTED
    assert len(scene.usage()) == 1


def test_reports_of_several_jobs_in_one_request_each_have_their_own_end(scene: Scene) -> None:
    node_id = scene.node()
    done, stopped, failed = (scene.running(node_id) for _ in range(3))
    ends = {
        done: EndReason.COMPLETED,
        stopped: EndReason.NODE_RESTARTED,
        failed: EndReason.PROGRAM_FAILED,
    }
    reports = [
        Completion(key=key, boot_id="boot-1", reason=reason, exit_code=0)
        for key, reason in ends.items()
    ]

    with scene.store.transaction() as tx:
        results = completions.complete(tx, node_id, reports)

    assert results == [CompletionResult.ACCEPTED] * 3
    assert [scene.state(key.instance_id) for key in ends] == [
        JobState.SUCCEEDED,
        JobState.QUEUED,
        JobState.FAILED,
    ]


def test_a_report_after_the_loss_is_fenced_kept_and_not_billed(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")
    scene.heartbeat(node_id, "boot-2")

    assert scene.report(node_id, key, boot_id="boot-1") is CompletionResult.FENCED

    assert scene.attempt_state(key) == AttemptState.FENCED
    assert scene.usage() == []
    assert scene.state(key.instance_id) is JobState.QUEUED


def test_a_fenced_report_leaves_the_next_attempt_alone(scene: Scene) -> None:
    node_id, other_id = scene.node(), scene.node("other")
    first = scene.running(node_id)
    scene.heartbeat(node_id, "boot-2")
    scene.assign(first.instance_id, other_id, attempt_number=2)
    scene.claim(other_id)

    assert scene.report(node_id, first) is CompletionResult.FENCED
    second = AttemptKey(instance_id=first.instance_id, attempt=2)
    assert scene.report(other_id, second) is CompletionResult.ACCEPTED
    assert [row["attempt"] for row in scene.usage()] == [2]


def test_a_report_by_another_node_or_of_no_attempt_is_unknown(scene: Scene) -> None:
    node_id, other_id = scene.node(), scene.node("other")
    key = scene.running(node_id)
    never = AttemptKey(instance_id=key.instance_id, attempt=9)

    assert scene.report(other_id, key) is CompletionResult.UNKNOWN
    assert scene.report(node_id, never) is CompletionResult.UNKNOWN
    assert scene.state(key.instance_id) is JobState.RUNNING


def test_a_report_under_another_boot_is_not_accepted(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")

    assert scene.report(node_id, key, boot_id="boot-2") is CompletionResult.FENCED
    assert scene.usage() == []


@pytest.mark.parametrize("reason", sorted(PROGRAM_FAILURES))
def test_a_failure_of_the_program_counts_toward_the_tries(scene: Scene, reason: EndReason) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_attempts=2))

    scene.report(node_id, key, reason)

    assert scene.state(key.instance_id) is JobState.QUEUED
    assert scene.instance(key.instance_id)["failures"] == 1
    ended, queued = scene.events()[-2:]
    assert isinstance(ended, AttemptEnded)
    assert isinstance(queued, JobQueued)
    assert queued.avoid_node_id == node_id

    scene.assign(key.instance_id, node_id, attempt_number=2)
    scene.claim(node_id)
    scene.report(node_id, AttemptKey(instance_id=key.instance_id, attempt=2), reason)
    assert scene.state(key.instance_id) is JobState.FAILED
    assert len(scene.usage()) == 2


@pytest.mark.parametrize(
    "reason", [EndReason.PREEMPTED, EndReason.WARDEN_LOST, EndReason.OVERHEATED]
)
def test_an_end_that_is_not_the_programs_fault_does_not_count(
    scene: Scene, reason: EndReason
) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    scene.report(node_id, key, reason)

    assert scene.state(key.instance_id) is JobState.QUEUED
    assert scene.instance(key.instance_id)["failures"] == 0


def test_a_job_that_may_not_run_twice_is_held_after_an_end_that_was_ours(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(requeue=False))

    scene.report(node_id, key, EndReason.OVERHEATED)

    assert scene.state(key.instance_id) is JobState.HELD


def test_a_preempted_job_queues_again_and_may_return_to_its_node(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.preempt(key, node_id)

    scene.report(node_id, key, EndReason.PREEMPTED)

    queued = scene.events()[-1]
    assert isinstance(queued, JobQueued)
    assert (queued.last_attempt, queued.avoid_node_id) == (1, None)
    assert scene.attempt_state(key) == AttemptState.KILLED


def test_a_preempted_program_that_ended_by_itself_first_has_succeeded(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.preempt(key, node_id)

    scene.report(node_id, key)

    assert scene.state(key.instance_id) is JobState.SUCCEEDED


def test_the_files_of_a_completed_attempt_are_on_record(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    scene.report(node_id, key, files=(ResultFile(path="out.txt", sha256="ab", size_bytes=3),))

    with scene.database.read() as connection:
        assert job_queries.files(connection, key.instance_id) == [
            {"path": "out.txt", "sha256": "ab", "size_bytes": 3}
        ]
