import json
import signal

from tests.support.command_line import CommandLine
from tests.support.warden import until

SCRIPT = "#!/bin/sh\n#SBATCH --job-name=mesh\n#SBATCH --mail-type=END\n"


def test_a_script_runs_with_its_arguments_and_its_files_come_back(typed: CommandLine) -> None:
    typed.write("job.sh", SCRIPT + "cat in/a.txt in/deep/b.txt > out.txt; echo got $1 $2\n")
    typed.write("in/a.txt", "a\n")
    typed.write("in/deep/b.txt", "b\n")

    said = typed.run("submit", "--stage", "in", "job.sh", "one", "two words")
    job_id = said.stdout.split()[-1]
    waited = typed.run("wait", job_id)
    fetched = typed.run("get", job_id)

    assert said.stdout == f"Submitted batch job {job_id}\n"
    assert said.stderr.count("--mail-type") == 1
    assert waited.returncode == 0
    assert f"Job {job_id} succeeded" in waited.stderr
    assert typed.run("logs", job_id).stdout == "got one two words\n"
    assert fetched.returncode == 0
    assert (typed.folder / f"job-{job_id}" / "out.txt").read_text() == "a\nb\n"


def test_fetching_does_not_overwrite_what_differs(typed: CommandLine) -> None:
    job_id = typed.submit("--wait", "--wrap", "echo new > out.txt")
    mine = typed.write("here/out.txt", "mine\n")

    refused = typed.run("get", job_id, "here")
    kept = mine.read_text()
    forced = typed.run("get", job_id, "here", "--force")

    assert refused.returncode == 1
    assert "out.txt exists and differs" in refused.stderr
    assert kept == "mine\n"
    assert forced.returncode == 0
    assert mine.read_text() == "new\n"


def test_waiting_ends_with_the_exit_code_of_the_job(typed: CommandLine) -> None:
    failed = typed.run("submit", "--wait", "--wrap", "exit 7")
    job_id = failed.stdout.split()[-1]

    assert failed.returncode == 7
    assert "exit code 7" in failed.stderr
    assert typed.run("wait", typed.submit("--", "true"), job_id).returncode == 7


def test_a_job_and_its_reasons_can_be_read_by_programs(typed: CommandLine) -> None:
    job_id = typed.submit("-J", "read-me", "--wait", "--", "true")

    job = typed.document("job", job_id)
    listed = typed.document("jobs", "--name", "read-me")
    reasons = typed.document("explain", job_id)

    assert job["state"] == "succeeded"
    assert job["attempts"][0]["exit_code"] == 0
    assert [item["job_id"] for item in listed] == [int(job_id)]
    assert reasons["sentence"]
    assert "read-me" in typed.run("job", job_id).stdout
    assert "read-me" in typed.run("jobs").stdout
    assert reasons["sentence"] in typed.run("explain", job_id).stdout


def test_every_page_of_the_list_is_shown_when_asked_for(typed: CommandLine) -> None:
    wanted = [typed.submit("-J", "paged", "--", "true") for _ in range(3)]

    short = typed.run("jobs", "--name", "paged", "-n", "2")
    every = typed.document("jobs", "--name", "paged", "--all")

    assert "--all" in short.stderr
    assert len(short.stdout.splitlines()) == 3
    assert [str(job["job_id"]) for job in every] == wanted[::-1]


def test_logs_follow_a_job_to_its_end(typed: CommandLine) -> None:
    job_id = typed.submit("--wrap", "echo first; sleep 1; echo last")

    followed = typed.run("logs", "-f", job_id)

    assert followed.stdout == "first\nlast\n"


def test_standard_error_can_be_kept_apart(typed: CommandLine) -> None:
    job_id = typed.submit("-W", "-e", "err.txt", "--wrap", "echo out; echo err >&2")

    assert typed.run("logs", job_id).stdout == "out\n"
    assert typed.run("logs", "--stderr", job_id).stdout == "err\n"


def test_a_held_job_starts_when_it_is_released(typed: CommandLine) -> None:
    job_id = typed.submit("--hold", "--", "true")

    too_long = typed.run("wait", "--timeout", "0.2", job_id)
    typed.run("release", job_id)

    assert too_long.returncode == 6
    assert "still held" in too_long.stderr
    assert typed.run("wait", job_id).returncode == 0


def test_a_running_job_is_cancelled(typed: CommandLine) -> None:
    job_id = typed.submit("--", "sleep", "600")
    until(lambda: typed.document("job", job_id)["state"] == "running", "it runs")

    cancelled = typed.run("cancel", job_id, "999999")
    waited = typed.run("wait", job_id)

    assert cancelled.returncode == 3
    assert "Job 999999: There is no such job." in cancelled.stderr
    assert waited.returncode not in {0, 130}
    assert f"Job {job_id} cancelled" in waited.stderr


def test_the_script_may_come_by_standard_input(typed: CommandLine) -> None:
    ran = typed.run("submit", "--wait", "--json", stdin="#!/bin/sh\nexit 0\n")

    assert ran.returncode == 0
    assert json.loads(ran.stdout)["state"] == "succeeded"


def test_ctrl_c_ends_the_waiting_and_not_the_job(typed: CommandLine) -> None:
    waiting = typed.start("submit", "--wait", "--parsable", "--", "sleep", "600")
    assert waiting.stdout is not None
    job_id = waiting.stdout.readline().strip()
    until(lambda: typed.document("job", job_id)["state"] == "running", "it runs")

    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    assert f"Job {job_id} goes on" in said
    assert "Traceback" not in said
    assert typed.document("job", job_id)["state"] == "running"
    assert typed.run("cancel", job_id).returncode == 0


def test_only_trying_submits_nothing(typed: CommandLine) -> None:
    tried = typed.run("submit", "--test-only", "-J", "only-tried", "--", "true")

    assert tried.returncode == 0
    assert "node0" in tried.stdout
    assert typed.document("jobs", "--name", "only-tried") == []
