"""A program of MPICH over two nodes of one site, each with its own agent and warden.

Hydra, its launcher, is that of Intel MPI as well. The nodes bear names that resolve nowhere.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node_agent.warden.processes import all_processes, variable_of
from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine
from tests.support.mpi import Mpi, mpi_of

#: Needs no compiler: MPI's library is called as it is, with the numbers of MPICH's ABI.
PROGRAM = """
import ctypes, os, sys, time
mpi = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
WORLD, INT, SUM = 0x44000000, 0x4C000405, 0x58000003
mpi.MPI_Init(None, None)
rank, total = ctypes.c_int(), ctypes.c_int()
mpi.MPI_Comm_rank(WORLD, ctypes.byref(rank))
mine = ctypes.c_int(rank.value + 1)
mpi.MPI_Allreduce(ctypes.byref(mine), ctypes.byref(total), 1, INT, SUM, WORLD)
private = os.path.isdir(os.environ["TMPDIR"])
print("rank", rank.value, "sum", total.value, "on", os.environ["SLURMD_NODENAME"], private,
      flush=True)
if len(sys.argv) > 2:
    mpi.MPI_Barrier(WORLD)
    open(f"up{rank.value}", "w").close()
    time.sleep(600)
mpi.MPI_Finalize()
"""

SCRIPT = """#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=2 --time=5
export PATH={folder}:$PATH
{launch} {python} sum.py {library} {more}
"""


@pytest.fixture(scope="module")
def mpich(tmp_path_factory: pytest.TempPathFactory) -> Mpi:
    return mpi_of(
        "MPICH",
        says="HYDRA",
        lock="mpich.txt",
        library="libmpi*.so.12",
        factory=tmp_path_factory,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("site"), one_site=True) as running:
        yield running


@pytest.fixture
def typed(site: Cluster, tmp_path: Path) -> CommandLine:
    return CommandLine(site, tmp_path)


def _written(typed: CommandLine, mpich: Mpi, launch: str, more: str = "") -> str:
    """A script that has the program run so."""
    typed.write("sum.py", PROGRAM)
    words = {"folder": mpich.folder, "library": mpich.library, "launch": launch, "more": more}
    typed.write("sum.sh", SCRIPT.format(**words, python=sys.executable))
    return "sum.sh"


def _ranks(typed: CommandLine, job: str) -> dict[int, int]:
    """Processes of the program by their rank, on all nodes of the cluster."""
    found = {}
    for item in all_processes():
        mine = (variable_of(item.pid, "CHAUFFERIE_ATTEMPT") or "").startswith(f"{job}.")
        rank = variable_of(item.pid, "PMI_RANK")
        if mine and rank and str(typed.cluster.data_dir) in (variable_of(item.pid, "TMPDIR") or ""):
            found[int(rank)] = item.pid
    return found


def _running(typed: CommandLine, mpich: Mpi, launch: str) -> str:
    """A job all of whose ranks have found one another, and wait."""
    script = _written(typed, mpich, launch, "stay")
    job = typed.submit("--stage", "sum.py", script)
    until(lambda: typed.run("logs", job).stdout.count("sum 10") == 4)
    assert sorted(_ranks(typed, job)) == [0, 1, 2, 3]
    return job


@pytest.mark.timeout(400)
@pytest.mark.parametrize("launch", ["mpirun", "mpiexec -n 4", "srun"])
def test_ranks_of_two_nodes_find_one_another(typed: CommandLine, mpich: Mpi, launch: str) -> None:
    script = _written(typed, mpich, launch)

    ran = typed.run("submit", "--wait", "--parsable", "--stage", "sum.py", script)

    said = typed.run("logs", ran.stdout.split()[0]).stdout
    assert ran.returncode == 0, said
    lines = sorted(line for line in said.splitlines() if line.startswith("rank"))
    assert [line.split(" on ")[0] for line in lines] == [f"rank {n} sum 10" for n in range(4)]
    hosts = [line.split(" on ")[1] for line in lines]
    assert hosts[0] == hosts[1] != hosts[2] == hosts[3]
    assert {hosts[0], hosts[2]} == {"node0 True", "node1 True"}


@pytest.mark.timeout(400)
def test_a_step_may_take_fewer_of_the_nodes(typed: CommandLine, mpich: Mpi) -> None:
    script = _written(typed, mpich, "srun -N1 -n2")

    ran = typed.run("submit", "--wait", "--parsable", "--stage", "sum.py", script)

    said = typed.run("logs", ran.stdout.split()[0]).stdout
    assert ran.returncode == 0, said
    assert [said.count("sum 3 on node0"), said.count("sum 3 on node1")] in ([2, 0], [0, 2])


@pytest.mark.timeout(400)
@pytest.mark.parametrize("launch", ["mpirun", "srun"])
def test_a_rank_that_is_killed_ends_all_of_the_job(
    typed: CommandLine, mpich: Mpi, launch: str
) -> None:
    job = _running(typed, mpich, launch)

    os.kill(_ranks(typed, job)[3], signal.SIGKILL)

    assert typed.run("wait", job).returncode != 0
    shown = typed.document("job", job)
    assert (shown["state"], shown["attempts"][-1]["reason"]) == ("failed", "program_failed")
    until(lambda: _ranks(typed, job) == {})


@pytest.mark.timeout(400)
def test_cancelling_leaves_no_rank_behind(typed: CommandLine, mpich: Mpi) -> None:
    job = _running(typed, mpich, "mpirun")

    typed.run("cancel", job)

    until(lambda: typed.document("job", job)["state"] == "cancelled")
    assert _ranks(typed, job) == {}
