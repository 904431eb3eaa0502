"""Jobs of several nodes through the command line: real agents of one site, real processes."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from node_agent.warden.processes import all_processes, variable_of
from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes that heat the same water."""
    with running_cluster(tmp_path_factory.mktemp("site"), one_site=True) as running:
        yield running


@pytest.fixture
def typed(site: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(site, tmp_path)


WHERE = """#!/bin/sh
#SBATCH --nodes=2 --ntasks-per-node=2 --output=out.txt
echo "$SLURM_JOB_NODELIST $SLURM_NNODES $SLURM_NTASKS $SLURM_TASKS_PER_NODE"
srun sh -c 'echo task $SLURM_PROCID $SLURM_LOCALID $SLURM_NODEID $SLURMD_NODENAME'
srun -l -n2 sh -c 'cat staged.txt; exit $SLURM_PROCID'
echo code $?
srun -w "${SLURM_JOB_NODELIST#*,}" -n1 sh -c 'echo here $SLURMD_NODENAME $PWD'
"""


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return [""]


def _of_job(typed: CommandLine, job: str) -> list[int]:
    """Processes of a job on all nodes of the cluster."""
    return [
        item.pid
        for item in all_processes()
        if (variable_of(item.pid, "CHAUFFERIE_ATTEMPT") or "").startswith(f"{job}.")
        if str(typed.cluster.data_dir) in (variable_of(item.pid, "CHAUFFERIE_WARDEN") or "")
    ]


def _launcher(typed: CommandLine, job: str) -> int | None:
    """What waits on a node for the script of this job."""
    found = [pid for pid in _of_job(typed, job) if "gangs.launcher" in " ".join(_command(pid))]
    return found[0] if found else None


def _sleepers(typed: CommandLine, job: str) -> int:
    """How many tasks of the job sleep, on all nodes."""
    return sum(_command(pid)[0] == "sleep" for pid in _of_job(typed, job))


def _sleeping(typed: CommandLine, *options: str) -> str:
    """A job of two nodes with a task on each."""
    job = typed.submit("--nodes=2", *options, "--wrap", "srun sleep 600")
    until(lambda: _sleepers(typed, job) == 2)
    return job


def _cancel(typed: CommandLine, job: str) -> None:
    typed.run("cancel", job)
    until(lambda: typed.document("job", job)["state"] == "cancelled")


def test_srun_starts_tasks_on_every_node(typed: CommandLine) -> None:
    typed.write("staged.txt", "came along\n")
    typed.write("where.sh", WHERE)

    job = typed.submit("--wait", "--stage", "staged.txt", "where.sh")

    said = typed.run("logs", job).stdout.splitlines()
    names = said[0].split()[0].split(",")
    assert sorted(names) == ["node0", "node1"]
    assert said[0].split()[1:] == ["2", "4", "2(x2)"]
    assert sorted(line for line in said if line.startswith("task")) == [
        f"task 0 0 0 {names[0]}",
        f"task 1 1 0 {names[0]}",
        f"task 2 0 1 {names[1]}",
        f"task 3 1 1 {names[1]}",
    ]
    came = sorted(line for line in said if "came along" in line)
    assert came == ["0: came along", "1: came along"]
    assert "code 1" in said
    assert said[-1].startswith(f"here {names[1]} ")
    shown = typed.document("job", job)
    assert (shown["nodes"], shown["cores"], shown["state"]) == (2, 4, "succeeded")
    (attempt,) = shown["attempts"]
    assert [attempt["node"], *attempt["members"]] == names
    assert ", ".join(names) in typed.run("job", job).stdout
    assert typed.run("slurm", "squeue", "-h", "-t", "all", "-o", "%N", "-j", job).stdout == (
        "node[0-1]\n"
    )
    assert "NodeList=node[0-1]" in typed.run("slurm", "scontrol", "show", "job", job).stdout
    sacct = typed.run("slurm", "sacct", "-n", "-P", "-o", "NodeList", "-j", job)
    assert sacct.stdout == "node[0-1]\n"
    until(lambda: _of_job(typed, job) == [])


def test_a_job_of_several_nodes_is_billed_for_all_of_them(typed: CommandLine) -> None:
    typed.write("busy.sh", "#!/bin/sh\ni=0; while [ $i -lt 300000 ]; do i=$((i+1)); done\n")
    typed.write("all.sh", "#!/bin/sh\n#SBATCH --nodes=2\nsrun sh busy.sh\n")
    typed.write("one.sh", "#!/bin/sh\nsh busy.sh\n")
    used = []
    for script in ("one.sh", "all.sh"):
        job = typed.submit("--wait", "--stage", "busy.sh", script)
        (attempt,) = typed.document("job", job)["attempts"]
        used.append(attempt["cpu_s"])

    assert used[1] > 1.5 * used[0]


def test_more_nodes_than_a_site_has_are_refused(typed: CommandLine) -> None:
    ran = typed.run("submit", "--nodes=3", "--wrap", "true")

    assert ran.returncode != 0
    assert "The job asks for 3 nodes, which must be of one site" in ran.stderr
    assert "has 2 (site0)" in ran.stderr
    too_wide = typed.run("submit", "--nodes=2", "--ntasks-per-node=99", "--wrap", "true")
    assert too_wide.returncode != 0
    assert "99 cores" in too_wide.stderr


def test_srun_beyond_the_job_is_refused(typed: CommandLine) -> None:
    typed.write(
        "beyond.sh",
        "#!/bin/sh\n#SBATCH --nodes=2\nsrun -N3 true\nsrun -n9 true\nsrun -w other true\ntrue\n",
    )
    job = typed.submit("--wait", "beyond.sh")

    said = typed.run("logs", job).stdout
    assert "the job has 2 nodes, and --nodes=3 asks for more" in said
    assert "5 cores are asked for and the job has on each node 1" in said
    assert "and no other" in said


def test_a_node_part_that_is_killed_ends_the_attempt_and_the_job_runs_again(
    typed: CommandLine,
) -> None:
    """Its tasks go with it, its warden says so, and all of the job queues again."""
    typed.write(
        "survive.sh",
        "#!/bin/sh\n#SBATCH --nodes=2 --output=out.txt\n"
        'if [ -n "$SLURM_RESTART_COUNT" ]; then srun hostname; exit; fi\n'
        "srun sleep 600\n",
    )
    job = typed.submit("survive.sh")
    until(lambda: _sleepers(typed, job) == 2)
    launcher = _launcher(typed, job)
    assert launcher is not None

    os.kill(launcher, signal.SIGKILL)

    assert typed.run("wait", job).returncode == 0
    first, second = typed.document("job", job)["attempts"]
    assert (first["state"], first["reason"]) == ("killed", "member_lost")
    assert second["state"] == "done"
    assert _sleepers(typed, job) == 0


def test_cancelling_stops_the_tasks_of_every_node(typed: CommandLine) -> None:
    job = _sleeping(typed)

    _cancel(typed, job)

    assert _of_job(typed, job) == []


def test_an_agent_that_is_killed_costs_the_job_nothing(site: Cluster, typed: CommandLine) -> None:
    job = _sleeping(typed)
    for index in range(2):
        site.programs[f"agent-node{index}"].kill()
        site.programs[f"agent-node{index}"].wait()
        site.run_agent(index)

    _cancel(typed, job)

    (attempt,) = typed.document("job", job)["attempts"]
    assert attempt["reason"] == "cancelled"
    assert _of_job(typed, job) == []


def test_whoever_does_not_know_the_secret_gets_nothing(typed: CommandLine) -> None:
    job = _sleeping(typed)
    launcher = _launcher(typed, job)
    assert launcher is not None
    settings = Path(next(word for word in _command(launcher) if word.endswith(".gang")))
    assert settings.stat().st_mode & 0o077 == 0
    host, _, port = settings.with_suffix(".hosts").read_text().rpartition(":")

    for hostile in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, os.urandom(1 << 16)):
        with socket.create_connection((host, int(port)), 10) as stream:
            stream.settimeout(30)
            assert len(stream.recv(32)) == 32
            with contextlib.suppress(ConnectionError):
                stream.sendall(hostile)
                stream.shutdown(socket.SHUT_WR)
                assert stream.recv(1) == b""

    assert _sleepers(typed, job) == 2
    _cancel(typed, job)
