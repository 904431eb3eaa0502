"""Everything on one machine, as `chaufferie up` starts it: killed, refused, stopped, resumed."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chaufferie import JobRequest
from domain.jobs.job import JobState
from tests.support.embedded import (
    COMMAND,
    Up,
    programs_of,
    refused_up,
    running_up,
    start_up,
    until,
)

N_JOBS = 50
PROGRAMS = {
    "api": "-m api",
    "scheduler": "-m scheduler",
    "worker": "-m worker",
    "boilers": "-m simulation",
    "agent": "-m node_agent ",
    "keeper": "-m node_agent.keeper",
    "warden": "-m node_agent.warden",
    "broker": "valkey-server",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running_up(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_killed_among_fifty_jobs_loses_and_doubles_none(up: Up, kind: str) -> None:
    with up.client() as client:
        jobs = client.submit_many([JobRequest(command=["/bin/sleep", "0.1"])] * N_JOBS)
        jobs[N_JOBS // 5].wait(60)
        killed = up.pids(PROGRAMS[kind])
        os.kill(killed[0], signal.SIGKILL)
        states = client.wait(jobs, timeout_s=120)

    assert set(states.values()) == {JobState.SUCCEEDED}
    assert len(states) == N_JOBS
    assert _times_done(up.data, states) == dict.fromkeys(states, 1)
    until(lambda: len(up.pids(PROGRAMS[kind])) == len(killed), 30)
    assert re.search(
        rf"^{kind}\b.* ended \(killed by signal 9\); started again\.$", up.said(), re.MULTILINE
    )


def test_a_broker_that_forgets_everything_loses_and_doubles_none(up: Up) -> None:
    with up.client() as client:
        jobs = client.submit_many([JobRequest(command=["/bin/sleep", "0.1"])] * N_JOBS)
        jobs[N_JOBS // 5].wait(60)
        _wipe_broker(up.data / "run" / "valkey.sock")
        states = client.wait(jobs, timeout_s=120)

    assert set(states.values()) == {JobState.SUCCEEDED}
    assert _times_done(up.data, states) == dict.fromkeys(states, 1)


def test_the_doctor_finds_nothing_wrong_afterwards(up: Up) -> None:
    done = subprocess.run(
        [COMMAND, "doctor"],
        env={**os.environ, "CHAUFFERIE_DATA_DIR": str(up.data)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_up_on_the_directory_is_refused_and_told_who_runs(up: Up) -> None:
    code, said = refused_up(up.data, "--port", "0")

    assert code == 1
    assert f"process {up.process.pid}" in said
    assert "--data" in said
    assert len(said.strip().splitlines()) == 1


def test_a_busy_port_is_refused_and_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        code, said = refused_up(tmp_path, "--port", str(port))

    assert code == 1
    assert said.strip() == (
        f"Port {port} is in use; stop what uses it, or choose another with --port."
    )


def test_ctrl_c_stops_everything_and_the_next_up_goes_on(tmp_path: Path) -> None:
    with running_up(tmp_path) as first, first.client() as client:
        job = client.submit(command=["/bin/sleep", "2"])
        until(lambda: job.refresh()["state"] == JobState.RUNNING, 30)
        assert first.stop() == 0

    assert programs_of(tmp_path) == {}
    with running_up(tmp_path) as second, second.client() as client:
        assert client.job(job.id).wait(60) is JobState.SUCCEEDED
        assert len(client.sites()) == 2
        assert len(client.nodes()) == 2


def test_an_up_that_is_killed_takes_its_programs_along(tmp_path: Path) -> None:
    with running_up(tmp_path) as running:
        running.process.kill()
        running.process.wait()
        with suppress(TimeoutError):
            until(lambda: programs_of(tmp_path) == {}, 60)
        assert programs_of(tmp_path) == {}

    with running_up(tmp_path) as again, again.client() as client:
        assert client.submit(command=["/bin/true"]).wait(60) is JobState.SUCCEEDED


def test_ctrl_c_during_the_start_leaves_no_process(tmp_path: Path) -> None:
    process = start_up(tmp_path, "--port", "0", "--sites", "2")
    until(lambda: len(programs_of(tmp_path)) > 1, 30)
    up = Up(data=tmp_path, process=process)

    assert up.stop() == 0, up.said()
    assert programs_of(tmp_path) == {}
    assert "Traceback" not in up.said()


def test_a_directory_with_a_long_name_serves_as_well(tmp_path: Path) -> None:
    data = tmp_path / ("a-name-of-fifty-letters-" * 4) / "data"
    with running_up(data, sites=1) as running, running.client() as client:
        assert client.submit(command=["/bin/true"]).wait(60) is JobState.SUCCEEDED


def _times_done(data: Path, states: dict[int, JobState]) -> dict[int, int]:
    """How often each job's program ran to its end and was billed for it."""
    with sqlite3.connect(data / "chaufferie.sqlite") as connection:
        rows = connection.execute(
            "SELECT instance.job_id, count(*) FROM job_usage"
            " JOIN attempt USING (instance_id, attempt)"
            " JOIN instance ON instance.id = job_usage.instance_id"
            " WHERE attempt.reason = 'completed' GROUP BY instance.job_id"
        ).fetchall()
    connection.close()
    return {job_id: count for job_id, count in rows if job_id in states}


def _wipe_broker(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as broker:
        broker.connect(str(path))
        broker.sendall(b"FLUSHALL\r\n")
        assert broker.recv(64).startswith(b"+OK")
