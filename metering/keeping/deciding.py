"""Taking in what a person decides of rows in quarantine."""

from dataclasses import dataclass, replace

from domain.refusal import Refused
from domain.registers.register import Decision, Doubt, is_of_file, ms_in_file
from metering.keeping.declaring import is_forgotten
from metering.keeping.standing import standing_of
from metering.ledger.lines import Case
from store.ledger import meters
from store.ledger.decisions import (
    Decided,
    decide,
    decisions,
    find_decision,
    first_taken,
    take_back,
)
from store.ledger.shared_anew import tell_anew
from store.rows import Connection
from store.transaction import Transaction

#: The register was right after all: only of these can a person say so.
_ACCEPTABLE = frozenset({Doubt.TOO_FAST, Doubt.UNIT, Doubt.SPIKE, Doubt.CONFLICT})
#: These do not hinder that: what goes on from an accepted row, or also stood still.
_FOLLOWING = frozenset({Doubt.JUMPED, Doubt.STUCK})
#: Something else has to be done than to decide on rows.
_TO_BE_DONE = {
    Doubt.UNDECLARED: "Declare the swap; then these rows count.",
    Doubt.STUCK: "These rows count; look at the meter.",
}


#: In the name of a case, where the number of a node stands else.
_OF_FILES = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person decided of a case, and why."""

    is_accepted: bool
    note: str
    actor: str
    index_wh: int | None = None  #: Of rows that contradict each other, the one it is about.


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A decision that says nothing any more: of which meter, and from when on."""

    meter_id: int
    from_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """An open case and the meter that it is about."""

    meter_id: int
    site_id: int
    case: Case


def case_id(meter_id: int, case: Case) -> str:
    """The name of a case: its meter, its node or that it is of files, and its first row."""
    return name_of(meter_id, case.first.node_id, case.first.seq)


def name_of(meter_id: int, node_id: int, first_seq: int) -> str:
    """The same by its parts."""
    if is_of_file(first_seq):
        return f"{meter_id}.{_OF_FILES}.{ms_in_file(first_seq)}"
    return f"{meter_id}.{node_id}.{first_seq}"


def find_case(connection: Connection, wanted: str, now_s: float) -> FoundCase | Refused:
    """The open case of this name."""
    meter_id = wanted.partition(".")[0]
    for known in meters.known_meters(connection):
        if str(known.facts.meter_id) == meter_id:
            for case in standing_of(connection, known, now_s).cases:
                if case_id(known.facts.meter_id, case) == wanted:
                    return FoundCase(
                        meter_id=known.facts.meter_id, site_id=known.site_id, case=case
                    )
    return Refused(
        code="quarantine.unknown",
        sentence=f"There is no open case {wanted}; `chaufferie quarantine list` shows those that "
        "there are.",
    )


def take_verdict(tx: Transaction, found: FoundCase, verdict: Verdict) -> int | Refused:
    """Add the decision on a case; how many rows it is about."""
    case = found.case
    refused = hindrance(case, verdict)
    if refused is not None:
        return refused
    if verdict.is_accepted and verdict.index_wh is not None:
        # Of what contradicts, one counts and the rest never does.
        others = replace(verdict, is_accepted=False, index_wh=None)
        decide(tx, found.meter_id, _decision(case, others), actor=verdict.actor, note=verdict.note)
    decision = _decision(case, verdict)
    decide(tx, found.meter_id, decision, actor=verdict.actor, note=verdict.note)
    tell_anew(tx, found.site_id, case.first.taken_at_s)
    return case.count


def withdraw_decision(tx: Transaction, number: int, note: str, actor: str) -> TakenBack | Refused:
    """Take back a decision that was wrong; of contradicting rows, that on the others, too.

    The rows are judged as if it had never been made. What closed months said by it stays, and is
    corrected by an adjustment in the month that is closed next.
    """
    found = find_decision(tx.connection, number)
    if found is None:
        return _refuse(
            "unknown",
            f"There is no decision {number}; `chaufferie quarantine decisions` lists them.",
        )
    meter_id, item = found
    if not note.strip():
        return _refuse("note", "Say what was wrong: the ledger keeps it beside the decision.")
    if item.withdraws_id is not None:
        return _refuse("is_withdrawal", "A withdrawal stays; decide anew on the case.")
    decided = decisions(tx.connection, meter_id)
    if any(other.withdraws_id == number for other in decided):
        return _refuse("withdrawn", f"Decision {number} was withdrawn before.")
    known = next(
        known for known in meters.noted_meters(tx.connection) if known.facts.meter_id == meter_id
    )
    at_s = first_taken(tx.connection, meter_id, item.decision)
    refused = is_forgotten(tx.connection, known.facts, 0.0 if at_s is None else at_s)
    if refused is not None:
        return refused
    for other in decided:
        if _is_of_one_verdict(item, other):
            take_back(tx, meter_id, other, actor=actor, note=note)
    from_s = 0.0 if at_s is None else at_s
    tell_anew(tx, known.site_id, from_s)
    return TakenBack(meter_id=meter_id, from_s=from_s)


def _refuse(code: str, sentence: str) -> Refused:
    return Refused(code=f"decision.{code}", sentence=sentence)


def _is_of_one_verdict(one: Decided, other: Decided) -> bool:
    """Whether a person said both at once: of what contradicts, one counts and the rest does not."""
    rows = (one.decision.node_id, one.decision.first_seq, one.decision.last_seq)
    same = (other.decision.node_id, other.decision.first_seq, other.decision.last_seq)
    return (
        rows == same
        and (one.decided_at_s, one.actor) == (other.decided_at_s, other.actor)
        and other.withdraws_id is None
    )


def _decision(case: Case, verdict: Verdict) -> Decision:
    return Decision(
        node_id=case.first.node_id,
        first_seq=case.first.seq,
        last_seq=case.last.seq,
        index_wh=verdict.index_wh,
        is_accepted=verdict.is_accepted,
    )


def hindrance(case: Case, verdict: Verdict) -> Refused | None:
    """Why this cannot be decided of a case; None where it can."""
    if not verdict.note.strip():
        return Refused(code="quarantine.note", sentence="Say why: the audit trail keeps it.")
    if case.doubt in _TO_BE_DONE:
        return Refused(code="quarantine.not_decided", sentence=_TO_BE_DONE[case.doubt])
    hindering = [item.value for item in case.reasons if item not in _ACCEPTABLE | _FOLLOWING]
    if case.doubt is Doubt.JUMPED:
        hindering.append(case.doubt.value)
    if verdict.is_accepted and hindering:
        return Refused(
            code="quarantine.not_acceptable",
            sentence=f"Rows with the reason {', '.join(hindering)} cannot be accepted: reject "
            "them, or declare what explains them.",
        )
    if verdict.is_accepted and Doubt.CONFLICT in case.reasons and verdict.index_wh is None:
        return Refused(
            code="quarantine.which",
            sentence="Two values contradict each other; say which index is accepted.",
        )
    return None
