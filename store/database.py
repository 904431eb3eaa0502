"""A database by URL: SQLite in WAL mode, or PostgreSQL; one way to read and one to write."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from store.clock import host_now_s

_BUSY_TIMEOUT_S = 30
_PAGE_CACHE_KIB = 8192


class Database:
    """The store's one door.

    ``write()`` is serialisable where it matters: ``BEGIN IMMEDIATE`` on SQLite, row locks taken
    by ``FOR UPDATE`` on PostgreSQL. An acknowledged commit survives a power cut
    (``synchronous=FULL``; PostgreSQL's default).
    """

    def __init__(self, url: str) -> None:
        """Open lazily: no connection is made before the first transaction."""
        parsed = make_url(url)
        self.url = url
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if parsed.database:
                _create_private(Path(parsed.database))
            self.engine = _sqlite_engine(url)
        else:
            if parsed.get_driver_name() != "psycopg":
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_engine(parsed, pool_pre_ping=True, pool_size=4, max_overflow=4)
        # SQLite reads from one snapshot anyway; PostgreSQL must be asked to.
        self._reader = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may change things; commits at the end, rolls back on error."""
        with self.engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._reader.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    def drop_old_pages(self) -> None:
        """Keep no earlier state of what was changed in the log of SQLite, unless it is in use."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def now_s(self, connection: Connection) -> float:
        """The database's Unix time [s]: the only clock that decides leases."""
        if self.is_sqlite:
            return host_now_s()
        found = connection.execute(
            text("SELECT extract(epoch FROM clock_timestamp())")
        ).scalar_one()
        return float(found)

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


def _create_private(path: Path) -> None:
    """Make the database file readable by its owner only before SQLite opens it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    os.close(descriptor)


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=4,
        max_overflow=4,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        # The driver must not open transactions by itself: BEGIN IMMEDIATE is ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{_PAGE_CACHE_KIB}")
        cursor.close()

    return engine
