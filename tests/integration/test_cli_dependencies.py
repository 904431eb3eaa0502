"""Dependencies as a user types them, and pipelines as a program submits them."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.support.command_line import CommandLine


def test_a_job_starts_after_the_one_it_waits_for(typed: CommandLine) -> None:
    first = typed.submit("--hold", "--", "true")
    second = typed.submit(f"--dependency=afterok:{first}", "-J", "second", "--", "true")
    third = typed.submit("-d", f"afterok:{second}", "--array=0-1", "--", "true")

    blocked = typed.run("job", second)
    explained = typed.run("explain", second)
    typed.run("release", first)
    waited = typed.run("wait", first, second, third)
    ended = typed.document("job", second)

    assert "blocked" in blocked.stdout
    assert f"afterok:{first}" in blocked.stdout
    assert f"It waits for the success of job {first} (afterok:{first})." in explained.stdout
    assert waited.returncode == 0, waited.stderr
    assert ended["dependencies"] == [{"condition": f"afterok:{first}", "state": "met"}]


def test_what_can_never_start_ends_and_says_why(typed: CommandLine) -> None:
    first = typed.submit("--array=0-1", "--wrap", "exit $SLURM_ARRAY_TASK_ID")
    rescue = typed.submit(f"--dependency=afternotok:{first}_1", "--", "true")
    good = typed.submit(f"--dependency=afterok:{first}_0", "--", "true")
    never = typed.submit(f"--dependency=afterok:{first}", "--", "true")

    waited = typed.run("wait", never)

    assert waited.returncode == 1
    assert f"afterok:{first}" in waited.stderr
    assert "can no longer happen" in typed.run("explain", never).stdout
    assert typed.run("wait", rescue, good).returncode == 0


def test_what_begins_or_ends_anyhow_lets_others_start(typed: CommandLine) -> None:
    lasting = typed.submit("--", "sleep", "600")
    begun = typed.submit(f"--dependency=after:{lasting}", "--", "true")
    ended = typed.submit(f"--dependency=afterany:{lasting}", "--", "true")
    either = typed.submit("-d", f"afterok:{lasting}?afternotok:{lasting}", "--", "true")

    assert typed.run("wait", begun).returncode == 0
    states = {typed.document("job", job_id)["state"] for job_id in (ended, either)}
    typed.run("cancel", lasting)

    assert states == {"blocked"}
    assert typed.run("wait", ended, either).returncode == 0


def test_singletons_of_one_name_run_one_by_one(typed: CommandLine) -> None:
    links = [
        typed.submit("-J", "chain-of-runs", "-d", "singleton", "--wrap", "sleep 0.2")
        for _ in range(3)
    ]

    assert typed.run("wait", *links).returncode == 0
    documents = [typed.document("job", link) for link in links]
    for earlier, later in pairwise(documents):
        assert earlier["finished_at_s"] <= later["started_at_s"]


def test_mistakes_about_dependencies_end_in_a_sentence(typed: CommandLine) -> None:
    for words, code, said in (
        (["-d", "afterok:999999"], 3, "There is no job 999999 of yours"),
        (["-d", "afterok:@mesh"], 1, "labelled mesh"),
        (["-d", "whenever:1"], 2, "whenever:1"),
    ):
        ran = typed.run("submit", *words, "--", "true")
        assert ran.returncode == code, ran.stderr
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr


PIPELINE = """
from chaufferie import Client, JobRequest
from chaufferie.sdk.errors import BadInputError

N = 1050

def job(label, after=None):
    wishes = {} if after is None else {"dependency": f"afterok:@{after}"}
    return JobRequest(command=["true"], label=label, wishes=wishes)

with Client() as client:
    # A fan of many, more than one request carries, named before what they wait for.
    fan = [job(f"leaf{n}", "root") for n in range(N)]
    jobs = client.submit_many([*fan, job("root")])
    assert len(jobs) == N + 1
    assert jobs[0].id > jobs[-1].id
    states = client.wait(jobs, timeout_s=300)
    assert set(states.values()) == {"succeeded"}, states
    try:
        client.submit_many([job("a", "b"), job("b", "a")])
    except BadInputError as error:
        print(error)
"""


def test_a_pipeline_larger_than_one_request_runs(typed: CommandLine) -> None:
    typed.write("pipeline.py", PIPELINE)

    ran = subprocess.run(
        [sys.executable, Path("pipeline.py")],
        cwd=typed.folder,
        env=typed.environment(),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "wait for one another" in ran.stdout
    assert "a before b before a" in ran.stdout or "b before a before b" in ran.stdout
