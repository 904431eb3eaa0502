"""Arrays as a user types them: submitted, waited for, looked at, fetched and cancelled."""

import json
from itertools import pairwise

from tests.support.command_line import CommandLine

SCRIPT = """#!/bin/sh
#SBATCH --job-name=sweep --array=2-8:2%2
echo "$SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_JOB_ID as $SLURM_JOB_ID"
echo "$SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN $SLURM_ARRAY_TASK_MAX $SLURM_ARRAY_TASK_STEP"
echo "$SLURM_ARRAY_TASK_ID" > left.txt
exit "$((SLURM_ARRAY_TASK_ID == 6 ? 5 : 0))"
"""


def test_an_array_runs_and_each_element_knows_its_index(typed: CommandLine) -> None:
    typed.write("sweep.sh", SCRIPT)

    said = typed.run("submit", "sweep.sh")
    job_id = said.stdout.split()[-1]
    waited = typed.run("wait", job_id)
    job = typed.document("job", job_id)
    listed = typed.document("job", job_id, "--instances")
    numbers = {item["array_index"]: item["job_id"] for item in listed}
    fetched = typed.run("get", f"{job_id}_4")

    assert said.stdout == f"Submitted batch job {job_id}\n"
    assert waited.returncode == 5
    assert f"Array {job_id} failed: 3 succeeded, 1 failed." in waited.stderr
    assert (job["state"], job["exit_code"]) == ("failed", 5)
    assert list(numbers) == [2, 4, 6, 8]
    expected = f"4 of {job_id} as {numbers[4]}\n4 2 8 2\n"
    assert typed.run("logs", f"{job_id}_4").stdout == expected
    assert fetched.returncode == 0
    folder = typed.folder / f"job-{job_id}_4"
    assert (folder / "left.txt").read_text() == "4\n"
    assert (folder / f"slurm-{job_id}_4.out").read_text() == expected
    assert f"{job_id}_6" in typed.run("job", job_id, "--instances", "--state", "failed").stdout
    assert typed.run("wait", f"{job_id}_4").returncode == 0
    assert f"{job_id}_[2-8:2%2]" in typed.run("jobs", "--name", "sweep").stdout


def test_no_more_of_an_array_run_at_once_than_it_says(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-2%1", "--wrap", "sleep 0.5")

    assert typed.run("wait", job_id).returncode == 0
    spans = sorted(
        (job["started_at_s"], job["finished_at_s"])
        for job in (typed.document("job", f"{job_id}_{index}") for index in range(3))
    )
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_an_element_that_fails_is_tried_again_by_itself(typed: CommandLine) -> None:
    typed.write(
        "once.sh",
        '#!/bin/sh\n[ "$SLURM_ARRAY_TASK_ID" = 0 ] || [ "$SLURM_RESTART_COUNT" = 1 ]\n',
    )
    job_id = typed.submit("--array=0-1", "--max-attempts=2", "once.sh")

    assert typed.run("wait", job_id).returncode == 0
    tries = [len(typed.document("job", f"{job_id}_{index}")["attempts"]) for index in range(2)]
    assert tries == [1, 2]


def test_a_part_of_an_array_is_cancelled_and_the_rest_released(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-9", "--hold", "--", "true")

    cancelled = typed.run("cancel", f"{job_id}_[3-9]", f"{job_id}_0")
    explained = typed.run("explain", f"{job_id}_1")
    released = typed.run("release", job_id)
    waited = typed.run("wait", job_id)

    assert cancelled.returncode == 0
    assert "7 cancelled" in cancelled.stdout
    assert "1 cancelled" in cancelled.stdout
    assert f"chaufferie release {job_id}_1" in explained.stdout
    assert "2 queued" in released.stdout
    assert waited.returncode == 1
    assert "2 succeeded, 8 cancelled" in waited.stderr


def test_an_array_is_held_while_it_queues(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-3", "--begin=+1h", "--", "true")

    assert "4 held" in typed.run("hold", job_id).stdout
    assert "held" in typed.run("job", job_id).stdout
    assert "4 cancelled" in typed.run("cancel", job_id).stdout


def test_mistakes_about_arrays_end_in_a_sentence(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-3", "--hold", "--", "true")
    for words, code, said in (
        (["submit", "--array=3-1", "--", "true"], 2, "runs backwards"),
        (["submit", "--array=0-100000", "--", "true"], 2, "at most 100000"),
        (["job", f"{job_id}_9"], 3, "no element 9"),
        (["job", f"{job_id}_x"], 2, "names no job"),
        (["logs", job_id], 1, "name one element"),
        (["wait", f"{job_id}_[0-1]"], 1, "one element"),
    ):
        ran = typed.run(*words)
        assert ran.returncode == code, (words, ran.stderr)
        assert said in ran.stderr.replace("\n", " "), (words, ran.stderr)
        assert "Traceback" not in ran.stderr
    typed.run("cancel", job_id)


def test_a_large_array_is_taken_in_and_cancelled(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-99999%1", "--begin=+1h", "--", "true")

    assert json.loads(typed.run("job", job_id, "--json").stdout)["counts"] == {"queued": 100_000}
    assert len(typed.document("job", job_id, "--instances")) == 50
    assert len(typed.document("job", job_id, "--instances", "-n", "1200")) == 1200
    assert "100000 cancelled" in typed.run("cancel", job_id).stdout
