"""Each test of this folder runs on SQLite and on PostgreSQL: they refuse different things."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import ENGINES, Databases, postgres_databases
from tests.support.hostile import HostileScene
from tests.support.hostile_towns import HostileTowns


@pytest.fixture(scope="session", params=ENGINES)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    if request.param == "sqlite":
        yield Databases(tmp_path_factory.mktemp("hostile"))
        return
    with postgres_databases() as made:
        yield made


@pytest.fixture
def scene(
    databases: Databases, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[HostileScene]:
    url = databases.fresh()
    made = HostileScene(url, tmp_path / "files")
    yield made
    _tell(request.node.name, made.statuses)
    made.close()
    databases.take_back(url)


def _tell(name: str, statuses: Counter[int]) -> None:
    told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    sys.stdout.write(f"\n{name}: {statuses.total()} answers ({told})\n")


@pytest.fixture
def towns(
    databases: Databases, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[HostileTowns]:
    url = databases.fresh()
    made = HostileTowns(url, tmp_path / "files")
    yield made
    _tell(request.node.name, made.statuses)
    made.close()
    databases.take_back(url)
