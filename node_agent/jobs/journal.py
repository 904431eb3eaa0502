"""The agent's own memory on disk: who it is, what it claimed, what it must still hand over.

SQLite with full flushes: a claimed attempt or an ended one is known again after a power cut.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS attempt (
    instance_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    claim TEXT NOT NULL,
    completion TEXT,
    PRIMARY KEY (instance_id, attempt)
) STRICT;
"""

Key = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A claimed attempt; with a completion once it has ended."""

    key: Key
    claim: dict[str, Any]
    completion: dict[str, Any] | None


class Journal:
    """One file in the node's directory, written by the agent only."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def fact(self, name: str) -> str | None:
        """Something remembered by name."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Remember something by name."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def boot_id(self, kernel_boot_id: str) -> str:
        """Random for each start of the machine; the same after a mere restart of the agent."""
        if self.fact("kernel_boot_id") != kernel_boot_id or self.fact("boot_id") is None:
            self.remember("boot_id", secrets.token_hex(8))
            # Nothing that ran before the machine stopped runs now; what had ended is kept.
            self._db.execute("DELETE FROM attempt WHERE completion IS NULL")
            self.remember("kernel_boot_id", kernel_boot_id)
        return str(self.fact("boot_id"))

    def entries(self) -> list[JournalEntry]:
        """Everything claimed and not yet handed over."""
        rows = self._db.execute(
            "SELECT instance_id, attempt, claim, completion FROM attempt ORDER BY 1, 2"
        )
        return [
            JournalEntry(
                key=(row[0], row[1]),
                claim=json.loads(row[2]),
                completion=None if row[3] is None else json.loads(row[3]),
            )
            for row in rows
        ]

    def commit(
        self,
        *,
        claimed: Sequence[tuple[Key, dict[str, Any]]] = (),
        ended: Sequence[tuple[Key, dict[str, Any]]] = (),
        handed_over: Iterable[Key] = (),
    ) -> None:
        """Remember and forget in one flush.

        Claims are written before they start, ends before they are told; what the server has is
        forgotten.
        """
        done = list(handed_over)
        if not (claimed or ended or done):
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR IGNORE INTO attempt (instance_id, attempt, claim) VALUES (?, ?, ?)",
            [(*key, json.dumps(claim)) for key, claim in claimed],
        )
        self._db.executemany(
            "UPDATE attempt SET completion = ? WHERE instance_id = ? AND attempt = ?",
            [(json.dumps(completion), *key) for key, completion in ended],
        )
        self._db.executemany("DELETE FROM attempt WHERE instance_id = ? AND attempt = ?", done)
        self._db.execute("COMMIT")

    def amend(self, key: Key, claim: dict[str, Any]) -> None:
        """Write down more of a claim, before what it says is acted upon."""
        self._db.execute(
            "UPDATE attempt SET claim = ? WHERE instance_id = ? AND attempt = ?",
            (json.dumps(claim), *key),
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()
