"""The API in this process, over SQLite: routing, rights and wording are the same on any engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Databases
from tests.support.http_scene import HttpScene


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("http"))


@pytest.fixture
def http(sqlite_databases: Databases, tmp_path: Path) -> Iterator[HttpScene]:
    made = HttpScene(sqlite_databases.fresh(), tmp_path / "files")
    yield made
    made.close()
