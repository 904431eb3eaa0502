"""Jobs that fail, wait too long or lose their node, as a person at the command line sees them."""

from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason
from store.attempts.losses import lose_attempts
from tests.support.command_line import CommandLine
from tests.support.warden import until

FAILS_ONCE = '#!/bin/sh\n[ "$SLURM_RESTART_COUNT" = 1 ] && exit 0\necho no >&2; exit 3\n'


def test_a_program_that_fails_is_tried_again_on_another_node(typed: CommandLine) -> None:
    typed.write("once.sh", FAILS_ONCE)
    job_id = typed.submit("--max-attempts", "2", "once.sh")
    until(lambda: typed.document("job", job_id)["attempts"][:1], "its first try")
    until(lambda: typed.document("job", job_id)["state"] == "queued", "it waits for its second")

    waits = typed.document("explain", job_id)
    shown = typed.run("job", job_id).stdout
    ended = typed.run("wait", job_id)

    assert waits["code"] == "not_before"
    assert waits["sentence"].startswith("Try 1 ended (program failed); it may fail 2 times.")
    assert "1 of 2" in shown
    assert "Waits until" in shown
    assert ended.returncode == 0
    first, second = typed.document("job", job_id)["attempts"]
    assert (first["reason"], first["exit_code"]) == ("program_failed", 3)
    assert first["node"] != second["node"]
    assert second["started_at_s"] - first["ended_at_s"] >= 5.0


def test_a_program_that_keeps_failing_ends_with_its_code(typed: CommandLine) -> None:
    ran = typed.run("submit", "--wait", "--max-attempts=2", "--wrap", "exit 9")
    assert ran.returncode == 9
    assert len(typed.document("job", ran.stdout.split()[-1])["attempts"]) == 2


def test_a_job_that_waits_too_long_says_so(typed: CommandLine) -> None:
    fillers = [typed.submit("--exclusive", "--", "sleep", "600") for _ in range(2)]
    until(
        lambda: {typed.document("job", number)["state"] for number in fillers} == {"running"},
        "both nodes are full",
    )
    waiting = typed.submit("--exclusive", "--max-queue-time=0:0:1", "--", "true")
    late = typed.submit("--deadline=+3s", "--hold", "--", "true")
    waited = typed.run("wait", waiting)
    typed.run("cancel", *fillers)

    assert waited.returncode == 1
    assert "cancelled (queue limit)" in waited.stderr
    assert "--max-queue-time" in typed.run("explain", waiting).stdout
    assert "--max-queue-time" in typed.run("job", waiting).stdout
    waited = typed.run("wait", late)
    assert waited.returncode == 1
    assert "cancelled (deadline passed)" in waited.stderr
    assert "deadline" in typed.run("explain", late).stdout


def test_a_person_has_a_job_stopped_and_queued_again(typed: CommandLine) -> None:
    typed.write("again.sh", '#!/bin/sh\n[ -n "$SLURM_RESTART_COUNT" ] && exit 0\nsleep 600\n')
    job_id = typed.submit("again.sh")
    until(lambda: typed.document("job", job_id)["state"] == "running", "it runs")

    said = typed.run("requeue", job_id, "999999")
    waited = typed.run("wait", job_id)
    again = typed.run("requeue", job_id)
    waited_again = typed.run("wait", job_id)

    assert said.stdout == f"Job {job_id} is being stopped and will queue again.\n"
    assert said.returncode == 3
    assert waited.returncode == 0
    assert again.stdout == f"Job {job_id} is queued.\n"
    assert waited_again.returncode == 0
    attempts = typed.document("job", job_id)["attempts"]
    assert [item["reason"] for item in attempts] == ["requeued", "completed", "completed"]


def test_the_elements_of_an_array_that_failed_run_again(typed: CommandLine) -> None:
    typed.write("odd.sh", "#!/bin/sh\n[ -e $MARK ] || exit $((SLURM_ARRAY_TASK_ID % 2))\n")
    mark = typed.folder / "mark"
    array_id = typed.submit("--array=0-3", f"--export=MARK={mark}", "odd.sh")
    assert typed.run("wait", array_id).returncode == 1
    mark.touch()

    again = typed.run("requeue", array_id, "--state=failed")

    assert again.stdout.startswith(f"Job {array_id}: 2 queued;")
    assert typed.run("wait", array_id).returncode == 0
    tries = [len(typed.document("job", f"{array_id}_{index}")["attempts"]) for index in range(4)]
    assert tries == [1, 2, 1, 2]


def test_no_requeue_holds_for_a_person_and_says_why(typed: CommandLine) -> None:
    job_id = typed.submit("--no-requeue", "--", "sleep", "3")
    until(lambda: typed.document("job", job_id)["state"] == "running", "it runs")
    with typed.cluster.store() as store, store.transaction() as tx:
        key = AttemptKey(instance_id=int(job_id), attempt=1)
        assert lose_attempts(tx, [key], EndReason.NODE_RESTARTED) == 1

    why = typed.run("explain", job_id).stdout
    shown = typed.run("job", job_id).stdout
    requeued = typed.run("requeue", job_id)
    released = typed.run("release", job_id)

    assert "Its last try ended (node restarted)" in why
    assert "--no-requeue" in why
    assert f"chaufferie release {job_id}" in why
    assert "Its node restarted." in shown
    assert "release it" in requeued.stderr
    assert released.stdout == f"Job {job_id} is queued.\n"
    assert typed.run("wait", job_id).returncode == 0
