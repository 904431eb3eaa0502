"""Readings on their way to the API: written by the keeper, sent and forgotten by the agent.

A reading has its sequence number on disk before it is sent, so that one that was sent twice is
known as the same, and one that waited through an outage is not lost.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

READINGS_NAME = "readings.sqlite"
#: A node keeps what it could not send for this many readings, then drops the oldest: at one in
#: two seconds, four days. The registers bridge what is missing.
MOST_KEPT = 172_800

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    payload TEXT NOT NULL
) STRICT;
"""


class ReadingsJournal:
    """One file in the node's directory; keeper and agent each open it."""

    def __init__(self, directory: Path) -> None:
        """Open or create it."""
        self._db = sqlite3.connect(directory / READINGS_NAME, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def append(self, values: Mapping[str, Any]) -> int:
        """Keep a reading; its sequence number, which never returns."""
        cursor = self._db.execute(
            "INSERT INTO reading (payload) VALUES (?)", (json.dumps(dict(values)),)
        )
        seq = int(cursor.lastrowid or 0)
        if seq % 1000 == 0:
            self._db.execute("DELETE FROM reading WHERE seq <= ?", (seq - MOST_KEPT,))
        return seq

    def unsent(self, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """The oldest readings, with their numbers."""
        rows = self._db.execute(
            "SELECT seq, payload FROM reading ORDER BY seq LIMIT ?", (limit,)
        ).fetchall()
        return [(int(seq), json.loads(payload)) for seq, payload in rows]

    def forget(self, up_to_seq: int) -> None:
        """The API has these."""
        self._db.execute("DELETE FROM reading WHERE seq <= ?", (up_to_seq,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
