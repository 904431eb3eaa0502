"""Taking in a file of indexes: what would become of each row, and then all of it or nothing."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.calendar.months import after, begin_of, month_of, write_month
from domain.calendar.paris import write_instant
from domain.registers.register import RegisterRow, seq_in_file
from metering.keeping.accounts import Account, counts_from, open_account
from metering.keeping.standing import standing_of
from metering.ledger.from_files import in_time
from metering.ledger.lines import Case
from metering.readings.parsing import FileRow, IndexFile, WrongFile, WrongLine, wrong
from store.ledger import meters, register_rows
from store.ledger.meters import KnownMeter
from store.rows import Connection
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """Rows of a file that would stand in quarantine together."""

    case: Case
    lines: tuple[int, ...]  #: Of the file.


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMeter:
    """What a file tells of one meter, and what would become of that."""

    known: KnownMeter
    rows: tuple[RegisterRow, ...]  #: Each once, in the order of time.
    fresh: int  #: Of which so many are not here yet.
    doubted: tuple[Doubted, ...]
    adjusts: tuple[int, ...]  #: Closed months that fresh rows may reach.


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which file it was, and who sent it."""

    name: str
    digest_sha256: str
    actor: str


def is_known(connection: Connection, serial: str, only: Collection[int] | None) -> bool:
    """Whether there is a meter of this serial number at one of these sites (None = all)."""
    return any(item.facts.serial == serial for item in meters.known_meters(connection, only))


def look(
    connection: Connection, file: IndexFile, now_s: float, only: Collection[int] | None
) -> list[OfMeter] | WrongFile:
    """What would become of a file; nothing is written. ``only`` = sites that may be spoken of."""
    known = {item.facts.serial: item for item in meters.known_meters(connection, only)}
    told: dict[str, list[FileRow]] = {}
    mistakes: list[WrongLine] = []
    for row in file.rows:
        if row.serial in known:
            told.setdefault(row.serial, []).append(row)
        else:
            sentence = f"no node has told of a meter {row.serial!r}, and none was declared"
            mistakes.append(WrongLine(line=row.line, sentence=sentence))
    accounts = {serial: open_account(connection, known[serial]) for serial in told}
    for serial, rows in told.items():
        mistakes += _too_early(connection, accounts[serial], rows)
    if mistakes:
        return wrong(sorted(mistakes, key=lambda item: item.line))
    return [_of_meter(connection, accounts[serial], told[serial], now_s) for serial in sorted(told)]


def take(tx: Transaction, found: Sequence[OfMeter], origin: Origin) -> int:
    """Add the rows of a file, with a line of the audit trail for each meter; how many were new."""
    taken = 0
    for item in found:
        meter_id = item.known.facts.meter_id
        fresh = register_rows.add_rows(
            tx, item.known.node_id, [(meter_id, row) for row in item.rows]
        )
        if fresh:
            tx.audited(
                actor=origin.actor,
                action="meter.import",
                subject=f"meter/{meter_id}",
                detail=f"{fresh} rows of {origin.name}, SHA-256 {origin.digest_sha256}",
            )
        taken += fresh
    return taken


def _too_early(
    connection: Connection, account: Account, rows: Iterable[FileRow]
) -> Iterator[WrongLine]:
    """Lines of a time of which a file can say nothing."""
    serial = account.known.facts.serial
    gone_s = begin_of(after(max(account.pruned))) if account.pruned else 0.0
    since_s = counts_from(connection, account, account.epochs[0])
    for row in rows:
        if row.taken_at_s < gone_s:
            month = write_month(month_of(gone_s))
            sentence = f"the rows of meter {serial} are no longer kept before {month}; leave it out"
            yield WrongLine(line=row.line, sentence=sentence)
        elif row.taken_at_s < since_s:
            when = f"before {write_instant(since_s)}" if since_s < float("inf") else "at all"
            sentence = (
                f"meter {serial} is not known {when}; declare its installation with its first "
                f"index (meter declare {serial} install), or leave the line out"
            )
            yield WrongLine(line=row.line, sentence=sentence)


def _of_meter(
    connection: Connection, account: Account, told: Sequence[FileRow], now_s: float
) -> OfMeter:
    known, facts = account.known, account.known.facts
    rows = in_time(
        RegisterRow(
            node_id=known.node_id,
            seq=seq_in_file(row.taken_at_s),
            taken_at_s=row.taken_at_s,
            received_at_s=now_s,
            index_wh=row.index_wh,
            is_simulated=facts.is_simulated,
        )
        for row in told
    )
    kept = register_rows.rows_of_files(
        connection, (facts.meter_id, known.node_id), rows[0].taken_at_s, rows[-1].taken_at_s + 1.0
    )
    here = {(row.taken_at_s, row.index_wh) for row in kept}
    fresh = [row for row in rows if (row.taken_at_s, row.index_wh) not in here]
    reached = month_of(fresh[0].taken_at_s) if fresh else None
    sealed = [item.month for item in account.segments]
    return OfMeter(
        known=known,
        rows=tuple(rows),
        fresh=len(fresh),
        doubted=tuple(_doubted(connection, known, (rows, told), now_s)),
        adjusts=tuple(month for month in sealed if reached is not None and month >= reached),
    )


def _doubted(
    connection: Connection,
    known: KnownMeter,
    file: tuple[Sequence[RegisterRow], Sequence[FileRow]],
    now_s: float,
) -> Iterator[Doubted]:
    """Cases among the rows of the file, with the lines on which they stand."""
    rows, told = file
    ordered = sorted((seq_in_file(row.taken_at_s), row.line) for row in told)
    for case in standing_of(connection, known, now_s, rows).cases:
        if not case.first.is_from_file:
            continue
        begin = bisect_left(ordered, (case.first.seq, 0))
        end = bisect_left(ordered, (case.last.seq + 1, 0))
        if begin < end:
            lines = tuple(sorted(line for _, line in ordered[begin:end]))
            yield Doubted(case=case, lines=lines)
