"""What an attempt is given of a program: its environment, its folder, and what to run."""

import fnmatch
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from domain.fleet.licences import LicenceServer
from domain.fleet.profiles import parse_profile
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from node_agent.profiles.detection import Detected, newest
from node_agent.profiles.recipe import filled

#: How a script starts the job's ranks: ``$CHAUFFERIE_LAUNCH solver``; nothing for one task.
LAUNCH_VARIABLE = "CHAUFFERIE_LAUNCH"
#: Open MPI refuses to start for root, who an agent in a container is, unless told twice.
_AS_ROOT = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileGrant:
    """A program as one attempt finds it."""

    environment: Mapping[str, str]
    folders: tuple[str, ...]  #: For its PATH, before all others.
    command: tuple[str, ...]  #: What runs where the job names nothing.
    licence_servers: tuple[str, ...] = ()  #: Names of those that it reaches.


def grant_profile(
    spec: JobSpec, found: Sequence[Detected], cores: int, servers: Sequence[LicenceServer] = ()
) -> ProfileGrant | Refused | None:
    """What the job gets of the program it names; None where it names none.

    ``servers`` are the licence servers that its tenant may use.
    """
    if spec.profile is None:
        return None
    wish = parse_profile(spec.profile)
    one = None if wish is None else newest(found, wish)
    if one is None:
        return _refused(f"The program {spec.profile} is not on this node any more.")
    resources = spec.resources
    values = {
        "program": one.program,
        "folder": one.folder,
        "version": one.version,
        "ntasks": str(resources.ntasks),
        "cpus_per_task": str(resources.cpus_per_task),
        "cores": str(cores),
    }
    launcher = _words(one.recipe.launcher, values) if resources.ntasks > 1 else ()
    command: tuple[str, ...] = ()
    if not spec.script and not spec.command:
        if not one.recipe.command:
            return _refused(f"The profile {one.recipe.name} has no command of its own.")
        if one.recipe.input is not None:
            name = _input_name(spec, one.recipe.input)
            if isinstance(name, Refused):
                return name
            values |= {"input": name, "input_stem": PurePosixPath(name).stem}
        command = (*launcher, *_words(one.recipe.command, values))
    own = {name: filled(text, values) for name, text in one.recipe.environment.items()}
    settings = {name: text for name, text in one.settings.items() if name != "PATH"}
    launching = dict.fromkeys(_AS_ROOT, "1") if launcher and os.geteuid() == 0 else {}
    return ProfileGrant(
        environment={
            **own,
            **settings,
            **_licence_variables(one.recipe.licence_servers, servers),
            **launching,
            LAUNCH_VARIABLE: " ".join(launcher),
            "CHAUFFERIE_PROFILE": one.told.label,
        },
        folders=tuple(dict.fromkeys((one.folder, *one.settings.get("PATH", "").split(":")))),
        command=command,
        licence_servers=tuple(one.recipe.licence_servers),
    )


def _licence_variables(
    wanted: Mapping[str, Sequence[str]], servers: Sequence[LicenceServer]
) -> dict[str, str]:
    """Where its licence servers are, as FlexLM and its kin write it: ``1055@host``.

    The hosts of a triad stand with commas between them, several servers with colons.
    """
    found: dict[str, str] = {}
    for server in servers:
        place = ",".join(f"{server.ports[0]}@{host}" for host in server.hosts)
        for variable in wanted.get(server.name, ()):
            found[variable] = f"{found[variable]}:{place}" if variable in found else place
    return found


def _words(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filled(word, values) for word in words)


def _input_name(spec: JobSpec, pattern: str) -> str | Refused:
    """The one staged file that the program reads, relative to where it runs."""
    folder = PurePosixPath(spec.chdir or ".")
    paths = [PurePosixPath(item.path) for item in spec.inputs]
    names = [path.name for path in paths if path.parent == folder]
    # A name that begins with a dash would be read as an option.
    fitting = [
        name for name in names if fnmatch.fnmatchcase(name, pattern) and not name.startswith("-")
    ]
    if len(fitting) == 1:
        return fitting[0]
    return _refused(
        f"Its profile runs the one file named {pattern}; {len(fitting)} came with the job. Stage "
        "one, or put a command after --."
    )


def _refused(sentence: str) -> Refused:
    return Refused(code="job.profile", sentence=sentence)
