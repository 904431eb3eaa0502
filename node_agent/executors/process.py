"""Executor ``process``: a working directory, the job's own ``#!`` line, and nothing between.

It isolates by process group, limits and cores, not by user: for tenants that trust one another.
``node_agent.fence`` keeps its jobs off the network, where the node's configuration says so.
Stronger executors come behind the same functions.
"""

import contextlib
import functools
import getpass
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from domain.sbatch.environment import DEFAULT_GPU_VARIABLE, JobFacts, job_environment
from domain.sbatch.gang import GangFacts
from domain.sbatch.patterns import (
    DEFAULT_OUTPUT,
    ArrayPlace,
    PatternValues,
    default_output,
    expand_pattern,
)
from domain.units import BYTES_PER_MIB
from node_agent.gangs.caller import GANG_VARIABLE
from node_agent.profiles.granting import ProfileGrant
from node_agent.shims.install import login_functions
from node_agent.warden.protocol import Key, StartOrder

_SCRIPT_MODE = 0o700
_LOGIN_SHELL = re.compile(r"#!\s*\S*\bbash\s+(?:-\w*l|--login)\b")
#: Paths a job finds programs on: this interpreter's first, so that ``python3`` has its packages.
_OWN_BIN = os.path.dirname(sys.executable)
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@functools.cache
def own_user() -> str:
    """The account this agent runs as."""
    return getpass.getuser()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one attempt lives on the node."""

    work: Path  #: The job's working directory: what it leaves here comes back.

    @property
    def private(self) -> Path:
        """Its temporary directory, removed after it."""
        return self.work.with_name(f"{self.work.name}.tmp")

    @property
    def gang(self) -> Path:
        """Who the nodes of the job are, and their secret; private, where it runs on several."""
        return self.work.with_name(f"{self.work.name}.gang")

    @property
    def hosts(self) -> Path:
        """The same nodes as a hostfile, or of a share, where it listens."""
        return self.work.with_name(f"{self.work.name}.hosts")

    @property
    def machines(self) -> Path:
        """The same as launchers of another kind read it."""
        return self.work.with_name(f"{self.work.name}.machines")

    @property
    def fence(self) -> Path:
        """What it may reach, where it is kept off the network."""
        return self.work.with_name(f"{self.work.name}.fence")

    @property
    def names(self) -> Path:
        """Its own ``/etc/hosts``, where it is kept off the network."""
        return self.work.with_name(f"{self.work.name}.names")

    @property
    def script(self) -> Path:
        """The staged script."""
        return self.work.with_name(f"{self.work.name}.script")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the node gives an attempt."""

    key: Key  #: Its instance's number is the job's as the program sees it.
    host_name: str
    cpus: tuple[int, ...]
    cores: int
    mem_mib: int
    time_limit_s: int
    lease_until_boot_s: float
    now_s: float
    grace_s: float
    output_limit_bytes: int
    disk_limit_bytes: int
    shims: str  #: The directory with srun, sbatch, module and the like.
    url: str  #: Where the job's own key is good.
    token: str | None
    array: ArrayPlace | None = None  #: None outside an array.
    gpus: tuple[int, ...] | None = None  #: Its devices; None where the node has none at all.
    gpu_variable: str = DEFAULT_GPU_VARIABLE  #: By which its programs are told.
    profile: ProfileGrant | None = None  #: The program that the job names.
    gang: GangFacts | None = None  #: All its nodes, where it runs on several and this one leads.


def place_of(directory: Path, key: Key) -> Place:
    """The attempt's place in the node's directory."""
    return Place(work=directory / "jobs" / f"{key[0]}-{key[1]}")


def make_place(place: Place) -> None:
    """Make its directories; an earlier copy of the same attempt is cleared away."""
    try:
        os.mkdir(place.work, 0o700)
        os.mkdir(place.private, 0o700)
    except FileExistsError:
        remove_place(place)
        os.mkdir(place.work, 0o700)
        os.mkdir(place.private, 0o700)


def remove_place(place: Place) -> None:
    """Remove everything the attempt left."""
    files = (place.script, place.gang, place.hosts, place.machines, place.fence, place.names)
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
    for folder in (place.work, place.private):
        try:
            _remove_flat(folder)
        except OSError:
            _remove_tree(folder)


def _remove_tree(folder: Path) -> None:
    """Remove a directory, however deep the job made it."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        subprocess.run(["/bin/rm", "-rf", "--", folder], check=False)


def _remove_flat(folder: Path) -> None:
    """Remove a directory with none below it, several times faster than a walk."""
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPaths:
    """Where stdout and stderr go, relative to the working directory."""

    stdout: str
    stderr: str | None


def _pattern_values(spec: JobSpec, grant: Grant) -> PatternValues:
    return PatternValues(
        job_id=grant.key[0],
        name=spec.name,
        user=spec.submit_user or own_user(),
        node_name=grant.host_name,
        restart_count=grant.key[1] - 1,
        array=grant.array,
    )


def output_paths(spec: JobSpec, grant: Grant) -> OutputPaths:
    """The names that the patterns stand for; an absolute one keeps its last part."""
    values = _pattern_values(spec, grant)
    usual = default_output(is_array=grant.array is not None)
    stdout = _output_name(expand_pattern(spec.stdout_pattern or usual, values))
    if spec.stderr_pattern is None:
        return OutputPaths(stdout=stdout, stderr=None)
    stderr = _output_name(expand_pattern(spec.stderr_pattern, values))
    return OutputPaths(stdout=stdout, stderr=None if stderr == stdout else stderr)


def working_directory(spec: JobSpec, place: Place) -> Path:
    """Where the job's relative names lead: never outside its place."""
    return place.work if spec.chdir is None else place.work / _inside(spec.chdir)


def _output_name(name: str) -> str:
    return name if name == os.devnull else _inside(name) or DEFAULT_OUTPUT


def _inside(name: str) -> str:
    """The name as one below the working directory; empty where nothing is left of it."""
    pure = Path(name)
    parts = [part for part in pure.parts if part not in {"/", "..", "."}]
    if pure.is_absolute() or ".." in pure.parts:
        return parts[-1] if parts else ""
    return "/".join(parts)


def start_order(spec: JobSpec, grant: Grant, place: Place) -> StartOrder | Refused:
    """Stage the script and say what the warden shall start."""
    cwd = working_directory(spec, place)
    outputs = output_paths(spec, grant)
    if spec.chdir is not None:
        cwd.mkdir(parents=True, exist_ok=True)
    for name in (outputs.stdout, outputs.stderr):
        if name is not None and "/" in name:
            (cwd / name).parent.mkdir(parents=True, exist_ok=True)
    stdin = _input_path(spec, grant, cwd)
    if isinstance(stdin, Refused):
        return stdin
    if spec.script is not None:
        place.script.write_text(spec.script, encoding="utf-8", errors="surrogateescape")
        place.script.chmod(_SCRIPT_MODE)
        argv = (os.fspath(place.script), *spec.arguments)
    elif spec.command:
        argv = (*spec.command, *spec.arguments)
    elif grant.profile is not None and grant.profile.command:
        argv = grant.profile.command
    else:
        return Refused(code="job.empty", sentence="The job has neither a script nor a command.")
    return StartOrder(
        key=grant.key,
        argv=argv,
        cwd=os.fspath(cwd),
        env={**_environment(spec, grant, place, cwd), **_whereabouts(spec, place, cwd, outputs)},
        stdin=stdin,
        stdout=os.fspath(cwd / outputs.stdout),
        stderr=None if outputs.stderr is None else os.fspath(cwd / outputs.stderr),
        # What an earlier try printed is kept where its files came along.
        append=spec.append_output or grant.key[1] > 1,
        cpus=grant.cpus,
        mem_limit_bytes=grant.mem_mib * BYTES_PER_MIB,
        wall_limit_s=float(grant.time_limit_s),
        lease_until_boot_s=grant.lease_until_boot_s,
        grace_s=grant.grace_s,
        # A little more, so that the sum of all files shows which limit it was.
        file_limit_bytes=grant.disk_limit_bytes + BYTES_PER_MIB,
        output_limit_bytes=grant.output_limit_bytes,
        disk_limit_bytes=grant.disk_limit_bytes,
        folders=(os.fspath(place.work), os.fspath(place.private)),
        **_warning(spec),
    )


def _input_path(spec: JobSpec, grant: Grant, cwd: Path) -> str | Refused | None:
    """The file that is its standard input, which must have come with the job."""
    if spec.stdin_pattern is None:
        return None
    name = _inside(expand_pattern(spec.stdin_pattern, _pattern_values(spec, grant)))
    if name and (cwd / name).is_file():
        return os.fspath(cwd / name)
    return Refused(
        code="job.stdin",
        sentence=f"The file {name!r} of --input did not come with the job; name it in --stage.",
    )


def _warning(spec: JobSpec) -> dict[str, Any]:
    """Whom the signal of ``--signal`` reaches: with ``B:`` the script's shell, else all but it.

    A command that runs without a script is itself what a script would have started.
    """
    warning = spec.warning
    if warning is None:
        return {}
    is_script = spec.script is not None
    return {
        "warning_signal": warning.signal_number,
        "warning_lead_s": float(warning.lead_s),
        "warns_leader": warning.to_shell_only or not is_script,
        "warns_others": not warning.to_shell_only,
    }


def _environment(spec: JobSpec, grant: Grant, place: Place, cwd: Path) -> dict[str, str]:
    """A clean environment: what the job named, and the variables that are true here."""
    user = spec.submit_user or own_user()
    facts = JobFacts(
        job_id=grant.key[0],
        name=spec.name,
        user=user,
        node_name=grant.host_name,
        cores=grant.cores,
        ntasks=spec.resources.ntasks,
        cpus_per_task=spec.resources.cpus_per_task,
        asked=spec.asked,
        submit_dir=os.fspath(place.work),
        tmp_dir=os.fspath(place.private),
        started_at_s=grant.now_s,
        ends_at_s=grant.now_s + grant.time_limit_s,
        tasks_per_node=spec.resources.tasks_per_node,
        mem_mib=grant.mem_mib,
        mem_per_cpu_mib=spec.resources.mem_per_cpu_mib,
        restart_count=grant.key[1] - 1,
        partition=spec.partition,
        qos=spec.qos,
        account=spec.project,
        submit_host=spec.submit_host,
        array=grant.array,
        gpus=grant.gpus,
        gpu_variable=grant.gpu_variable,
        gang=grant.gang,
    )
    return {
        "PATH": ":".join(_path_folders(grant)),
        **_own_key(grant),
        **_shell_functions(spec, grant),
        "HOME": os.fspath(place.work),
        "PWD": os.fspath(cwd),
        "LANG": "C.UTF-8",
        "USER": user,
        "LOGNAME": user,
        **(grant.profile.environment if grant.profile is not None else {}),
        **spec.environment,
        **job_environment(facts),
        **({} if grant.gang is None else {GANG_VARIABLE: os.fspath(place.gang)}),
    }


def _path_folders(grant: Grant) -> tuple[str, ...]:
    """Where a job finds programs: the shims first, then those of its profile."""
    own = () if grant.profile is None else grant.profile.folders
    folders = (grant.shims, *own, _OWN_BIN, *_SYSTEM_PATH.split(":"))
    return tuple(dict.fromkeys(folder for folder in folders if folder))


def _own_key(grant: Grant) -> dict[str, str]:
    """With which a job may submit and look after further ones, for as long as it runs."""
    if grant.token is None:
        return {}
    return {"CHAUFFERIE_URL": grant.url, "CHAUFFERIE_TOKEN": grant.token}


def _shell_functions(spec: JobSpec, grant: Grant) -> dict[str, str]:
    first_line = (spec.script or "").partition("\n")[0]
    return login_functions(grant.shims) if _LOGIN_SHELL.match(first_line) else {}


def _whereabouts(spec: JobSpec, place: Place, cwd: Path, outputs: OutputPaths) -> dict[str, str]:
    """Where its script and what it prints are, for a job submitted from within this one."""
    names = [name for name in (outputs.stdout, outputs.stderr) if name is not None]
    found = {"CHAUFFERIE_OUTPUTS": os.pathsep.join(os.fspath(cwd / name) for name in names)}
    if spec.script is not None:
        found["CHAUFFERIE_SCRIPT"] = os.fspath(place.script)
    return found
