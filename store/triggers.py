"""What the database itself refuses: moves that are not allowed, and changes of what is kept.

The triggers on states carry the moves as constants rather than look them up in a table: they run
for every change of a state, on the path of every job, and cost it some 3 microseconds (SQLite,
300 000 changes). No trigger is part of a migration; they follow it, so that they always say what
``domain.jobs.job`` and ``store.append_only`` say, also after a migration has copied their table.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from domain.jobs.job import ATTEMPT_TRANSITIONS, JOB_TRANSITIONS
from store import append_only

#: The database says this where it refuses a move.
REFUSAL = "this move between states is not allowed"
_FUNCTION = "refuse_move"
_MOVES_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = "
    f"TG_TABLE_NAME || ': {REFUSAL}, ' || OLD.state || ' to ' || NEW.state; END $$"
)


def definitions(*, is_sqlite: bool) -> dict[str, tuple[str, str]]:
    """Table and statement of each trigger, by its name."""
    machines: tuple[tuple[str, Iterable[tuple[StrEnum, StrEnum]]], ...] = (
        ("instance", JOB_TRANSITIONS),
        ("attempt", ATTEMPT_TRANSITIONS),
    )
    write = _sqlite_trigger if is_sqlite else _postgresql_trigger
    moves = {
        f"{table}_moves": (table, write(table, _is_refused(allowed))) for table, allowed in machines
    }
    return moves | append_only.definitions(is_sqlite=is_sqlite)


def install(connection: Connection) -> None:
    """Make the triggers what this version says they are."""
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        for statement in (_MOVES_FUNCTION, *append_only.functions()):
            connection.exec_driver_sql(statement)
    for name, (table, statement) in definitions(is_sqlite=is_sqlite).items():
        remove(connection, name)
        connection.exec_driver_sql(statement)
        if not is_sqlite:
            connection.exec_driver_sql(f"COMMENT ON TRIGGER {name} ON {table} IS '{_mark()}'")


def remove(connection: Connection, name: str) -> None:
    """Drop one trigger, if it is there."""
    is_sqlite = connection.dialect.name == "sqlite"
    on_table = "" if is_sqlite else f" ON {definitions(is_sqlite=False)[name][0]}"
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def differing(connection: Connection) -> list[str]:
    """Names of triggers that are missing or say something else than this version."""
    is_sqlite = connection.dialect.name == "sqlite"
    wanted = {name: made[1] for name, made in definitions(is_sqlite=is_sqlite).items()}
    if is_sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        # PostgreSQL keeps a parsed trigger, so its comment tells which moves it was made from.
        query = (
            "SELECT tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger "
            "WHERE NOT tgisinternal AND tgenabled <> 'D'"
        )
        wanted = dict.fromkeys(wanted, _mark())
    found = {row[0]: row[1] for row in connection.execute(text(query))}
    return sorted(name for name, content in wanted.items() if found.get(name) != content)


def is_refused_move(error: DBAPIError) -> bool:
    """Whether the database raised this because of a move that is not allowed."""
    return REFUSAL in str(error.orig)


def _mark() -> str:
    moves = [*JOB_TRANSITIONS, *ATTEMPT_TRANSITIONS]
    return " ".join(sorted(f"{before}>{after}" for before, after in moves))


def _is_refused(moves: Iterable[tuple[StrEnum, StrEnum]]) -> str:
    """A condition by the state before, so that only its few exits are compared."""
    exits: dict[str, list[str]] = {}
    for before, after in moves:
        exits.setdefault(before.value, []).append(after.value)
    cases = " ".join(
        f"WHEN '{before}' THEN NEW.state NOT IN ({_quoted(after)})"
        for before, after in sorted(exits.items())
    )
    return f"OLD.state <> NEW.state AND CASE OLD.state {cases} ELSE true END"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


def _sqlite_trigger(table: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_moves BEFORE UPDATE OF state ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: {REFUSAL}'); END"
    )


def _postgresql_trigger(table: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_moves BEFORE UPDATE OF state ON {table} FOR EACH ROW "
        f"WHEN ({condition}) EXECUTE FUNCTION {_FUNCTION}()"
    )
