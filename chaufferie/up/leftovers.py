"""Processes that an earlier ``up`` on the same data directory left behind."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: In the environment of every program that ``up`` starts: the data directory it serves.
MARK_VARIABLE = "CHAUFFERIE_UP"
#: A warden gives its jobs two seconds to end.
_PATIENCE_S = 4.0


def end_leftovers(data: Path) -> int:
    """Stop them: TERM, some patience, KILL; how many there were.

    An ``up`` that was killed takes its programs with it, but they need a moment: jobs are
    stopped in good order. The next ``up`` waits for that here, so that ports are free again.
    """
    found = [pidfd for pid in _marked(data) if (pidfd := _opened(pid)) is not None]
    for number, patience_s in ((signal.SIGTERM, _PATIENCE_S), (signal.SIGKILL, 1.0)):
        waiting = [pidfd for pidfd in found if not _has_ended(pidfd, 0.0)]
        for pidfd in waiting:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, number)
        for pidfd in waiting:
            if not _has_ended(pidfd, patience_s):
                break  # Patience is for all of them together; a kill follows.
    for pidfd in found:
        os.close(pidfd)
    return len(found)


def _marked(data: Path) -> Iterator[int]:
    wanted = f"{MARK_VARIABLE}={data}".encode()
    own_pid = os.getpid()
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal() or int(entry.name) == own_pid:
            continue
        with suppress(OSError):  # Gone meanwhile, or not ours to read.
            if wanted in Path(entry.path, "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def _opened(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _has_ended(pidfd: int, patience_s: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(patience_s * 1000.0))
