"""What the warden remembers on disk: which attempts it started, and how they ended.

It survives the death of agent and warden, not a power cut; after one the node has a new boot, and
nothing that ran before it is believed.
"""

import json
import os
from pathlib import Path

from domain.jobs.job import EndReason
from node_agent.warden.protocol import (
    JOURNAL_NAME,
    EndRecord,
    Key,
    load_end,
    load_key,
    plain_end,
)


class WardenJournal:
    """An append-only file, begun anew whenever nothing in it is needed any more."""

    def __init__(self, directory: Path) -> None:
        """Read what an earlier warden wrote; what it still ran is lost with it."""
        self._path = directory / JOURNAL_NAME
        self.ended: dict[Key, EndRecord] = {}
        self._started: set[Key] = set()
        if self._path.exists():
            self._replay()
        for key in sorted(self._started):
            self.ended[key] = _lost(key)
        self._started.clear()
        self._file = self._path.open("a", encoding="utf-8")
        self._rewrite()

    def start(self, key: Key) -> None:
        """An attempt starts."""
        self._started.add(key)
        self._append({"started": key})

    def end(self, record: EndRecord) -> None:
        """An attempt ended; the record is kept until it is forgotten."""
        self._started.discard(record.key)
        self.ended[record.key] = record
        self._append({"ended": plain_end(record)})

    def forget(self, key: Key) -> None:
        """The agent has the record in its own journal."""
        self.ended.pop(key, None)
        if not self.ended and not self._started:
            self._rewrite()

    def knows(self, key: Key) -> bool:
        """Whether this attempt was started and is not forgotten."""
        return key in self._started or key in self.ended

    def _append(self, entry: dict[str, object]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def _rewrite(self) -> None:
        fresh = self._path.with_suffix(".new")
        lines = [json.dumps({"ended": plain_end(record)}) + "\n" for record in self.ended.values()]
        fresh.write_text("".join(lines), encoding="utf-8")
        os.replace(fresh, self._path)
        self._file.close()
        self._file = self._path.open("a", encoding="utf-8")

    def _replay(self) -> None:
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # The last line of a warden that died while writing it.
            if "started" in entry:
                self._started.add(load_key(entry["started"]))
            else:
                record = load_end(entry["ended"])
                self._started.discard(record.key)
                self.ended[record.key] = record


def _lost(key: Key) -> EndRecord:
    return EndRecord(
        key=key,
        reason=EndReason.WARDEN_LOST.value,
        exit_code=None,
        detail="The process that watched over it died.",
        wall_s=0.0,
        cpu_s=0.0,
        max_rss_bytes=0,
    )
