"""Closing a month of a site: its lines are made, its rows are sealed, nothing of it changes again.

What comes later, a late row or a decision, changes no line: it makes an adjustment in the month
that is closed next, so that all lines of a meter together always are the difference of its last
and its first index.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from domain.calendar.months import after, begin_of, month_of, write_month
from domain.refusal import Refused
from domain.registers import chain
from domain.registers.register import Doubt, Mark, MeterFacts, PeriodLine, RegisterRow, Segment
from metering.keeping.accounts import (
    Account,
    Walked,
    is_told_anew,
    months_to_walk,
    open_account,
    told,
    walk,
)
from metering.keeping.stuck import stuck_months
from metering.ledger.lines import Case, MonthSum
from store.ledger import closed_months, meters, pruning, register_rows
from store.ledger.closed_months import NewLine
from store.rows import Connection
from store.transaction import Store, Transaction

#: A month is walked so often at most, where rows of it come in meanwhile.
_MOST_TRIES = 5


def next_month(connection: Connection, site_id: int) -> int | None:
    """The month of a site that is to be closed next; None where no meter told anything yet."""
    last = closed_months.last_closed(connection, site_id)
    if last is not None:
        return after(last)
    known = meters.known_meters(connection, [site_id])
    first_s = [register_rows.taken_from(connection, item.facts.meter_id, 0.0) for item in known]
    told = [at_s for at_s in first_s if at_s is not None]
    return month_of(min(told)) if told else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedMeter:
    """What a meter's month is to be sealed with, and what that was made from."""

    meter_id: int
    told: str  #: By what it was judged, as canonical JSON.
    segment: Segment
    lines: Sequence[NewLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedMonth:
    """A month of a site, ready to be closed."""

    site_id: int
    month: int
    meters: Sequence[PreparedMeter]


def close_month(store: Store, site_id: int, month: int, actor: str) -> int | Refused:
    """Close a month of a site, the one that is next; how many lines it has.

    The rows are walked in a read of their own: nobody who writes waits for it. What changed
    meanwhile is noticed, and the walk made again.
    """
    for _ in range(_MOST_TRIES):
        with store.database.read() as connection:
            now_s = store.database.now_s(connection)
            prepared = prepare_month(connection, site_id, month, now_s)
        if isinstance(prepared, Refused):
            return prepared
        with store.transaction() as tx:
            closed = take_prepared(tx, prepared, actor)
        if closed is not None:
            return closed
    return Refused(
        code="ledger.moving",
        sentence=f"Rows of {write_month(month)} come in faster than they can be sealed; try again.",
    )


def prepare_month(
    connection: Connection, site_id: int, month: int, now_s: float
) -> PreparedMonth | Refused:
    """Walk the rows of a month that is next and over."""
    refused = _may_close(connection, site_id, month, now_s)
    if refused is not None:
        return refused
    made = []
    for known in meters.known_meters(connection, [site_id]):
        account = open_account(connection, known)
        lines, segment = _close_meter(connection, account, month)
        made.append(
            PreparedMeter(
                meter_id=known.facts.meter_id,
                told=chain.canonical(told(account)),
                segment=segment,
                lines=lines,
            )
        )
    return PreparedMonth(site_id=site_id, month=month, meters=made)


def take_prepared(tx: Transaction, prepared: PreparedMonth, actor: str) -> int | None:
    """Close a month as it was prepared; how many lines it has, None where something changed."""
    site_id, month = prepared.site_id, prepared.month
    known = {item.facts.meter_id: item for item in meters.known_meters(tx.connection, [site_id])}
    if next_month(tx.connection, site_id) != month:
        return None
    if set(known) != {item.meter_id for item in prepared.meters}:
        return None
    for item in prepared.meters:
        account = open_account(tx.connection, known[item.meter_id])
        count = register_rows.count_segment(tx.connection, item.meter_id, month)
        if count != item.segment.row_count or chain.canonical(told(account)) != item.told:
            return None
    for item in prepared.meters:
        closed_months.add_segment(tx, site_id, item.meter_id, item.segment)
    lines = [line for item in prepared.meters for line in item.lines]
    digests = {item.segment.meter_serial: item.segment.digest for item in prepared.meters}
    closed_months.add_lines(tx, site_id, month, lines)
    closed_months.add_closing(tx, site_id, month, chain.site_digest(digests), actor)
    return len(lines)


def close_over(store: Store, site_id: int, grace_s: float, actor: str) -> list[int]:
    """Close every month of a site that has been over for so long; which."""
    closed: list[int] = []
    while True:
        with store.database.read() as connection:
            month = next_month(connection, site_id)
            now_s = store.database.now_s(connection)
        if month is None or now_s < begin_of(after(month)) + grace_s:
            return closed
        if isinstance(close_month(store, site_id, month, actor), Refused):
            return closed
        closed.append(month)


def _may_close(connection: Connection, site_id: int, month: int, now_s: float) -> Refused | None:
    wanted = next_month(connection, site_id)
    if wanted is None:
        return Refused(
            code="ledger.empty",
            sentence=f"No meter of site {site_id} has told an index yet: nothing can be closed.",
        )
    if month != wanted:
        return Refused(
            code="ledger.order",
            sentence="Months are closed once and in their order; the next one of "
            f"site {site_id} is {write_month(wanted)}.",
        )
    if now_s < begin_of(after(month)):
        return Refused(
            code="ledger.not_over",
            sentence=f"{write_month(month)} is not over yet; close it when it is.",
        )
    return None


def _close_meter(
    connection: Connection, account: Account, month: int
) -> tuple[list[NewLine], Segment]:
    meter_id, serial = account.known.facts.meter_id, account.known.facts.serial
    months = _months_to_walk(connection, account, month)
    walked = walk(connection, account, months)
    lines = _lines(connection, account, walked, month)
    segment = chain.seal(
        meter_serial=serial,
        month=month,
        rows=chain.digest_rows(register_rows.rows_of_segment(connection, meter_id, month)),
        facts={"walked_from": months[0], **_facts(account, walked, lines)},
        previous=account.segments[-1].digest if account.segments else chain.GENESIS,
    )
    return lines, segment


def _months_to_walk(connection: Connection, account: Account, month: int) -> list[int]:
    """The month, the one before whose end may have been open, and those that late rows reach."""
    meter_id = account.known.facts.meter_id
    if not account.segments:
        told_s = register_rows.taken_from(connection, meter_id, 0.0)
        first = month if told_s is None else min(month, month_of(told_s))
        return months_to_walk(first, month)
    gone = pruning.pruned_months(connection, meter_id)
    kept = [item.month for item in account.segments if item.month not in gone]
    first = kept[-1] if kept else month
    if kept and is_told_anew(account):
        first = kept[0]
    late_s = register_rows.late_since(connection, meter_id, month)
    if kept and late_s is not None:
        first = max(min(first, month_of(late_s)), kept[0])
    return months_to_walk(first, month)


def _facts(account: Account, walked: Walked, lines: Sequence[NewLine]) -> dict[str, Any]:
    """What a segment says in full: by what was judged, the edges of its months, its lines."""
    newest, newest_told = walked.newest, walked.newest_told
    # Named only where a file told more than the node: what is sealed without files stays as it was.
    apart = {} if newest_told in {newest, None} else {"newest_told": _row(newest_told)}
    return {
        **told(account),
        "newest": None if newest is None else _row(newest),
        **apart,
        "edges": [
            {
                "month": item.month,
                "epoch": item.epoch,
                "from_index_wh": item.begin.index_wh,
                "from_at_s": item.begin.at_s,
                "to_index_wh": item.end.index_wh,
                "to_at_s": item.end.at_s,
                "energy_wh": item.energy_wh,
                "marks": item.marks,
            }
            for item in walked.sums
        ],
        "doubtful": [_case(item) for item in walked.cases if item.doubt is not Doubt.REJECTED],
        "lines": [closed_months.sealed_form(item) for item in lines],
    }


def _case(item: Case) -> dict[str, Any]:
    return {**asdict(item), "first": _row(item.first), "last": _row(item.last)}


def _row(item: RegisterRow) -> dict[str, Any]:
    """A row as it is sealed: when it was received is no part of that."""
    return {**asdict(item), "received_at_s": item.taken_at_s}


def _lines(connection: Connection, account: Account, walked: Walked, month: int) -> list[NewLine]:
    """The own lines of a month, and what earlier ones have to be corrected by."""
    facts = account.known.facts
    counted = [item for item in walked.sums if item.is_confirmed or facts.is_simulated]
    stuck = stuck_months(connection, account, walked.flats)
    earlier = {item.month for item in walked.sums if item.month != month}
    said: dict[tuple[int, int], list[PeriodLine]] = {}
    for line in closed_months.lines_about(connection, facts.meter_id, earlier):
        said.setdefault((line.about_month, line.epoch), []).append(line)
    made = []
    for item in counted:
        before = said.pop((item.month, item.epoch), [])
        energy_wh = item.energy_wh - sum(line.energy_wh for line in before)
        if item.month == month or energy_wh != 0:
            marks = {Mark.STUCK} if item.month in stuck else set()
            if item.month != month:
                marks.add(Mark.ADJUSTMENT)
            made.append(_new_line(facts, item, energy_wh, marks, before))
    back = [_taken_back(facts, lines) for lines in said.values()]
    return [*made, *(item for item in back if item is not None)]


def _new_line(
    facts: MeterFacts,
    item: MonthSum,
    energy_wh: int,
    marks: set[Mark],
    before: Sequence[PeriodLine],
) -> NewLine:
    return NewLine(
        meter_id=facts.meter_id,
        node_id=item.node_id,
        epoch=item.epoch,
        about_month=item.month,
        from_index_wh=item.begin.index_wh,
        from_at_s=item.begin.at_s,
        to_index_wh=item.end.index_wh,
        to_at_s=item.end.at_s,
        energy_wh=energy_wh,
        marks=tuple(sorted(marks.union(item.marks))),
        adjusts_line_id=before[0].line_id if before else None,
    )


def _taken_back(facts: MeterFacts, lines: Sequence[PeriodLine]) -> NewLine | None:
    """What was said of an epoch that, as is known now, had no part in its month."""
    energy_wh, first = sum(line.energy_wh for line in lines), lines[0]
    if energy_wh == 0:
        return None
    return NewLine(
        meter_id=facts.meter_id,
        node_id=first.node_id,
        epoch=first.epoch,
        about_month=first.about_month,
        from_index_wh=first.from_index_wh,
        from_at_s=first.from_at_s,
        to_index_wh=first.from_index_wh,
        to_at_s=first.from_at_s,
        energy_wh=-energy_wh,
        marks=(Mark.ADJUSTMENT,),
        adjusts_line_id=first.line_id,
    )
