"""Each room says its duty at the door, keeps its name to itself, and domain borrows from nobody."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT, package_files

VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "misc", "common", "shared"}
DOORS = [path for path in package_files() if path.name == "__init__.py"]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_owns_our_import_name(name: str) -> None:
    """An installer overwrites such a file without a word, so we look."""
    assert set(packages_distributions().get(name, ())) <= {"chaufferie"}


def test_every_room_is_named_alike_in_the_build_the_types_and_the_directions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert project["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert project["importlinter"]["root_packages"] == list(PACKAGES)
    assert project["mypy"]["files"] == [*PACKAGES, "tests"]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_room_has_a_door(name: str) -> None:
    assert Path(name, "__init__.py") in DOORS


def test_a_door_holds_only_the_sentence_of_its_duty() -> None:
    trees = {str(path): ast.parse((ROOT / path).read_text()) for path in DOORS}

    assert [path for path, tree in trees.items() if not ast.get_docstring(tree)] == []
    # What a user imports is named at its own door, and loaded from there when it is asked for.
    trees.pop("chaufferie/__init__.py")
    assert [path for path, tree in trees.items() if len(tree.body) > 1] == []


def test_no_module_is_named_so_vaguely_that_it_attracts_junk() -> None:
    assert [str(path) for path in package_files() if VAGUE & {path.stem, *path.parts[:-1]}] == []


def test_domain_imports_the_standard_library_only() -> None:
    own = sys.stdlib_module_names | {"domain"}
    borrowed = {
        f"{path}: {name}"
        for path in package_files()
        if path.parts[0] == "domain"
        for name in _imported(ast.parse((ROOT / path).read_text()))
        if name.split(".")[0] not in own
    }

    assert borrowed == set()
