"""Single values that the installation remembers, by their name."""

from sqlalchemy import Connection, insert, select, update

from store.tables.installation import setting
from store.transaction import Transaction


def read_setting(connection: Connection, name: str) -> str | None:
    """The value of this name; None where nothing was remembered."""
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def write_setting(tx: Transaction, name: str, value: str) -> None:
    """Remember this value in place of the one before."""
    changed = tx.connection.execute(
        update(setting).where(setting.c.name == name).values(value=value)
    ).rowcount
    if not changed:
        tx.connection.execute(insert(setting), {"name": name, "value": value})
