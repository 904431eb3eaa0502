"""Taking in what a person declares of a meter: what is needed, and what cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.calendar.months import month_of, write_month
from domain.calendar.paris import write_instant
from domain.refusal import Refused
from domain.registers.declaration import BEGINNINGS, Act, Declaration
from domain.registers.register import MeterFacts
from domain.units import HOUR_S
from metering.keeping.accounts import Account, open_account
from metering.keeping.standing import undeclared_place
from metering.ledger.agreeing import contradiction
from metering.ledger.display import disagreement
from metering.ledger.epochs import epoch_at
from metering.ledger.judging import FUTURE_S
from store.ledger import meters, pruning, register_rows
from store.ledger.edge_rows import earliest_s
from store.ledger.meters import KnownMeter
from store.ledger.shared_anew import tell_anew
from store.rows import Connection
from store.transaction import Transaction

#: A display is compared with what the node told within this time of it [s].
COMPARED_WITHIN_S = 24 * HOUR_S
#: So many rows after the beginning of a life are held against its first index.
_NEXT_ROWS = 6
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
    node_id = _reader_id(tx, wanted, known or replaced)
    if isinstance(node_id, Refused):
        return node_id
    if replaced is not None:
        gone = replace(item, act=Act.REMOVE, index_wh=item.closing_index_wh, closing_index_wh=None)
        meters.declare(tx, replaced.facts.meter_id, gone)
        item = replace(item, replaced_id=replaced.facts.meter_id, closing_index_wh=None)
    if known is None and replaced is not None:
        meters.note_meter(tx, wanted.serial, replaced, wanted.declaration)
    (found,) = meters.noted_meters(tx.connection, wanted.serial)
    meters.declare(tx, found.facts.meter_id, replace(item, node_id=node_id))
    if item.act is not Act.CONFIRM:
        tell_anew(tx, found.site_id, item.at_s)
    tx.audited(
        actor=item.actor,
        action=f"meter.{item.act.value}",
        subject=f"meter/{found.facts.meter_id}",
        detail=f"{wanted.serial}: {item.evidence.note or item.evidence.photo_sha256}",
    )
    return found.facts.meter_id


def describe(tx: Transaction, meter_id: int, values: Mapping[str, object], actor: str) -> bool:
    """Note what stands on a meter's plate, by names of ``MeterFacts``; whether it is known."""
    noted = meters.noted_meters(tx.connection)
    known = next((item for item in noted if item.facts.meter_id == meter_id), None)
    if known is None:
        return False
    if values:
        tell_anew(tx, known.site_id, 0.0)  # Other limits: rows may count that did not, and so on.
        meters.describe_meter(tx, meter_id, values)
        told = ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
        tx.audited(actor=actor, action="meter.describe", subject=f"meter/{meter_id}", detail=told)
    return True


def _is_incomplete(wanted: Wanted, now_s: float) -> Refused | None:
    item = wanted.declaration
    if item.act is Act.WITHDRAW:
        return _refuse("act", "A declaration is withdrawn by its number; this names a meter.")
    if not item.evidence.note.strip() and item.evidence.photo_sha256 is None:
        return _refuse("evidence", "Say how you know: a note, or the photo of the display.")
    if item.index_wh is None and item.act in _NEEDS_INDEX:
        return _refuse("index", "Say which index the display showed then.")
    if item.act is Act.SWAP and (wanted.replaced_serial is None or item.closing_index_wh is None):
        return _refuse("replaced", "Say which meter it replaced, and the last index of that one.")
    if item.act is Act.SWAP and wanted.replaced_serial == wanted.serial:
        return _refuse("itself", "A meter does not take its own place; declare a reset.")
    if item.act is Act.READER and wanted.node_name is None:
        return _refuse("node", "Say which node reads the meter from then on.")
    if item.at_s > now_s + FUTURE_S:
        return _refuse("future", "That has not happened yet; declare it when it has.")
    return None


def _refuse(code: str, sentence: str) -> Refused:
    return Refused(code=f"meter.{code}", sentence=sentence)


def _replaced(tx: Transaction, wanted: Wanted) -> KnownMeter | Refused | None:
    """The meter whose place another takes, and that was in it until then."""
    item = wanted.declaration
    if item.act is not Act.SWAP or wanted.replaced_serial is None:
        return None
    found = meters.noted_meters(tx.connection, wanted.replaced_serial)
    if not found:
        return _unknown(wanted.replaced_serial)
    account = open_account(tx.connection, found[0])
    gone = replace(item, act=Act.REMOVE, index_wh=item.closing_index_wh, closing_index_wh=None)
    return _contradicts(tx, account, gone) or found[0]


def _named(
    tx: Transaction, wanted: Wanted, replaced: KnownMeter | None
) -> KnownMeter | Refused | None:
    """The meter, which this can be said of.

    None where no node has told of it yet: one that takes another's place may be declared before.
    """
    found = meters.noted_meters(tx.connection, wanted.serial)
    if not found:
        return _unknown(wanted.serial) if replaced is None else None
    known = found[0]
    if replaced is not None and _sort(known) != _sort(replaced):
        return _refuse(
            "other_sort",
            f"Meters {known.facts.serial} and {replaced.facts.serial} are not of one site and "
            "kind, or one of them is simulated; check both serial numbers.",
        )
    return _contradicts(tx, open_account(tx.connection, known), wanted.declaration) or known


def _sort(known: KnownMeter) -> tuple[object, ...]:
    return known.site_id, known.facts.kind, known.facts.is_simulated


def _unknown(serial: str) -> Refused:
    return _refuse(
        "unknown", f"No node has told of a meter {serial!r}; `meters` lists those known."
    )


def _reader_id(tx: Transaction, wanted: Wanted, known: KnownMeter | None) -> int | Refused | None:
    """The node that reads the meter from then on, if one is named: it is of the same site."""
    if wanted.node_name is None or known is None:
        return None
    found = meters.node_of(tx.connection, wanted.node_name)
    if found is None:
        return Refused(code="node.unknown", sentence=f"There is no node {wanted.node_name!r}.")
    node_id, site_id = found
    if site_id != known.site_id:
        return _refuse(
            "other_site",
            f"Node {wanted.node_name!r} is not at {known.site_name}, where meter "
            f"{known.facts.serial} is.",
        )
    return node_id


def _contradicts(tx: Transaction, account: Account, item: Declaration) -> Refused | None:
    """What was declared before, or told by the node, that this cannot stand beside."""
    facts = account.known.facts
    refused = is_forgotten(tx.connection, facts, item.at_s) or contradiction(
        facts, [*account.declared, item]
    )
    if refused is None and item.act in {Act.RESET, Act.READER, Act.REMOVE}:
        last_wh = item.index_wh if item.act is Act.REMOVE else item.closing_index_wh
        refused = _disagrees_at_end(tx, facts, item.at_s, last_wh)
    if refused is None and item.act in BEGINNINGS and item.index_wh is not None:
        refused = _disagrees_at_beginning(tx, facts, item.at_s, item.index_wh)
    if refused is None and item.act is Act.CONFIRM:
        refused = _cannot_confirm(tx, account, item)
    return refused


def is_forgotten(connection: Connection, facts: MeterFacts, at_s: float) -> Refused | None:
    """Why nothing can be said any more of an instant: its rows are gone, its month is sealed."""
    gone = pruning.pruned_months(connection, facts.meter_id)
    if not gone or month_of(at_s) > max(gone):
        return None
    return _refuse(
        "forgotten",
        f"Of meter {facts.serial} the rows up to {write_month(max(gone))} are no longer kept; what "
        "was sealed of them stays.",
    )


def _cannot_confirm(tx: Transaction, account: Account, item: Declaration) -> Refused | None:
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
    return disagreement(near, item.at_s, item.index_wh or 0, facts)


def _disagrees_at_end(
    tx: Transaction, facts: MeterFacts, at_s: float, last_wh: int | None
) -> Refused | None:
    """The same of a last index, held against what was told before, if anything was."""
    first_s = earliest_s(tx.connection, [facts.meter_id])
    if first_s is not None and at_s < first_s:
        return _refuse(
            "before",
            f"The first index of meter {facts.serial} was told at {write_instant(first_s)}; "
            "it cannot have been reset, swapped, handed over or removed before.",
        )
    from_s = at_s - COMPARED_WITHIN_S
    told = register_rows.ends_between(tx.connection, facts.meter_id, from_s, at_s)
    if last_wh is None or told is None:
        return None
    return disagreement(told[1], at_s, last_wh, facts)


def _disagrees_at_beginning(
    tx: Transaction, facts: MeterFacts, at_s: float, first_wh: int
) -> Refused | None:
    """The same of a first index, held against what was told next, if anything was.

    One of the rows that follow is enough: among them may be one that is wrong itself.
    """
    rows = register_rows.next_rows(tx.connection, facts.meter_id, at_s, _NEXT_ROWS)
    near = [row for row in rows if row.taken_at_s <= at_s + COMPARED_WITHIN_S]
    found = [disagreement(row, at_s, first_wh, facts) for row in near]
    return found[0] if found and None not in found else None
