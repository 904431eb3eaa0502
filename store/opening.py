"""Open the store that a URL names, with the wake-ups that suit it."""

from pathlib import Path

from store.database import Database
from store.notices.noting import note_changes
from store.transaction import Store
from store.wakeups import DatagramWakeups, NotifyWakeups, Wakeups

DATABASE_NAME = "chaufferie.sqlite"
WAKEUPS_FOLDER = "run"
FILES_FOLDER = "files"  #: Content and output, where they are kept on this host.


def default_url(data_dir: Path) -> str:
    """The embedded database of a data directory."""
    return f"sqlite:///{data_dir / DATABASE_NAME}"


def open_store(url: str, data_dir: Path) -> Store:
    """A store on SQLite (datagrams in the data directory) or PostgreSQL (``NOTIFY``)."""
    database = Database(url)
    wakeups: Wakeups
    if database.is_sqlite:
        wakeups = DatagramWakeups(data_dir / WAKEUPS_FOLDER)
    else:
        parsed = database.engine.url.set(drivername="postgresql")
        wakeups = NotifyWakeups(parsed.render_as_string(hide_password=False))
    return Store(database, wakeups, note_changes)
