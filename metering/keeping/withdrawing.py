"""Taking back what was declared of a meter by mistake: another entry, which says so and why.

Nothing is deleted. What was withdrawn says nothing from then on: the rows are judged as if it had
never been declared, and what closed months said by it is corrected by adjustments in the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence, in_force
from metering.keeping.accounts import open_account
from metering.keeping.declaring import is_forgotten
from metering.ledger.agreeing import PUT_IN, contradiction
from store.ledger import meters
from store.ledger.shared_anew import tell_anew
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A declaration, and the number of the meter that it is about."""

    meter_id: int
    declaration: Declaration


def withdraw(tx: Transaction, declaration_id: int, evidence: Evidence, actor: str) -> int | Refused:
    """Withdraw a declaration, and with one half of a swap the other; the number of its meter."""
    found = meters.find_declaration(tx.connection, declaration_id)
    if found is None:
        return _refuse(
            "unknown",
            f"There is no declaration {declaration_id}; `meter declarations` lists those of one.",
        )
    entry = _Entry(meter_id=found[0], declaration=found[1])
    if not evidence.note.strip():
        return _refuse("note", "Say what was wrong: the ledger keeps it beside the declaration.")
    if entry.declaration.act is Act.WITHDRAW:
        return _refuse("is_withdrawal", "A withdrawal stays; declare anew what was right.")
    entries = [entry, *_other_half(tx, entry)]
    refusals = [_cannot_go(tx, item) for item in entries]
    refused = next((item for item in refusals if item is not None), None)
    if refused is not None:
        return refused
    for item in entries:
        _take_back(tx, item, evidence, actor)
    return entry.meter_id


def _refuse(code: str, sentence: str) -> Refused:
    return Refused(code=f"declaration.{code}", sentence=sentence)


def _other_half(tx: Transaction, entry: _Entry) -> list[_Entry]:
    """A swap puts one meter in and takes another out: of the one half, the other."""
    own = entry.declaration
    wanted = Act.REMOVE if own.act is Act.SWAP else Act.SWAP
    return [
        _Entry(meter_id=known.facts.meter_id, declaration=item)
        for known in meters.noted_meters(tx.connection)
        for item in in_force(meters.declarations(tx.connection, known.facts.meter_id))
        if item.act is wanted
        and (item.at_s, item.declared_at_s) == (own.at_s, own.declared_at_s)
        and (own.replaced_id, item.replaced_id) in _halves(known.facts.meter_id, entry)
    ]


def _halves(other_id: int, entry: _Entry) -> set[tuple[int | None, int | None]]:
    """Which meter each half names as replaced: the swap the other, the removal none."""
    if entry.declaration.act is Act.SWAP:
        return {(other_id, None)}
    return {(None, entry.meter_id)} if entry.declaration.act is Act.REMOVE else set()


def _cannot_go(tx: Transaction, entry: _Entry) -> Refused | None:
    known = {item.facts.meter_id: item for item in meters.noted_meters(tx.connection)}
    account = open_account(tx.connection, known[entry.meter_id])
    number = entry.declaration.declaration_id
    left = [item for item in in_force(account.declared) if item.declaration_id != number]
    if len(left) == len(account.in_force):
        return _refuse("withdrawn", f"Declaration {number} was withdrawn before.")
    refused = is_forgotten(tx.connection, account.known.facts, entry.declaration.at_s)
    if refused is not None:
        return refused
    refused = contradiction(account.known.facts, left)
    if refused is None and not _is_put_in_again(entry.declaration, left):
        return None
    return _refuse(
        "needed",
        f"What was declared to be later than declaration {number} needs it; withdraw that first.",
    )


def _is_put_in_again(item: Declaration, left: Sequence[Declaration]) -> bool:
    """Whether a meter came back of which its removal is to be withdrawn."""
    later = [other for other in left if other.act in PUT_IN and other.at_s >= item.at_s]
    return item.act is Act.REMOVE and bool(later)


def _take_back(tx: Transaction, entry: _Entry, evidence: Evidence, actor: str) -> None:
    number = entry.declaration.declaration_id
    withdrawal = Declaration(
        act=Act.WITHDRAW,
        at_s=entry.declaration.at_s,
        actor=actor,
        evidence=evidence,
        withdraws_id=number,
    )
    meters.declare(tx, entry.meter_id, withdrawal)
    known = {item.facts.meter_id: item for item in meters.noted_meters(tx.connection)}
    tell_anew(tx, known[entry.meter_id].site_id, withdrawal.at_s)
    tx.audited(
        actor=actor,
        action="meter.withdraw",
        subject=f"meter/{entry.meter_id}",
        detail=f"{entry.declaration.act.value}, declaration {number}: {evidence.note}",
    )
