"""The account of one meter: its rows, walked by the rules, from the last sealed month on."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf, isinf
from typing import Any

from domain.calendar.months import after, begin_of, month_of, months_through
from domain.refusal import Refused
from domain.registers.chain import canonical
from domain.registers.declaration import Act, Declaration, in_force
from domain.registers.register import Decision, Doubt, Epoch, EpochKind, RegisterRow, Segment
from metering.ledger.course import CLOSING_SEQ, OPENING_SEQ, Flat, closing_row, opening_row
from metering.ledger.energy import EnergyBetween, energy_between
from metering.ledger.epochs import epochs_of
from metering.ledger.from_files import in_time, with_files
from metering.ledger.judging import Placed, judge_placed, verdict
from metering.ledger.lines import Case, MonthSum, edges_of, missing, month_sums
from metering.ledger.thinning import thinned
from store.ledger import closed_months, meters, pruning, register_rows
from store.ledger.decisions import Decided, decisions
from store.ledger.decisions import in_force as decided_in_force
from store.ledger.edge_rows import edge_rows
from store.ledger.meters import KnownMeter
from store.rows import Connection

#: Beyond the end of the last month rows are read this much further than the next one [s]: what
#: follows a row decides whether it stands alone.
_AFTERMATH_S = 7200.0
#: A row older than so many months before the newest is of a wrong clock.
_MOST_MONTHS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a meter is judged by."""

    known: KnownMeter
    declared: Sequence[Declaration]
    epochs: Sequence[Epoch]
    decided: Sequence[Decided]
    segments: Sequence[Segment]
    pruned: Collection[int] = ()  #: Months whose rows are gone.
    asked: Sequence[RegisterRow] = ()  #: From a file: judged as if they had been taken in.

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided and not withdrawn."""
        return decided_in_force(self.decided)

    @property
    def in_force(self) -> Sequence[Declaration]:
        """What was declared and not withdrawn."""
        return in_force(self.declared)

    @property
    def last_sealed(self) -> Segment | None:
        return self.segments[-1] if self.segments else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What the walk along a meter's rows showed."""

    sums: Sequence[MonthSum]
    cases: Sequence[Case]
    flats: Sequence[Flat]
    newest: RegisterRow | None  #: At the end of the last month, the last row that counts.
    newest_told: RegisterRow | None  #: The same, but for rows from files.


def open_account(connection: Connection, known: KnownMeter) -> Account:
    """All that was told of a meter besides its rows."""
    meter_id = known.facts.meter_id
    declared = meters.declarations(connection, meter_id)
    return Account(
        known=known,
        declared=declared,
        epochs=epochs_of(declared, known.node_id),
        decided=decisions(connection, meter_id),
        segments=closed_months.segments(connection, meter_id),
        pruned=pruning.pruned_months(connection, meter_id),
    )


def told(account: Account) -> dict[str, Any]:
    """By what a meter is judged: as it is sealed, without numbers of this database."""
    return {
        "meter": {
            name: item for name, item in asdict(account.known.facts).items() if name != "meter_id"
        },
        "epochs": [_epoch(item) for item in account.epochs],
        "declared": [_declared(account, item) for item in account.declared],
        "decided": [_decided(account, item) for item in account.decided],
    }


def _epoch(item: Epoch) -> dict[str, Any]:
    return {**asdict(item), "begin_s": None if isinf(item.begin_s) else item.begin_s}


def _declared(account: Account, item: Declaration) -> dict[str, Any]:
    """A declaration; one that withdraws names the place of the other among all of the meter."""
    plain = asdict(item)
    for name in ("declaration_id", "withdraws_id"):
        del plain[name]
    if item.act is Act.WITHDRAW:
        numbers = [other.declaration_id for other in account.declared]
        plain["withdraws"] = numbers.index(item.withdraws_id or 0)
    return plain


def _decided(account: Account, item: Decided) -> dict[str, Any]:
    """A decision; one that withdraws names the place of the other among all of the meter."""
    plain = asdict(item)
    for name in ("decision_id", "withdraws_id"):
        del plain[name]
    if item.withdraws_id is not None:
        numbers = [other.decision_id for other in account.decided]
        plain["withdraws"] = numbers.index(item.withdraws_id)
    return plain


def is_told_anew(account: Account) -> bool:
    """Whether something was declared, described or decided since the last month was sealed."""
    sealed = json.loads(account.segments[-1].facts)
    now = json.loads(canonical(told(account)))
    return any(sealed[name] != value for name, value in now.items())


def months_to_walk(first: int, last: int) -> list[int]:
    """The months from one to another, both counted; no more than a meter can have lived."""
    return months_through(first, last)[-_MOST_MONTHS:]


def walk(
    connection: Connection,
    account: Account,
    months: Sequence[int],
    *,
    until_s: float | None = None,
) -> Walked:
    """What each of these months came to; they follow one another, from the first not in doubt.

    Rows are read a little beyond the last month, or up to an instant where one is named.
    """
    anchor = _anchor(account, months[0])
    meter_id = account.known.facts.meter_id
    if until_s is None:
        until_s = _until(connection, meter_id, begin_of(after(months[-1])))
    sums: list[MonthSum] = []
    cases: list[Case] = []
    flats: list[Flat] = []
    newest = newest_told = anchor
    for epoch in _from(account.epochs, anchor):
        # What only came in files gives way where the node says otherwise; so it is no beginning.
        start = _start(account, epoch, newest_told or newest)
        rows = register_rows.told_between(
            connection,
            meter_id,
            start if start is anchor else None,
            epoch.begin_s if epoch.begin_s != -inf else 0.0,
            until_s if epoch.end_s is None else min(epoch.end_s, until_s),
        )
        facts = account.known.facts
        files = _files_in(connection, account, (start, epoch), until_s)
        near_s = sorted([*edges_of(months), *(row.taken_at_s for row in files)])
        needed = thinned(facts, epoch, rows, near_s, start=start, decisions=account.decisions)
        judged = with_files(
            facts,
            epoch,
            judge_placed(
                facts,
                epoch,
                _with_closing(needed, account, epoch),
                start=start,
                decisions=account.decisions,
            ),
            files,
            start=start,
            decisions=account.decisions,
        )
        found = month_sums(epoch, facts, judged, months, start=start)
        sums += found.sums
        cases += found.cases
        flats += found.flats
        newest = found.newest[-1] or newest
        newest_told = found.newest_told[-1] or newest_told
    cases += _outside(connection, account, anchor, until_s)
    return Walked(sums=sums, cases=cases, flats=flats, newest=newest, newest_told=newest_told)


def _until(connection: Connection, meter_id: int, end_s: float) -> float:
    """How far rows decide what is before an instant: up to some that the node told afterwards."""
    next_s = register_rows.told_from(connection, meter_id, end_s)
    if next_s is None:
        next_s = register_rows.taken_from(connection, meter_id, end_s)
    return end_s if next_s is None else next_s + _AFTERMATH_S


def energy_of(
    connection: Connection,
    account: Account,
    period: tuple[float, float],
    *,
    bridges_doubt: bool = False,
) -> EnergyBetween | Refused:
    """What a meter counted over a period, from few of its rows.

    Among them is the last one that was sealed as counting before: what goes on from rows in
    quarantine is not believed only because nothing else is seen of the meter.
    """
    facts = account.known.facts
    rows = edge_rows(connection, facts.meter_id, account.epochs, period)
    sealed = _anchor(account, month_of(max(period[0], 0.0)))
    if sealed is not None and OPENING_SEQ < sealed.seq < CLOSING_SEQ:
        rows.add(sealed)
    return energy_between(
        facts, account.epochs, rows, period, account.decisions, bridges_doubt=bridges_doubt
    )


def _anchor(account: Account, month: int) -> RegisterRow | None:
    """The last row that counted before a month, as its segment remembers it.

    Rather one that the node told than one from a file, as long as the rows since then are kept.
    """
    before = [item for item in account.segments if item.month < month]
    if not before:
        return None
    facts = json.loads(before[-1].facts)
    told = facts.get("newest_told")
    if told is not None and month_of(told["taken_at_s"]) not in account.pruned:
        return RegisterRow(**told)
    plain = facts["newest"]
    return None if plain is None else RegisterRow(**plain)


def _from(epochs: Sequence[Epoch], anchor: RegisterRow | None) -> Iterable[Epoch]:
    """The epoch of the anchor and those after it."""
    if anchor is None:
        return epochs
    return [item for item in epochs if item.end_s is None or item.end_s > anchor.taken_at_s]


def _start(account: Account, epoch: Epoch, newest: RegisterRow | None) -> RegisterRow | None:
    """The row an epoch goes on from: one it has already, or its first index.

    Where only the reader changed, the register went on from what the one before told last.
    """
    is_closing = newest is not None and newest.seq == CLOSING_SEQ
    if newest is not None and newest.taken_at_s >= epoch.begin_s and not is_closing:
        return newest
    if epoch.kind is EpochKind.READER and epoch.opening_index_wh is None:
        return newest
    return opening_row(epoch, account.known.facts)


def _with_closing(rows: Iterable[Placed], account: Account, epoch: Epoch) -> Iterator[Placed]:
    """Rows, and after them the last index that was read off the display."""
    place = -1
    for item in rows:
        place = item[0]
        yield item
    closing = closing_row(epoch, account.known.facts)
    if closing is not None:
        yield place + 1, closing, False


def _outside(
    connection: Connection, account: Account, anchor: RegisterRow | None, until_s: float
) -> Iterator[Case]:
    """Rows dated before the meter was put in, while it was out, or after it was taken out."""
    begins = [item.begin_s for item in account.epochs]
    ends = [inf if item.end_s is None else item.end_s for item in account.epochs]
    for from_s, to_s in zip([0.0, *ends], [*begins, until_s], strict=True):
        if from_s >= to_s or (anchor is not None and to_s <= anchor.taken_at_s):
            continue
        meter_id = account.known.facts.meter_id
        rows = register_rows.rows_between(connection, meter_id, anchor, from_s, to_s)
        yield from _all_outside(account, list(rows))
        after_s = from_s if anchor is None else max(from_s, anchor.taken_at_s)
        yield from _all_outside(account, _files_between(connection, account, after_s, to_s))
    if isinf(begins[0]):
        since_s = counts_from(connection, account, account.epochs[0])
        yield from _all_outside(account, _files_between(connection, account, 0.0, since_s))


def _all_outside(account: Account, rows: Sequence[RegisterRow]) -> Iterator[Case]:
    """One case of all that nobody has rejected yet."""
    rows = [row for row in rows if verdict(row, account.decisions) is not False]
    if rows:
        whole = Case(
            doubt=Doubt.OUTSIDE_EPOCH,
            epoch=account.epochs[0].number,
            first=rows[0],
            last=rows[-1],
            count=len(rows),
        )
        yield missing(whole, None, account.known.facts)


def _files_in(
    connection: Connection,
    account: Account,
    life: tuple[RegisterRow | None, Epoch],
    until_s: float,
) -> list[RegisterRow]:
    """Rows from files in a life of a register, after the row from which it goes on."""
    start, epoch = life
    begin_s = counts_from(connection, account, epoch)
    end_s = until_s if epoch.end_s is None else min(epoch.end_s, until_s)
    rows = _files_between(connection, account, begin_s, end_s)
    if start is None or start.seq == OPENING_SEQ:
        return rows
    return [row for row in rows if row.taken_at_s > start.taken_at_s]


def _files_between(
    connection: Connection, account: Account, from_s: float, until_s: float
) -> list[RegisterRow]:
    known = account.known
    kept = register_rows.rows_of_files(
        connection, (known.facts.meter_id, known.node_id), from_s, until_s
    )
    asked = [row for row in account.asked if from_s <= row.taken_at_s < until_s]
    return in_time([*kept, *asked])


def counts_from(connection: Connection, account: Account, epoch: Epoch) -> float:
    """When a life began: where nobody declared it, with the first index that a node told.

    A file makes no life longer than that; a person does, who declares its first index.
    """
    if epoch.begin_s != -inf:
        return epoch.begin_s
    if account.pruned:
        return begin_of(min(account.pruned))
    told_s = register_rows.told_from(connection, account.known.facts.meter_id, 0.0)
    return inf if told_s is None else told_s
