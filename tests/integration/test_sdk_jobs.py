from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chaufferie import Client, JobRequest
from chaufferie.sdk.errors import (
    BadInputError,
    JobFailedError,
    RefusedByServerError,
    WaitTimedOutError,
)
from domain.jobs.job import JobState
from tests.support.cluster import Cluster


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Client]:
    with Client(data_dir=cluster.data_dir) as opened:
        yield opened


def test_five_lines_run_a_job(client: Client, tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text("#!/bin/sh\necho hello\n")

    job = client.submit(script="job.sh", directory=tmp_path)
    job.wait()

    assert job.state is JobState.SUCCEEDED
    assert job.stdout() == "hello\n"
    assert client.job(job.id).exit_code == 0


def test_a_result_is_what_the_job_left(client: Client, tmp_path: Path) -> None:
    result = client.submit(command=["sh", "-c", "echo said; echo kept > kept.txt"]).result(60)

    assert result.stdout == "said\n"
    assert "kept.txt" in [file.path for file in result.files]
    assert client.job(result.job_id).download(tmp_path)
    assert (tmp_path / "kept.txt").read_text() == "kept\n"


def test_the_result_of_a_failure_is_an_error(client: Client) -> None:
    job = client.submit(command=["sh", "-c", "exit 9"])

    with pytest.raises(JobFailedError, match="exit code 9") as caught:
        job.result(60)

    assert (caught.value.job_id, caught.value.exit_code) == (job.id, 9)


def test_waiting_has_an_end_and_the_job_goes_on(client: Client) -> None:
    job = client.submit(command=["sleep", "600"])

    with pytest.raises(WaitTimedOutError):
        job.wait(0.2)
    with pytest.raises(WaitTimedOutError):
        client.wait([job], 0.2)

    assert not job.is_final
    job.cancel()
    assert job.wait(60) is JobState.CANCELLED


def test_many_jobs_keep_their_order_and_end_together(client: Client) -> None:
    requests = [JobRequest(command=["sh", "-c", f"exit {code}"]) for code in (0, 1, 0)]

    jobs = client.submit_many(requests)
    states = client.wait(jobs, 60)

    assert [job.id for job in jobs] == sorted(job.id for job in jobs)
    assert [states[job.id].value for job in jobs] == ["succeeded", "failed", "succeeded"]


def test_inputs_are_sent_once_and_keep_their_names_and_modes(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "tool"
    tool.write_text("#!/bin/sh\necho tool\n")
    tool.chmod(0o755)
    (tmp_path / "empty").write_text("")

    def run() -> str:
        job = client.submit(
            command=["sh", "-c", "bin/tool; test -e empty && echo there"],
            inputs=["bin", "empty"],
            directory=tmp_path,
        )
        return job.result(60).stdout

    assert run() == "tool\nthere\n"
    assert run() == "tool\nthere\n"


def test_what_was_typed_wrong_is_said_before_anything_is_sent(client: Client) -> None:
    newest = [job.id for job in client.jobs(limit=1)]

    with pytest.raises(BadInputError, match="--typ0"):
        client.submit(command=["true"], options=["--typ0=flex"])

    assert [job.id for job in client.jobs(limit=1)] == newest


def test_a_job_explains_itself(client: Client) -> None:
    job = client.submit(command=["true"], type="flex")
    job.wait(60)

    explained = job.explain()

    assert explained.sentence
    assert explained.attempts[0]["node"] in {"node0", "node1"}
    assert any("flex job may be stopped" in note for note in explained.notes)


def test_the_fleet_and_its_heat_are_typed(client: Client) -> None:
    sites = {site.name: site for site in client.sites()}
    nodes = {node.name: node for node in client.nodes()}
    heat = client.heat(site_id=sites["site0"].site_id)

    assert sites["site0"].water_temp_c == 20.0
    assert sites["site0"].is_simulated
    assert nodes["node1"].cores == 2
    assert {profile.name for profile in client.profiles()} >= {"python"}
    assert any(label.startswith("python/") for label in nodes["node1"].profiles)
    assert nodes["node1"].features
    assert [site.name for site in heat.sites] == ["site0"]
    assert client.whoami()["role"] == "operator"


def test_jobs_are_held_changed_released_and_run_again(client: Client) -> None:
    job = client.submit(command=["true"], options=["--hold"])

    changed = client.modify(job.id, ["--time=7", "--job-name=renamed"])
    released = client.release(job.id)
    job.wait(60)
    again = client.requeue(job.id)
    client.job(job.id).wait(60)
    later = client.submit(command=["true"], options=["--begin=+1h", "--array=0-3"])
    held = client.hold(f"{later.id}_[0-1]")
    client.cancel(later.id)

    assert changed.changed
    assert (released.state, again.state) == (JobState.QUEUED, JobState.QUEUED)
    document = client.job(job.id).document
    assert (document["name"], len(document["attempts"])) == ("renamed", 2)
    assert held.changed == {JobState.HELD: 2}


def test_quotas_are_set_and_typed(client: Client) -> None:
    client.set_quotas("operator", {"kwh/total": "2.5", "cores": "64"})
    client.set_quotas("operator", {"core-hours/month": "1000"}, safe=True)
    found = {item.quota: item for item in client.quotas() if item.tenant == "operator"}
    limits = dict.fromkeys(("kwh/total", "cores", "core-hours/month"))
    left = client.set_quotas("operator", limits)

    budget, cores = found["kwh/total"], found["cores"]
    assert (budget.limit, budget.is_safe, budget.is_used_up) == (Decimal("2.5"), False, False)
    assert budget.ended is not None
    assert budget.running is not None
    assert budget.used == budget.ended + budget.running
    assert (cores.limit, cores.ended, cores.running) == (Decimal(64), None, None)
    assert found["core_hours/month"].is_safe
    assert [item.quota for item in left if item.tenant == "operator"] == ["stored_bytes"]
    with pytest.raises(RefusedByServerError, match="Only a budget that is set can be safe"):
        client.set_quotas("operator", {"cores": "1"}, safe=True)
