"""`chaufferie modify`, as a person types it."""

from tests.support.command_line import CommandLine
from tests.support.warden import until


def test_a_held_job_becomes_another(typed: CommandLine) -> None:
    job_id = typed.submit("--hold", "--time=10", "--", "true")

    done = typed.run("modify", job_id, "--time=20", "-J", "renamed", "--type", "flex")
    shown = typed.document("job", job_id)
    behind = typed.document("modify", "-c", "2", job_id)

    assert done.returncode == 0, done.stderr
    assert f"Job {job_id} is changed: job-name, time, type." in done.stdout
    assert (shown["name"], shown["time_limit_s"]) == ("renamed", 1200)
    assert shown["scheduling_type"] == "flex"
    assert behind[0]["changed"] == ["cpus-per-task"]
    assert "It was changed (-c 2), by key" in typed.run("job", job_id).stdout
    assert typed.run("cancel", job_id).returncode == 0


def test_a_running_job_is_stopped_at_its_lowered_limit(typed: CommandLine) -> None:
    job_id = typed.submit("--time=60", "--", "sleep", "600")
    until(lambda: typed.document("job", job_id)["state"] == "running", "it runs")

    lowered = typed.run("modify", "--time=0:01", job_id)
    waited = typed.run("wait", job_id)

    assert lowered.returncode == 0, lowered.stderr
    assert waited.returncode != 0
    ended = typed.document("job", job_id)
    assert (ended["state"], ended["reason"]) == ("failed", "time_limit")


def test_an_array_changes_as_a_whole_and_runs_so(typed: CommandLine) -> None:
    script = typed.write("job.sh", "#!/bin/sh\necho $SLURM_CPUS_PER_TASK\n")
    array_id = typed.submit("--hold", "--array=0-2", str(script))

    part = typed.run("modify", f"{array_id}_1", "-c", "2")
    whole = typed.run("modify", array_id, "-c", "2")

    assert part.returncode == 1
    assert "change array" in part.stderr
    assert "(3 waiting)" in whole.stdout
    assert typed.run("release", array_id).returncode == 0
    assert typed.run("wait", array_id).returncode == 0
    assert typed.run("logs", f"{array_id}_1").stdout == "2\n"


def test_mistakes_end_in_one_sentence(typed: CommandLine) -> None:
    job_id = typed.submit("--hold", "--", "true")

    def said(*words: str) -> str:
        ran = typed.run("modify", *words)
        assert ran.returncode != 0
        assert len(ran.stderr.strip().splitlines()) == 1
        return ran.stderr

    assert "Name the jobs to change" in said("--time=5")
    assert "'x_y' names no job" in said("x_y", "--time=5")
    assert "--output cannot be changed" in said(job_id, "--output=x")
    assert "Nothing is to be changed" in said(job_id)
    assert "There is no such job" in said("999999999", "--time=5")
    assert typed.run("modify", "--help").returncode == 0
    assert typed.run("cancel", job_id).returncode == 0
