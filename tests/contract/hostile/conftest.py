"""Each test of this folder runs on SQLite and on PostgreSQL: they refuse different things."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import ENGINES, Databases, postgres_databases
from tests.support.hostile import HostileScene


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
    told = ", ".join(f"{status}: {count}" for status, count in sorted(made.statuses.items()))
    sys.stdout.write(f"\n{request.node.name}: {made.statuses.total()} answers ({told})\n")
    made.close()
    databases.take_back(url)
