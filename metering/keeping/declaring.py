"""Taking in what a person declares of a meter: what is needed, and what cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.declaration import BEGINNINGS, Act, Declaration
from domain.paris import write_instant
from domain.refusal import Refused
from domain.register import MeterFacts, RegisterRow
from metering.keeping.accounts import Account, open_account
from metering.keeping.standing import undeclared_place
from metering.ledger.epochs import epoch_at
from metering.ledger.judging import FUTURE_S
from metering.ledger.steps import most_wh
from store.ledger import meters, register_rows
from store.ledger.edge_rows import earliest_s
from store.ledger.meters import KnownMeter
from store.transaction import Transaction

#: A display is compared with what the node told within this time of it [s].
COMPARED_WITHIN_S = 24 * 3600.0
_NEEDS_INDEX = frozenset({Act.INSTALL, Act.SWAP, Act.RESET, Act.REMOVE, Act.CONFIRM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A declaration as it was asked for: what it is about by name."""

    declaration: Declaration
    serial: str
    replaced_serial: str | None = None
    node_name: str | None = None


def take_declaration(tx: Transaction, wanted: Wanted) -> int | Refused:
    """Add a declaration, with a line of the audit trail; the number of its meter."""
    refused = _is_incomplete(wanted, tx.now_s)
    if refused is not None:
        return refused
    item = wanted.declaration
    replaced = _replaced(tx, wanted)
    if isinstance(replaced, Refused):
        return replaced
    known = _named(tx, wanted, replaced)
    if isinstance(known, Refused):
        return known
    node_id = _node_id(tx, wanted)
    if isinstance(node_id, Refused):
        return node_id
    account = open_account(tx.connection, known)
    refused = _contradicts(tx, account, item)
    if refused is not None:
        return refused
    if replaced is not None:
        gone = replace(item, act=Act.REMOVE, index_wh=item.closing_index_wh, closing_index_wh=None)
        meters.declare(tx, replaced.facts.meter_id, gone)
        item = replace(item, replaced_id=replaced.facts.meter_id, closing_index_wh=None)
    meters.declare(tx, known.facts.meter_id, replace(item, node_id=node_id))
    tx.audited(
        actor=item.actor,
        action=f"meter.{item.act.value}",
        subject=f"meter/{known.facts.meter_id}",
        detail=f"{known.facts.serial}: {item.evidence.note or item.evidence.photo_sha256}",
    )
    return known.facts.meter_id


def describe(tx: Transaction, meter_id: int, values: Mapping[str, object], actor: str) -> bool:
    """Note what stands on a meter's plate, by names of ``MeterFacts``; whether it is known."""
    if not any(item.facts.meter_id == meter_id for item in meters.known_meters(tx.connection)):
        return False
    if values:
        meters.describe_meter(tx, meter_id, values)
        told = ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
        tx.audited(actor=actor, action="meter.describe", subject=f"meter/{meter_id}", detail=told)
    return True


def _is_incomplete(wanted: Wanted, now_s: float) -> Refused | None:
    item = wanted.declaration
    if not item.evidence.note.strip() and item.evidence.photo_sha256 is None:
        return _refuse("evidence", "Say how you know: a note, or the photo of the display.")
    if item.index_wh is None and item.act in _NEEDS_INDEX:
        return _refuse("index", "Say which index the display showed then.")
    if item.act is Act.SWAP and (wanted.replaced_serial is None or item.closing_index_wh is None):
        return _refuse("replaced", "Say which meter it replaced, and the last index of that one.")
    if item.act is Act.READER and wanted.node_name is None:
        return _refuse("node", "Say which node reads the meter from then on.")
    if item.at_s > now_s + FUTURE_S:
        return _refuse("future", "That has not happened yet; declare it when it has.")
    return None


def _refuse(code: str, sentence: str) -> Refused:
    return Refused(code=f"meter.{code}", sentence=sentence)


def _replaced(tx: Transaction, wanted: Wanted) -> KnownMeter | Refused | None:
    """The meter whose place another takes."""
    if wanted.declaration.act is not Act.SWAP or wanted.replaced_serial is None:
        return None
    found = meters.known_meters(tx.connection, serial=wanted.replaced_serial)
    if not found:
        return _unknown(wanted.replaced_serial)
    account = open_account(tx.connection, found[0])
    if any(other.act is Act.REMOVE for other in account.declared):
        return _refuse("removed", f"Meter {wanted.replaced_serial} was removed before.")
    item = wanted.declaration
    return _disagrees_at_end(tx, found[0].facts, item.at_s, item.closing_index_wh) or found[0]


def _named(tx: Transaction, wanted: Wanted, replaced: KnownMeter | None) -> KnownMeter | Refused:
    """The meter; one that takes another's place may be declared before a node tells of it."""
    found = meters.known_meters(tx.connection, serial=wanted.serial)
    if found:
        return found[0]
    if replaced is None:
        return _unknown(wanted.serial)
    meters.note_meter(tx, wanted.serial, replaced, wanted.declaration)
    return meters.known_meters(tx.connection, serial=wanted.serial)[0]


def _unknown(serial: str) -> Refused:
    return _refuse(
        "unknown", f"No node has told of a meter {serial!r}; `meters` lists those known."
    )


def _node_id(tx: Transaction, wanted: Wanted) -> int | Refused | None:
    if wanted.node_name is None:
        return None
    found = meters.node_id_of(tx.connection, wanted.node_name)
    return _refuse("node", f"There is no node {wanted.node_name!r}.") if found is None else found


def _contradicts(tx: Transaction, account: Account, item: Declaration) -> Refused | None:
    """What was declared before, or told by the node, that this cannot stand beside."""
    begun = [other.at_s for other in account.declared if other.act in BEGINNINGS]
    if item.act in BEGINNINGS and begun and item.at_s <= max(begun):
        return _refuse("order", "A later life of this register is declared already.")
    if item.act in {Act.RESET, Act.REMOVE}:
        last_wh = item.index_wh if item.act is Act.REMOVE else item.closing_index_wh
        return _disagrees_at_end(tx, account.known.facts, item.at_s, last_wh)
    if item.act is not Act.CONFIRM:
        return None
    replaced = undeclared_place(tx.connection, account)
    if replaced is not None:
        return _refuse(
            "undeclared",
            f"Meter {account.known.facts.serial} took the place of {replaced.facts.serial}; "
            "declare the swap first, with the last index of the old one.",
        )
    if epoch_at(account.epochs, item.at_s) is None:
        return _refuse("outside", "The meter was not in its place then.")
    return _disagrees(tx, account, item)


def _disagrees(tx: Transaction, account: Account, item: Declaration) -> Refused | None:
    """A display that does not show what the node tells: a wrong scale, or another meter."""
    facts = account.known.facts
    near = register_rows.nearest_row(tx.connection, facts.meter_id, item.at_s)
    if near is None or abs(near.taken_at_s - item.at_s) > COMPARED_WITHIN_S:
        return _refuse(
            "silent",
            "The node told no index within a day of that, so there is nothing to compare with.",
        )
    return _differs(near, item.at_s, item.index_wh or 0, facts)


def _disagrees_at_end(
    tx: Transaction, facts: MeterFacts, at_s: float, last_wh: int | None
) -> Refused | None:
    """The same of a last index, held against what was told before, if anything was."""
    first_s = earliest_s(tx.connection, [facts.meter_id])
    if first_s is not None and at_s < first_s:
        return _refuse(
            "before",
            f"The first index of meter {facts.serial} was told at {write_instant(first_s)}; "
            "it cannot have been reset, swapped or removed before.",
        )
    from_s = at_s - COMPARED_WITHIN_S
    told = register_rows.ends_between(tx.connection, facts.meter_id, from_s, at_s)
    if last_wh is None or told is None:
        return None
    return _differs(told[1], at_s, last_wh, facts)


def _differs(near: RegisterRow, at_s: float, shown_wh: int, facts: MeterFacts) -> Refused | None:
    if abs(shown_wh - near.index_wh) <= _apart_wh(near, at_s, facts):
        return None
    return _refuse(
        "disagrees",
        f"The display shows {shown_wh / 1000:g} kWh where the node told {near.index_wh / 1000:g} "
        f"kWh{_factor(shown_wh, near.index_wh)}; check serial number, unit and scale.",
    )


def _apart_wh(near: RegisterRow, at_s: float, facts: MeterFacts) -> int:
    """How far display and node may be apart: what can pass in between, and a kWh of digits."""
    ends = sorted((near.taken_at_s, at_s))
    first = replace(near, taken_at_s=ends[0])
    passed_wh = most_wh(first, replace(near, taken_at_s=ends[1]), facts) or 0
    return max(passed_wh, 1000) + facts.digit_wh


def _factor(shown_wh: int, told_wh: int) -> str:
    if not shown_wh or not told_wh:
        return ""
    larger, smaller = max(shown_wh, told_wh), min(shown_wh, told_wh)
    for factor in (1000, 1_000_000):
        if abs(larger / (smaller * factor) - 1) <= 0.05:  # noqa: PLR2004 - as in the ledger's rule
            return f", which is a factor of {factor}"
    return ""
