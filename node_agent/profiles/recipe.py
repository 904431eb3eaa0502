"""A recipe: how a program is found on a node, and how it is run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: What stands for something else in a recipe: known where the program is found, or at a start.
FOUND_PLACES = frozenset({"program", "folder"})
START_PLACES = frozenset({*FOUND_PLACES, "version", "ntasks", "cpus_per_task", "cores"})
COMMAND_PLACES = frozenset({*START_PLACES, "input", "input_stem"})
_PLACE = re.compile(r"\{([A-Za-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One program for simulation, as its file describes it."""

    name: str
    title: str = ""
    licence: str = ""
    notes: str = ""
    programs: tuple[str, ...]  #: Names of its main program; the first that a folder holds counts.
    folders: tuple[str, ...] = ()  #: Patterns of folders to look in beside the PATH.
    version_command: tuple[str, ...] = ()  #: What is run to learn the version.
    version_pattern: re.Pattern[str] | None = None  #: Its one group is the version.
    settings_file: str | None = None  #: A shell file that sets what the program needs.
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()  #: What runs where a job names nothing.
    input: str | None = None  #: Pattern of the one file that the command reads.
    launcher: tuple[str, ...] = ()  #: Stands before the command where the job has several tasks.
    most_tasks: int | None = None  #: It cannot run as more ranks; None = any number.
    #: Variables by which the program is told where each of these licence servers is.
    licence_servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)  #: What a job takes: per job or core.


def places_in(text: str) -> frozenset[str]:
    """What stands in braces."""
    return frozenset(_PLACE.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what its braces stand for."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)
