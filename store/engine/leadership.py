"""One scheduler at a time: a lease row, guarded by the database's clock.

Two would be harmless, since every write is guarded by the instance's state and attempt; one is
cheaper, and keeps the log in one order.
"""

import os
import socket
from functools import cache
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from store.tables.engine import leadership
from store.transaction import Transaction

_PROC = Path("/proc")
#: Position of the start time among the fields of /proc/PID/stat that follow the name, proc(5).
_START_TIME_FIELD = 19


def take(tx: Transaction, *, role: str, holder: str, ttl_s: float) -> str:
    """Take or renew the lease; the name of who holds it afterwards.

    It is free when its time is over, and at once when its holder is a process of this host that
    is gone: a scheduler that was killed and started again does not wait for its own shadow.
    """
    statement = select(leadership.c.holder, leadership.c.until_s).where(leadership.c.role == role)
    if tx.locks_rows:
        statement = statement.with_for_update()
    row = tx.connection.execute(statement).one_or_none()
    until_s = tx.now_s + ttl_s
    if row is None:
        tx.connection.execute(
            insert(leadership), {"role": role, "holder": holder, "until_s": until_s}
        )
        return holder
    if row.holder != holder and row.until_s >= tx.now_s and not is_gone(row.holder):
        return str(row.holder)
    tx.connection.execute(
        update(leadership).where(leadership.c.role == role).values(holder=holder, until_s=until_s)
    )
    return holder


def give_up(tx: Transaction, *, role: str, holder: str) -> None:
    """Let another take it at once."""
    tx.connection.execute(
        delete(leadership).where(leadership.c.role == role, leadership.c.holder == holder)
    )


def is_led(tx: Transaction, *, role: str) -> bool:
    """Whether somebody leads now."""
    statement = select(leadership.c.holder, leadership.c.until_s).where(leadership.c.role == role)
    row = tx.connection.execute(statement).one_or_none()
    return row is not None and row.until_s >= tx.now_s and not is_gone(row.holder)


def this_process() -> str:
    """The name under which this process leads: ``host:pid:starttime``."""
    process_id = os.getpid()
    return f"{_host()}:{process_id}:{_start_time(process_id)}"


def is_gone(holder: str) -> bool:
    """Whether this holder was a process of this very host and no longer is.

    The start time tells a process from a later one with its number. Of other hosts, and where
    the host does not say, nothing is known: then only the lease's end counts.
    """
    host, _, rest = holder.partition(":")
    process_id, _, started = rest.partition(":")
    if host != _host() or not process_id.isdecimal() or not started:
        return False
    return _start_time(int(process_id)) != started


@cache
def _host() -> str:
    """The host since its start, and the process numbers that mean something to us.

    Two containers may bear one host name, and a restarted host gives its numbers out again.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return f"{socket.gethostname()}/{os.getpid()}"  # Nobody is then judged from here.
    return f"{socket.gethostname()}/{boot[:8]}/{numbers}"


def _start_time(process_id: int) -> str:
    """When the process started, in ticks since the host did; empty if there is no such process."""
    try:
        stat = (_PROC / str(process_id) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[_START_TIME_FIELD]
