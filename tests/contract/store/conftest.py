"""Each test of this folder runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.databases import ENGINES, Databases, postgres_databases
from tests.support.scene import Scene


@pytest.fixture(scope="session", params=ENGINES)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    if request.param == "sqlite":
        yield Databases(tmp_path_factory.mktemp("sqlite"))
        return
    with postgres_databases() as made:
        yield made


@pytest.fixture
def scene(databases: Databases) -> Iterator[Scene]:
    url = databases.fresh()
    made = Scene(url)
    yield made
    made.close()
    databases.take_back(url)
