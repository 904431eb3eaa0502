"""Rounds of the worker: how much one step may take, and when each was last finished."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from store.settings import write_setting
from store.tables.installation import setting
from store.transaction import Transaction

#: A step of a round ends after so many rows, so that no job waits long for it.
LARGEST_STEP_ROWS = 5000
_PREFIX = "round."


def note_round(tx: Transaction, name: str) -> None:
    """A round of this name was finished now."""
    write_setting(tx, f"{_PREFIX}{name}", repr(tx.now_s))


def finished_rounds(connection: Connection) -> Mapping[str, float]:
    """When each was last finished [Unix s], by name; those that never were are not there."""
    statement = (
        select(setting.c.name, setting.c.value)
        .where(setting.c.name.startswith(_PREFIX, autoescape=True))
        .order_by(setting.c.name)
    )
    return {
        row.name.removeprefix(_PREFIX): float(row.value) for row in connection.execute(statement)
    }
