"""Closing a month of a site: its lines are made, its rows are sealed, nothing of it changes again.

What comes later, a late row or a decision, changes no line: it makes an adjustment in the month
that is closed next, so that all lines of a meter together always are the difference of its last
and its first index.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from math import isinf
from typing import Any

from domain import register_chain as chain
from domain.months import after, begin_of, month_of, write_month
from domain.refusal import Refused
from domain.register import Epoch, Mark, MeterFacts, PeriodLine, Segment
from metering.accounts import Account, Walked, open_account, walk
from metering.ledger.lines import MonthSum
from metering.stuck import stuck_months
from store.ledger import closed_months, meters, pruning, register_rows
from store.ledger.closed_months import NewLine
from store.rows import Connection
from store.transaction import Transaction

#: A row older than so many months before the newest is of a wrong clock.
_MOST_MONTHS = 240


def next_month(connection: Connection, site_id: int) -> int | None:
    """The month of a site that is to be closed next; None where no meter told anything yet."""
    last = closed_months.last_closed(connection, site_id)
    if last is not None:
        return after(last)
    known = meters.known_meters(connection, [site_id])
    first_s = [register_rows.taken_from(connection, item.facts.meter_id, 0.0) for item in known]
    told = [at_s for at_s in first_s if at_s is not None]
    return month_of(min(told)) if told else None


def close_month(tx: Transaction, site_id: int, month: int, actor: str) -> int | Refused:
    """Close a month of a site, the one that is next; how many lines it has."""
    refused = _may_close(tx, site_id, month)
    if refused is not None:
        return refused
    lines: list[NewLine] = []
    digests = {}
    for known in meters.known_meters(tx.connection, [site_id]):
        account = open_account(tx.connection, known)
        made, segment = _close_meter(tx.connection, account, month)
        closed_months.add_segment(tx, site_id, known.facts.meter_id, segment)
        digests[known.facts.serial] = segment.digest
        lines += made
    closed_months.add_lines(tx, site_id, month, lines)
    closed_months.add_closing(tx, site_id, month, chain.site_digest(digests), actor)
    return len(lines)


def _may_close(tx: Transaction, site_id: int, month: int) -> Refused | None:
    wanted = next_month(tx.connection, site_id)
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
    if tx.now_s < begin_of(after(month)):
        return Refused(
            code="ledger.not_over",
            sentence=f"{write_month(month)} is not over yet; close it when it is.",
        )
    return None


def _close_meter(
    connection: Connection, account: Account, month: int
) -> tuple[list[NewLine], Segment]:
    meter_id, serial = account.known.facts.meter_id, account.known.facts.serial
    walked = walk(connection, account, _months_to_walk(connection, account, month))
    lines = _lines(connection, account, walked, month)
    segment = chain.seal(
        meter_serial=serial,
        month=month,
        rows=chain.digest_rows(register_rows.rows_of_segment(connection, meter_id, month)),
        facts=_facts(account, walked, lines),
        previous=account.segments[-1].digest if account.segments else chain.GENESIS,
    )
    return lines, segment


def _months_to_walk(connection: Connection, account: Account, month: int) -> list[int]:
    """The month, the one before whose end may have been open, and those that late rows reach."""
    meter_id = account.known.facts.meter_id
    if not account.segments:
        told_s = register_rows.taken_from(connection, meter_id, 0.0)
        first = month if told_s is None else min(month, month_of(told_s))
        return months_through(first, month)
    gone = pruning.pruned_months(connection, meter_id)
    kept = [item.month for item in account.segments if item.month not in gone]
    first = kept[-1] if kept else month
    if kept and _is_told_anew(account):
        first = kept[0]
    late_s = register_rows.late_since(connection, meter_id, month)
    if kept and late_s is not None:
        first = max(min(first, month_of(late_s)), kept[0])
    return months_through(first, month)


def months_through(first: int, last: int) -> list[int]:
    """The months from one to another, both counted; no more than a meter can have lived."""
    found = [first]
    while found[-1] < last:
        found.append(after(found[-1]))
    return found[-_MOST_MONTHS:]


def _is_told_anew(account: Account) -> bool:
    """Whether something was declared, described or decided since the last month was sealed."""
    sealed = json.loads(account.segments[-1].facts)
    now = json.loads(chain.canonical(_told(account)))
    return any(sealed[name] != value for name, value in now.items())


def _told(account: Account) -> dict[str, Any]:
    """By what a meter is judged."""
    return {
        "meter": {
            name: item for name, item in asdict(account.known.facts).items() if name != "meter_id"
        },
        "epochs": [_epoch(item) for item in account.epochs],
        "declared": [asdict(item) for item in account.declared],
        "decided": [asdict(item) for item in account.decided],
    }


def _epoch(item: Epoch) -> dict[str, Any]:
    return {**asdict(item), "begin_s": None if isinf(item.begin_s) else item.begin_s}


def _facts(account: Account, walked: Walked, lines: Sequence[NewLine]) -> dict[str, Any]:
    """What a segment says in full: by what was judged, the edges of its months, its lines."""
    newest = walked.newest
    return {
        **_told(account),
        # When a row was received is no part of what is sealed.
        "newest": None
        if newest is None
        else {**asdict(newest), "received_at_s": newest.taken_at_s},
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
        "lines": [closed_months.sealed_form(item) for item in lines],
    }


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
