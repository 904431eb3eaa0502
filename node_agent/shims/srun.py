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
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from domain.sbatch.gang import counted
from node_agent.gangs.caller import Neighbour, Neighbours, RemoteTask, neighbours
from node_agent.shims.launching import words_for
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
_LOCAL_RANK_VARIABLES = ("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")
_STEP_VARIABLE = "CHAUFFERIE_SRUN"
#: Options of ssh with a value of their own.
_SSH_TAKES = frozenset({"-l", "-p", "-i", "-o", "-F"})
_NO_NODE = 255
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
        if step.ntasks == 1 and step.counts[0] == 1:
            return _run_task(step, environment, 0)
        mpirun = shutil.which("mpirun", path=environment.get("PATH"))
        if mpirun is None or step.ntasks == 1:
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
    here = counted([number for number in step.counts if number])
    found |= {"SLURM_NTASKS": count, "SLURM_NPROCS": count, "SLURM_TASKS_PER_NODE": here}
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


def task_environment(
    environment: Mapping[str, str], rank: int, local_rank: int | None = None
) -> dict[str, str]:
    """What one task finds set; it is the same number on its node unless another is said."""
    local = rank if local_rank is None else local_rank
    return {**environment, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(local)}


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


def _run_task(
    step: Step, environment: Mapping[str, str], rank: int, local_rank: int | None = None
) -> int:
    """The program takes this one's place, unless its lines need a label."""
    own = task_environment(environment, rank, local_rank)
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
    """Start the copies node by node, as Slurm numbers them."""
    gang = neighbours(os.environ)
    seats = [(place, local) for place, count in enumerate(step.counts) for local in range(count)]

    def start(rank: int, place: int, local_rank: int) -> _Task:
        own = task_environment(environment, rank, local_rank)
        if gang is None or place == 0:
            return _start(step, own, rank)
        return _start_there(step, own, rank, gang, gang.nodes[place])

    return _wait_for(start(rank, *seat) for rank, seat in enumerate(seats))


def _start_there(
    step: Step,
    environment: Mapping[str, str],
    rank: int,
    gang: Neighbours,
    node: Neighbour,
) -> "_Task":
    """A copy on another node of the job; what it prints goes where a copy's here would."""
    stdout, stderr = _outputs(step, environment, rank)
    targets, pumps = [], []
    for descriptor, own in ((stdout, 1), (stderr, 2)):
        if descriptor is not None or not step.label:
            targets.append(own if descriptor is None else descriptor)
            continue
        source, target = os.pipe()
        targets.append(target)
        lines = os.fdopen(source, "rb")
        pumps.append(threading.Thread(target=_label, args=(_mark(step, rank), lines, own)))
    task = RemoteTask(
        node,
        gang.secret,
        argv=step.argv,
        environment=environment,
        cwd=os.getcwd(),  # noqa: PTH109 - as the program there is told it
        outputs=(targets[0], targets[1]),
    )
    for pump in pumps:
        pump.start()
    return _Task(task, pumps, {target for target in targets if target > 2})  # noqa: PLR2004 - its own


class _Task:
    """A copy that runs, with what passes its lines on."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes] | RemoteTask",
        pumps: Sequence[threading.Thread],
        ours: Collection[int] = (),
    ) -> None:
        self.process = process
        self.pumps = pumps
        self.ours = ours  # What is to be closed once it has ended, so that the pumps end too.

    def wait(self) -> int:
        """Its exit code, as a shell would say it."""
        code = self.process.wait()
        for descriptor in self.ours:
            os.close(descriptor)
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
    pumps = [
        threading.Thread(target=_label, args=(_mark(step, rank), source, target))
        for source, target in ((process.stdout, 1), (process.stderr, 2))
        if source is not None
    ]
    for pump in pumps:
        pump.start()
    return _Task(process, pumps)


def _mark(step: Step, rank: int) -> bytes:
    return f"{rank:>{len(str(step.ntasks - 1))}}: ".encode()


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
        {
            "ntasks": step.ntasks,
            "counts": step.counts,
            "label": step.label,
            "stdout": step.stdout,
            "stderr": step.stderr,
        }
    )
    # Open MPI would pin the copies of every job to the same first cores.
    environment.setdefault("OMPI_MCA_hwloc_base_binding_policy", "none")
    if os.geteuid() == 0:
        # Whoever runs the agent as root, in a container perhaps, chose so for its jobs as well.
        for name in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"):
            environment.setdefault(name, "1")
    gang = neighbours(os.environ)
    where = () if gang is None else zip(gang.nodes, step.counts, strict=True)
    seats = [(node.name, count) for node, count in where if count]
    with words_for(mpirun, step.ntasks, seats, environment) as words:
        argv = (*words, *sys.orig_argv[:4], "srun-task", *step.argv)
        return _wait_for(_Task(subprocess.Popen(argv, env=environment), ()) for _ in range(1))


def become_task(argv: Sequence[str]) -> int:
    """One copy under ``mpirun``: learn which one it is, and become the program."""
    rank = _number_of(_RANK_VARIABLES, 0)
    plain = json.loads(os.environ[_STEP_VARIABLE])
    environment = {name: text for name, text in os.environ.items() if name != _STEP_VARIABLE}
    step = Step(argv=tuple(argv), **{**plain, "counts": tuple(plain["counts"])})
    try:
        return _run_task(step, environment, rank, _number_of(_LOCAL_RANK_VARIABLES, rank))
    except FileNotFoundError as error:
        _say(f"{error.filename}: there is no such file or program.")
        return _NOT_FOUND


def _number_of(names: Sequence[str], otherwise: int) -> int:
    return next((int(os.environ[name]) for name in names if name in os.environ), otherwise)


def gang_shell(words: Sequence[str]) -> int:
    """Run a command of the shell on a node of the job, as ssh would on any."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in _SSH_TAKES and rest:
            rest.pop(0)
    name = rest.pop(0).rpartition("@")[2] if rest else ""
    gang = neighbours(os.environ)
    node = None if gang is None else gang.named(name)
    if gang is None or node is None or not rest:
        sys.stderr.write(f"gang-ssh: {name or 'nothing'} is no node of this job.\n")
        return _NO_NODE
    argv = ("/bin/sh", "-c", " ".join(rest))
    if node.place == 0:
        _become(argv, os.environ)
    try:
        return _wait_for(_Task(_started(node, gang.secret, argv), ()) for _ in range(1))
    except OSError as error:
        sys.stderr.write(f"gang-ssh: {name} cannot be reached: {error.strerror or error}.\n")
        return _NO_NODE


def _started(node: Neighbour, secret: str, argv: Sequence[str]) -> RemoteTask:
    cwd = os.getcwd()  # noqa: PTH109 - as the program there is told it
    return RemoteTask(node, secret, argv=argv, environment=os.environ, cwd=cwd)
