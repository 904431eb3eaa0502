"""What stands in quarantine now, of the months that are still open."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.calendar.months import after, month_of
from domain.registers.declaration import BEGINNINGS, Act, in_force
from domain.registers.register import Doubt, MeterKind, RegisterRow
from metering.balance import Quarantine
from metering.keeping.accounts import Account, is_told_anew, months_to_walk, open_account, walk
from metering.keeping.stuck import stuck
from metering.ledger.lines import Case, missing
from store.ledger import meters, register_rows
from store.ledger.meters import KnownMeter
from store.rows import Connection

#: Until when a row may be dated [Unix s]; the border lets nothing later through.
_END_OF_TIME_S = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A meter with what waits for a person's decision."""

    account: Account
    replaces: KnownMeter | None  #: The meter whose place it took, where nobody said so.
    cases: Sequence[Case]


def standings(
    connection: Connection, only: Collection[int] | None, now_s: float
) -> Iterator[Standing]:
    """Every meter of these sites (None = all) with its open cases."""
    for item in meters.known_meters(connection, only):
        yield standing_of(connection, item, now_s)


def quarantined(
    connection: Connection, only: Collection[int] | None, period: tuple[float, float], now_s: float
) -> dict[int, Quarantine]:
    """By site, what of its heat meters waits for a decision and lies in a period."""
    found: dict[int, Quarantine] = {}
    for item in standings(connection, only, now_s):
        known = item.account.known
        if known.facts.kind is not MeterKind.HEAT:
            continue
        for case in item.cases:
            if case.first.taken_at_s < period[1] and case.last.taken_at_s >= period[0]:
                one = Quarantine(cases=1, most_wh=case.most_wh)
                found[known.site_id] = found.get(known.site_id, Quarantine()).and_also(one)
    return found


def standing_of(
    connection: Connection,
    known: KnownMeter,
    now_s: float,
    asked: Sequence[RegisterRow] = (),
) -> Standing:
    """One meter with its open cases; ``asked`` = rows of a file that was not taken in yet."""
    account = replace(open_account(connection, known), asked=asked)
    replaced = undeclared_place(connection, account)
    cases = list(_cases(connection, account, now_s))
    if replaced is not None:
        cases = [*_whole(connection, known), *cases]
    cases = _together(cases)
    return Standing(account=account, replaces=replaced, cases=cases)


def _together(cases: Sequence[Case]) -> list[Case]:
    """Cases that begin with the same row are one, with the reasons of all."""
    found: dict[tuple[int, int], Case] = {}
    for item in cases:
        key = item.first.node_id, item.first.seq
        known = found.get(key)
        if known is None:
            found[key] = item
            continue
        most = (known.most_wh, item.most_wh)
        most_wh = None if None in most else max(part or 0 for part in most)
        found[key] = replace(known, also=(*known.also, *item.reasons), most_wh=most_wh)
    return list(found.values())


def undeclared_place(connection: Connection, account: Account) -> KnownMeter | None:
    """The meter that this one's node told of before, and that nobody declared as removed."""
    own = account.known
    if any(item.act in BEGINNINGS for item in account.in_force):
        return None
    for other in reversed(meters.known_meters(connection, [own.site_id])):
        is_before = other.first_told_at_s < own.first_told_at_s
        same_place = (other.node_id, other.facts.kind) == (own.node_id, own.facts.kind)
        if is_before and same_place and other.facts.serial != own.facts.serial:
            gone = in_force(meters.declarations(connection, other.facts.meter_id))
            return None if any(item.act is Act.REMOVE for item in gone) else other
    return None


def _cases(connection: Connection, account: Account, now_s: float) -> Iterator[Case]:
    meter_id = account.known.facts.meter_id
    told_s = register_rows.taken_from(connection, meter_id, 0.0)
    if told_s is None:
        if not account.asked:
            return
        told_s = account.asked[0].taken_at_s
    this_month = month_of(now_s)
    gone = account.pruned
    first = min(_first_to_walk(connection, account, told_s), this_month)
    walked = walk(connection, account, months_to_walk(first, this_month), until_s=_END_OF_TIME_S)
    now = [item for item in walked.cases if item.doubt is not Doubt.REJECTED]
    told = {(item.first.node_id, item.first.seq) for item in now}
    yield from (
        item if walked.newest is None else missing(item, walked.newest, account.known.facts)
        for item in _sealed_cases(account, gone, before=first)
        if (item.first.node_id, item.first.seq) not in told
    )
    yield from now
    for flat in stuck(connection, account, walked.flats):
        yield Case(doubt=Doubt.STUCK, epoch=0, first=flat.first, last=flat.last, count=0)
    yield from _too_late(connection, account, gone)


def _first_to_walk(connection: Connection, account: Account, told_s: float) -> int:
    """The first open month, or an earlier one of which more is known than when it was sealed."""
    sealed = account.last_sealed
    if sealed is None:
        return month_of(told_s)
    first = after(sealed.month)
    kept = min(item.month for item in account.segments if item.month not in account.pruned)
    if is_told_anew(account):
        # What was sealed was judged by what is not said any more: all that is kept is judged anew.
        return kept
    late_s = register_rows.late_since(connection, account.known.facts.meter_id, first)
    reached = [row.taken_at_s for row in account.asked] + ([] if late_s is None else [late_s])
    return max(kept, min([first, *(month_of(at_s) for at_s in reached)]))


def _sealed_cases(account: Account, gone: Collection[int], before: int) -> Iterator[Case]:
    """What stood in quarantine when months were closed, and nobody has decided since.

    Of each month before one the newest segment whose walk reached it knows best.
    """
    until = before
    for segment in reversed(account.segments):
        facts = json.loads(segment.facts)
        if segment.month in gone:
            return
        for plain in facts["doubtful"]:
            case = _read_case(plain)
            is_decided = any(item.is_about(case.first) for item in account.decisions)
            if not is_decided and month_of(case.first.taken_at_s) < until:
                yield case
        until = min(until, facts["walked_from"])


def _read_case(plain: dict[str, Any]) -> Case:
    return Case(
        doubt=Doubt(plain["doubt"]),
        epoch=plain["epoch"],
        first=RegisterRow(**plain["first"]),
        last=RegisterRow(**plain["last"]),
        count=plain["count"],
        also=tuple(Doubt(name) for name in plain.get("also", ())),
        most_wh=plain.get("most_wh"),
    )


def _whole(connection: Connection, known: KnownMeter) -> Iterator[Case]:
    """All rows of a meter that took another's place without a word."""
    ends = register_rows.ends_between(connection, known.facts.meter_id, 0.0, _END_OF_TIME_S)
    if ends is not None:
        count = register_rows.count_rows(connection, known.facts.meter_id)
        whole = Case(doubt=Doubt.UNDECLARED, epoch=1, first=ends[0], last=ends[1], count=count)
        yield missing(whole, None, known.facts)


def _too_late(connection: Connection, account: Account, gone: Collection[int]) -> Iterator[Case]:
    """Rows that came for months of which no other row is kept."""
    meter_id = account.known.facts.meter_id
    if not gone:
        return
    rows: list[RegisterRow] = [
        row
        for row in register_rows.late_rows(connection, meter_id, max(gone))
        if not any(item.is_about(row) for item in account.decisions)
    ]
    if rows:
        yield Case(doubt=Doubt.TOO_LATE, epoch=0, first=rows[0], last=rows[-1], count=len(rows))
