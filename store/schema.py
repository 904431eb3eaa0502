"""Bring a database to this version's schema, or say that it belongs to another version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import OperationalError

from domain.refusal import Refused
from store import triggers
from store.database import Database

#: The newest migration. A test holds it against the folder, so that a warm start need not read it.
HEAD = "0037"
MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"
#: Key of the advisory lock under which one program at a time migrates a PostgreSQL database.
_LOCK_KEY = 0x43484155


def upgrade(database: Database) -> Refused | None:
    """Create or migrate every table; a refusal where a newer version has been here before.

    All of it is one transaction; a second program that starts meanwhile waits, then finds
    nothing left to do.
    """
    if is_current(database):
        return None
    with _alone(database) as connection:
        found = _version(connection)
        if found != HEAD:
            refused = _migrate(connection, found)
            if refused is not None:
                return refused
        triggers.install(connection)
    return None


def is_current(database: Database) -> bool:
    """Whether tables and triggers are those of this version."""
    with database.read() as connection:
        return _version(connection) == HEAD and not triggers.differing(connection)


def check(database: Database) -> Refused | None:
    """A refusal unless the database has this version's schema; changes nothing."""
    with database.read() as connection:
        found = _version(connection)
    if found == HEAD:
        return None
    if found is None:
        return Refused(
            code="schema.missing",
            sentence="The database has no tables yet; run `python -m api init` first.",
        )
    return _other_version(found)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def _other_version(found: str) -> Refused:
    return Refused(
        code="schema.version",
        sentence=(
            f"The database has schema {found}, this program knows {HEAD}; "
            "start the version that made it, or run `python -m api init` of a newer one."
        ),
    )


def _migrate(connection: Connection, found: str | None) -> Refused | None:
    # Imported here: a warm start has nothing to migrate and need not wait for Alembic.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {item.revision for item in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        return _other_version(found)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return None


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """One transaction in which tables may be copied, with nobody else migrating.

    SQLite alters a table by copying it, during which references to it dangle; so they are not
    enforced meanwhile, but checked before the commit.
    """
    if not database.is_sqlite:
        with database.write() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
            yield connection
        return
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if dangling:
                message = f"the migration left references that lead nowhere: {dangling[:3]}"
                raise RuntimeError(message)
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def open_existing(url: str) -> Database | Refused:
    """The database of this URL as it stands; a refusal where there is none of this version.

    For tools that look: opening a path by itself would make an empty database there.
    """
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    if is_file and not Path(parsed.database or "").is_file():
        return Refused(
            code="database.missing",
            sentence=f"There is no database at {parsed.database}; name its folder by "
            "CHAUFFERIE_DATA_DIR, or its URL by CHAUFFERIE_DATABASE_URL.",
        )
    database = Database(url)
    try:
        refused = check(database)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        refused = Refused(
            code="database.unreachable", sentence=f"The database cannot be opened: {reason}."
        )
    if refused is None:
        return database
    database.close()
    return refused
