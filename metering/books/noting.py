"""What the sealed months of a site say of its meters besides their lines."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.calendar.months import begin_of
from domain.registers.register import Doubt, MeterKind
from metering.statements.meter_notes import MeterNotes, Unlisted, Waiting, WithoutLine
from store.ledger import closed_months
from store.rows import Connection


def notes_of(connection: Connection, site_id: int, month: int) -> MeterNotes:
    """Of the real heat meters of a site, in a month that is closed."""
    sealed = [
        facts
        for facts in closed_months.sealed_facts(connection, site_id, month)
        if facts["meter"]["kind"] == MeterKind.HEAT and not facts["meter"]["is_simulated"]
    ]
    return MeterNotes(
        waiting=tuple(item for facts in sealed for item in _waiting(site_id, facts)),
        without_line=tuple(item for facts in sealed for item in _unlisted(site_id, month, facts)),
    )


def _waiting(site_id: int, facts: Mapping[str, Any]) -> Iterator[Waiting]:
    for case in facts["doubtful"]:
        reasons = dict.fromkeys((case["doubt"], *case.get("also", ())))
        yield Waiting(
            site_id=site_id,
            meter=facts["meter"]["serial"],
            from_at_s=case["first"]["taken_at_s"],
            to_at_s=case["last"]["taken_at_s"],
            reasons=tuple(Doubt(reason) for reason in reasons),
            rows=case["count"],
            most_wh=case.get("most_wh"),
        )


def _unlisted(site_id: int, month: int, facts: Mapping[str, Any]) -> Iterator[WithoutLine]:
    """A meter that was in its place in the month and has no line about it."""
    begin_s = begin_of(month)
    is_there = any(item["end_s"] is None or item["end_s"] > begin_s for item in facts["epochs"])
    if not is_there or any(line["about_month"] == month for line in facts["lines"]):
        return
    is_told = any(edge["month"] == month for edge in facts["edges"])
    why = Unlisted.UNCONFIRMED if is_told else Unlisted.SILENT
    yield WithoutLine(site_id=site_id, meter=facts["meter"]["serial"], why=why)
