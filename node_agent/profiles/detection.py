"""Looks for the programs of recipes on this machine; a command that hangs costs its time only."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from domain.fleet.profiles import VERSION_PATTERN, NodeProfile, ProfileWish, version_key
from node_agent.machine.asking import ask
from node_agent.profiles.recipe import Recipe, filled

#: A program says its version within this time, or it is not counted as one that works [s].
PATIENCE_S = 10.0
_AT_ONCE = 4
_MOST_FOLDERS = 20
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION = re.compile(VERSION_PATTERN, re.ASCII)
#: Set by every shell, and no part of what a settings file sets.
_OF_THE_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "_"})
_SOURCE = 'set --; . "$CHAUFFERIE_FILE" >/dev/null 2>&1 </dev/null; env -0'


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A program that is on this machine, in one version."""

    recipe: Recipe
    program: str  #: Its main program's path.
    version: str
    settings: Mapping[str, str]  #: Variables that its settings file sets.

    @property
    def folder(self) -> str:
        """Where its programs are."""
        return str(Path(self.program).parent)

    @property
    def told(self) -> NodeProfile:
        """As the node declares it."""
        recipe = self.recipe
        return NodeProfile(
            name=recipe.name,
            version=self.version,
            title=recipe.title,
            licence=recipe.licence,
            notes=recipe.notes,
            command=filled(" ".join(recipe.command), {"program": Path(self.program).name}),
            most_tasks=recipe.most_tasks,
            licence_servers=tuple(sorted(recipe.licence_servers)),
            licences=tuple(f"{name}={rule}" for name, rule in sorted(recipe.licences.items())),
        )


def detect(recipes: Sequence[Recipe], *, patience_s: float = PATIENCE_S) -> list[Detected]:
    """Everything that is found, newest version of each first, each version once."""
    found: list[Detected] = []
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="detect") as pool:
        for one in pool.map(lambda recipe: _detect_one(recipe, patience_s), recipes):
            found += one
    return found


def newest(found: Iterable[Detected], wish: ProfileWish) -> Detected | None:
    """The newest of what will do."""
    fitting = [one for one in found if wish.is_met_by(one.recipe.name, one.version)]
    return max(fitting, key=lambda one: version_key(one.version), default=None)


def _detect_one(recipe: Recipe, patience_s: float) -> list[Detected]:
    versions: dict[str, Detected] = {}
    for program in _places(recipe):
        version = _version(recipe, program, patience_s)
        if version is None or version in versions:
            continue
        settings = _settings(recipe, program, patience_s)
        if settings is not None:
            versions[version] = Detected(
                recipe=recipe, program=program, version=version, settings=settings
            )
    return sorted(versions.values(), key=lambda one: version_key(one.version), reverse=True)


def _places(recipe: Recipe) -> Iterator[str]:
    """Paths of its main program: one for each folder that has it."""
    on_path = f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}".split(":")
    further = [
        os.fspath(folder)
        for pattern in recipe.folders
        for folder in sorted(Path("/").glob(pattern.lstrip("/")))
    ]
    seen: set[str] = set()
    for folder in (*on_path, *further[:_MOST_FOLDERS]):
        for name in recipe.programs:
            path = Path(folder) / name
            if folder.startswith("/") and os.access(path, os.X_OK) and path.is_file():
                real = os.path.realpath(path)
                if real not in seen:
                    seen.add(real)
                    yield os.fspath(path)
                break


def _version(recipe: Recipe, program: str, patience_s: float) -> str | None:
    """What it says; empty where it says nothing to be read, None where it does not work."""
    if not recipe.version_command:
        return ""
    values = {"program": program, "folder": str(Path(program).parent)}
    command = [filled(word, values) for word in recipe.version_command]
    environment = {"PATH": f"{values['folder']}:{_SYSTEM_PATH}", "LANG": "C.UTF-8", "HOME": "/"}
    answer = ask(command, patience_s=patience_s, environment=environment)
    if answer is None:
        return None
    said = None if recipe.version_pattern is None else recipe.version_pattern.search(answer.text)
    return said[1] if said is not None and _VERSION.fullmatch(said[1] or "") else ""


def _settings(recipe: Recipe, program: str, patience_s: float) -> Mapping[str, str] | None:
    """The variables that its settings file sets; None where that file does not work."""
    if recipe.settings_file is None:
        return {}
    values = {"program": program, "folder": str(Path(program).parent)}
    file = filled(recipe.settings_file, values)
    if not Path(file).is_file():
        return {}
    file = os.path.realpath(file)
    before = {"PATH": _SYSTEM_PATH, "LANG": "C.UTF-8", "HOME": "/", "CHAUFFERIE_FILE": file}
    answer = ask(
        ["/bin/bash", "-c", _SOURCE],
        patience_s=patience_s,
        environment=before,
    )
    if answer is None:
        return None
    pairs = (pair.partition("=") for pair in answer.text.split("\0") if "=" in pair)
    return {
        name: text
        for name, _, text in pairs
        if before.get(name) != text and name not in _OF_THE_SHELL and not name.startswith("BASH_")
    }
