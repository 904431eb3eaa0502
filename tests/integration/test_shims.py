"""srun and module as a job's script finds them: real shells, real processes."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from node_agent.shims.install import COMMANDS, install_shims, login_functions, shims_of
from tests.support.warden import until

BARE = ("/usr/bin", "/bin")


@dataclass
class Node:
    """A folder with the commands, and a job's environment; ``mpirun`` only where it is wanted."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.pathsep.join([str(shims_of(self.folder)), str(self.folder / "bin")]),
            "SLURM_JOB_ID": "77",
            "SLURM_JOB_NODELIST": "localhost",
            "SLURM_CPUS_ON_NODE": "8",
            **self.variables,
        }

    def sh(self, script: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"/bin/{shell}", "-c", script],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Without ``mpirun``: the programs that scripts need are linked one by one."""
    install_shims(tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "bash", "echo", "env", "sleep", "cat", "sort", "true", "false", "ls"):
        found = shutil.which(name, path=os.pathsep.join(BARE))
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return Node(tmp_path)


def test_one_task_is_the_program_itself(node: Node) -> None:
    ran = node.sh("srun sh -c 'echo $SLURM_PROCID of $SLURM_NTASKS with $#; exit 7' a b")
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, "0 of 1 with 1\n", "")


def test_several_tasks_are_copies_and_the_highest_code_counts(node: Node) -> None:
    node.variables = {"SLURM_NTASKS": "3"}
    ran = node.sh(
        "srun sh -c 'echo $SLURM_PROCID $SLURM_LOCALID $SLURM_NTASKS; exit $SLURM_PROCID'"
    )
    assert ran.returncode == 2
    assert sorted(ran.stdout.splitlines()) == ["0 0 3", "1 1 3", "2 2 3"]


def test_lines_bear_the_number_of_their_task(node: Node) -> None:
    ran = node.sh("srun -n2 -l sh -c 'echo hello; echo oops >&2'")
    assert sorted(ran.stdout.splitlines()) == ["0: hello", "1: hello"]
    assert sorted(ran.stderr.splitlines()) == ["0: oops", "1: oops"]


def test_output_goes_to_one_file_or_to_one_for_each_task(node: Node) -> None:
    node.sh("srun -n2 -o all.txt echo x; srun -n 2 --output=t-%t-%j.txt sh -c 'echo $SLURM_PROCID'")
    assert (node.folder / "all.txt").read_text() == "x\nx\n"
    assert (node.folder / "t-0-77.txt").read_text() == "0\n"
    assert (node.folder / "t-1-77.txt").read_text() == "1\n"


def test_steps_in_the_background_run_side_by_side(node: Node) -> None:
    script = (
        "srun -n1 --exclusive sh -c 'while [ ! -e second ]; do sleep 0.05; done; echo one' & "
        "srun -n1 --exclusive sh -c 'echo > second; echo two' & wait"
    )
    ran = node.sh(script, "bash")
    assert sorted(ran.stdout.split()) == ["one", "two"]
    assert ran.stderr.count("--exclusive means nothing here") == 2


def test_signals_reach_the_tasks(node: Node) -> None:
    task = (
        "trap 'echo heard $SLURM_PROCID; exit 3' USR1; echo > up$SLURM_PROCID; "
        "while :; do sleep 0.05; done"
    )
    step = subprocess.Popen(
        [shims_of(node.folder) / "srun", "-n2", "sh", "-c", task],
        cwd=node.folder,
        env=node.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: (node.folder / "up0").exists() and (node.folder / "up1").exists(), "both listen")
    step.send_signal(signal.SIGUSR1)
    said, _ = step.communicate(timeout=60)
    assert sorted(said.splitlines()) == ["heard 0", "heard 1"]
    assert step.returncode == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--pty bash", "--pty is not possible here."),
        ("-N2 hostname", "asks for more"),
        ("--multi-prog conf", "--multi-prog is not possible here."),
        ("-n 9 true", "9 cores are asked for and the job has 8"),
        ("--jobid=5 true", "its own job"),
        ("-w other true", "the node localhost"),
        ("--nonsense true", "is unknown"),
        ("-n x true", "no value"),
        ("-n", "needs a value"),
        ("", "name a program"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(node: Node, words: str, sentence: str) -> None:
    ran = node.sh(f"srun {words}")
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_program_that_is_not_there_is_named(node: Node) -> None:
    ran = node.sh("srun no-such-program")
    assert (ran.returncode, ran.stdout) == (127, "")
    assert "no-such-program" in ran.stderr
    assert "Traceback" not in node.sh("srun -n2 ./no-such-program").stderr


def test_an_environment_may_be_named(node: Node) -> None:
    node.variables = {"SECRET": "x", "OMP": "1"}
    ran = node.sh("srun --export=OMP=4,MORE=y sh -c 'echo $OMP,$MORE,$SECRET,$SLURM_JOB_ID'")
    assert ran.stdout == "4,y,,77\n"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_modules_do_nothing_and_say_so(node: Node, shell: str) -> None:
    ran = node.sh(
        "set -e; module purge; module load gcc/12 openmpi; ml lammps; ml -gcc; module list; ml",
        shell,
    )
    assert ran.returncode == 0, ran.stderr
    assert "load gcc/12 openmpi does nothing here" in ran.stderr
    assert "ml: load lammps does nothing here" in ran.stderr
    assert node.sh("module frobnicate").returncode == 1


def test_a_login_shell_that_sets_its_path_anew_still_finds_them(node: Node) -> None:
    node.variables = login_functions(str(shims_of(node.folder)))
    ran = node.sh("PATH=/usr/bin:/bin; module load x && srun -l echo hi", "bash")
    assert ran.returncode == 0
    assert sorted(ran.stdout.splitlines()) == ["0: hi"]


def test_an_earlier_version_is_replaced(tmp_path: Path) -> None:
    install_shims(tmp_path)
    (shims_of(tmp_path) / "srun").write_text("old")
    install_shims(tmp_path)
    assert sys.executable in (shims_of(tmp_path) / "srun").read_text()
    assert {item.name for item in shims_of(tmp_path).iterdir()} == set(COMMANDS)


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun on this machine")
def test_mpirun_starts_the_copies_where_it_is(node: Node) -> None:
    real = shutil.which("mpirun")
    assert real is not None
    node.variables = {
        "PATH": f"{shims_of(node.folder)}:/usr/bin:/bin",
        "SLURM_JOBID": "77",
        "SLURM_NODELIST": "localhost",
        "SLURM_TASKS_PER_NODE": "1",
        "SLURM_NNODES": "1",
    }
    ran = node.sh("srun -n2 -l sh -c 'echo $SLURM_PROCID of $OMPI_COMM_WORLD_SIZE'")
    assert ran.returncode == 0, ran.stderr
    assert sorted(ran.stdout.splitlines()) == ["0: 0 of 2", "1: 1 of 2"]
    failed = node.sh("srun -n2 sh -c 'exit $((SLURM_PROCID * 4))'")
    assert failed.returncode == 4
