"""A line of a statement that a collectivity does not accept, and what became of it."""

from dataclasses import dataclass

from domain.refusal import Refused

SHORTEST_REASON, LONGEST_TEXT = 10, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What is disputed of a statement; kept for as long as the statement is."""

    dispute_id: int
    number: str  #: Of the statement.
    line: int | None  #: As numbered on it; None = the statement as a whole.
    reason: str
    made_by: str  #: As the audit trail names the person.
    made_at_s: float
    answer: str | None
    answered_at_s: float | None


def check_dispute(line: int | None, lines: int, reason: str) -> Refused | None:
    """A refusal where there is no such line, or nothing to answer to."""
    if line is not None and not 1 <= line <= lines:
        return Refused(code="dispute.line", sentence=f"This statement has the lines 1 to {lines}.")
    if not SHORTEST_REASON <= len(reason) <= LONGEST_TEXT:
        return Refused(
            code="dispute.reason",
            sentence=f"Say in {SHORTEST_REASON} to {LONGEST_TEXT} characters what is wrong, so "
            "that it can be answered.",
        )
    return None
