"""``srun`` inside a job: one task is the program itself, several are as many copies of it.

Where there is an ``mpirun`` it starts the copies, for a program of MPI finds the others through
its own launcher; else they are plain processes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from node_agent.shims.srun_options import SrunError, Step, read_step

_FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCONT,
)
#: Under ``mpirun`` each copy learns from these which one it is.
_RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
_STEP_VARIABLE = "CHAUFFERIE_SRUN"
_KEPT_WITHOUT_EXPORT = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "PWD", "TMPDIR", "SHELL", "LD_LIBRARY_PATH"}
)
_LETTER = re.compile(r"%([%tnjJxNu])")
_NOT_FOUND = 127
_OUTPUT_MODE = 0o644


def main(words: Sequence[str]) -> int:
    """Run a step; the exit code to end with."""
    try:
        step = read_step(words, os.environ)
        environment = step_environment(step, os.environ)
        if step.chdir is not None:
            os.chdir(step.chdir)
        if step.ignored:
            _say(f"{', '.join(dict.fromkeys(step.ignored))} means nothing here.")
        _empty_outputs(step, environment)
        if step.ntasks == 1:
            return _run_task(step, environment, 0)
        mpirun = shutil.which("mpirun", path=environment.get("PATH"))
        if mpirun is None:
            return _run_copies(step, environment)
        return _run_by(mpirun, step, environment)
    except SrunError as error:
        _say(str(error))
        return 1
    except FileNotFoundError as error:
        _say(f"{error.filename}: there is no such file or program.")
        return _NOT_FOUND
    except OSError as error:
        _say(f"{error.filename or step_name(words)}: {error.strerror}.")
        return 1


def step_name(words: Sequence[str]) -> str:
    """What to call a step that could not be started."""
    return words[-1] if words else "srun"


def _say(sentence: str) -> None:
    sys.stderr.write(f"srun: {sentence}\n")
    sys.stderr.flush()


def step_environment(step: Step, job: Mapping[str, str]) -> dict[str, str]:
    """What every task of the step finds set."""
    found = _exported(step.export, job)
    count = str(step.ntasks)
    found |= {"SLURM_NTASKS": count, "SLURM_NPROCS": count, "SLURM_TASKS_PER_NODE": count}
    found |= {"SLURM_STEP_NUM_TASKS": count}
    if step.cpus_per_task is not None:
        found["SLURM_CPUS_PER_TASK"] = str(step.cpus_per_task)
    return found


def _exported(export: str | None, job: Mapping[str, str]) -> dict[str, str]:
    """``--export`` of a step: ALL by default, NONE, or names with or without a value."""
    parts = [part.strip() for part in (export or "ALL").split(",")]
    keeps_all = any(part.upper() == "ALL" for part in parts)
    kept = {
        name: value
        for name, value in job.items()
        if keeps_all or name in _KEPT_WITHOUT_EXPORT or name.startswith("SLURM")
    }
    for part in parts:
        name, equals, value = part.partition("=")
        if equals:
            kept[name] = value
        elif name in job:
            kept[name] = job[name]
    return kept


def task_environment(environment: Mapping[str, str], rank: int) -> dict[str, str]:
    """What one task finds set."""
    return {**environment, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)}


def file_name(pattern: str, environment: Mapping[str, str], rank: int) -> str:
    """The file that an output pattern of a step means for one task."""
    values = {
        "%": "%",
        "t": str(rank),
        "n": "0",
        "j": environment.get("SLURM_JOB_ID", "0"),
        "J": environment.get("SLURM_JOB_ID", "0"),
        "x": environment.get("SLURM_JOB_NAME", "job").replace("/", "_"),
        "N": environment.get("SLURMD_NODENAME", "node"),
        "u": environment.get("USER", "user"),
    }
    return _LETTER.sub(lambda found: values[found[1]], pattern)


def _open(pattern: str | None, environment: Mapping[str, str], rank: int) -> int | None:
    """A file to print to; None = where the step prints."""
    if pattern is None:
        return None
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    if "%t" in pattern:
        flags |= os.O_TRUNC  # One file for each task; a common one was emptied before.
    return os.open(file_name(pattern, environment, rank), flags, _OUTPUT_MODE)


def _empty_outputs(step: Step, environment: Mapping[str, str]) -> None:
    for pattern in {step.stdout, step.stderr} - {None}:
        Path(file_name(pattern or "", environment, 0)).write_bytes(b"")


def _outputs(
    step: Step, environment: Mapping[str, str], rank: int
) -> tuple[int | None, int | None]:
    stdout = _open(step.stdout, environment, rank)
    stderr = stdout if step.stderr is None else _open(step.stderr, environment, rank)
    return stdout, stderr


def _run_task(step: Step, environment: Mapping[str, str], rank: int) -> int:
    """The program takes this one's place, unless its lines need a label."""
    own = task_environment(environment, rank)
    if step.label:
        return _wait_for(_start(step, own, rank) for _ in range(1))
    for number, descriptor in enumerate(_outputs(step, own, rank), start=1):
        if descriptor is not None:
            os.dup2(descriptor, number)
    return _become(step.argv, own)


def _become(argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    program = shutil.which(argv[0], path=environment.get("PATH"))
    if program is None:
        raise FileNotFoundError(2, "", argv[0])
    os.execve(program, list(argv), environment)  # noqa: S606 - what was asked for, word by word


def _run_copies(step: Step, environment: Mapping[str, str]) -> int:
    return _wait_for(
        _start(step, task_environment(environment, rank), rank) for rank in range(step.ntasks)
    )


class _Task:
    """A copy that runs, with what passes its lines on."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", pumps: Sequence[threading.Thread]
    ) -> None:
        self.process = process
        self.pumps = pumps

    def wait(self) -> int:
        """Its exit code, as a shell would say it."""
        code = self.process.wait()
        for pump in self.pumps:
            pump.join()
        return code if code >= 0 else 128 - code


def _start(step: Step, environment: Mapping[str, str], rank: int) -> _Task:
    stdout, stderr = _outputs(step, environment, rank)
    process = subprocess.Popen(
        step.argv,
        env=environment,
        # Standard input is one stream: the first task reads it.
        stdin=None if rank == 0 else subprocess.DEVNULL,
        stdout=subprocess.PIPE if step.label and stdout is None else stdout,
        stderr=subprocess.PIPE if step.label and stderr is None else stderr,
    )
    for descriptor in {stdout, stderr} - {None}:
        os.close(descriptor or 0)
    mark = f"{rank:>{len(str(step.ntasks - 1))}}: ".encode()
    pumps = [
        threading.Thread(target=_label, args=(mark, source, target))
        for source, target in ((process.stdout, 1), (process.stderr, 2))
        if source is not None
    ]
    for pump in pumps:
        pump.start()
    return _Task(process, pumps)


def _label(mark: bytes, source: IO[bytes], target: int) -> None:
    for line in source:
        os.write(target, mark + line.rstrip(b"\n") + b"\n")


def _wait_for(start: Iterable[_Task]) -> int:
    """Start tasks, pass signals on to them and wait; the highest exit code.

    A signal that comes while they are being started waits until all of them are there.
    """
    tasks: list[_Task] = []
    early: list[int] = []

    def forward(number: int) -> None:
        for task in tasks:
            if task.process.poll() is None:
                task.process.send_signal(number)

    for number in _FORWARDED:
        signal.signal(number, lambda number, _: early.append(number))
    try:
        tasks.extend(start)
    except OSError:
        forward(signal.SIGKILL)
        raise
    for number in _FORWARDED:
        signal.signal(number, lambda number, _: forward(number))
    for caught in early:
        forward(caught)
    return max(task.wait() for task in tasks)


def _run_by(mpirun: str, step: Step, environment: dict[str, str]) -> int:
    """Have the launcher of MPI start the copies, each through ``become_task``."""
    environment[_STEP_VARIABLE] = json.dumps(
        {"ntasks": step.ntasks, "label": step.label, "stdout": step.stdout, "stderr": step.stderr}
    )
    # Open MPI would pin the copies of every job to the same first cores.
    environment.setdefault("OMPI_MCA_hwloc_base_binding_policy", "none")
    if os.geteuid() == 0:
        # Whoever runs the agent as root, in a container perhaps, chose so for its jobs as well.
        for name in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"):
            environment.setdefault(name, "1")
    argv = (mpirun, "-np", str(step.ntasks), *sys.orig_argv[:4], "srun-task", *step.argv)
    return _wait_for(_Task(subprocess.Popen(argv, env=environment), ()) for _ in range(1))


def become_task(argv: Sequence[str]) -> int:
    """One copy under ``mpirun``: learn which one it is, and become the program."""
    rank = next((int(os.environ[name]) for name in _RANK_VARIABLES if name in os.environ), 0)
    plain = json.loads(os.environ[_STEP_VARIABLE])
    environment = {name: text for name, text in os.environ.items() if name != _STEP_VARIABLE}
    step = Step(argv=tuple(argv), **plain)
    try:
        return _run_task(step, environment, rank)
    except FileNotFoundError as error:
        _say(f"{error.filename}: there is no such file or program.")
        return _NOT_FOUND
