"""What a statement says of meters besides its lines: heat that waits, and meters without a line.

Both are taken from the sealed months of the ledger, as lines are; a statement that was issued
before there were such notes has none, and is worked out again without them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.calendar import paris
from domain.registers.register import Doubt


class Unlisted(StrEnum):
    """Why a meter that was in its place has no line of its own in a month."""

    UNCONFIRMED = "unconfirmed"  #: Nobody has held an index against its display yet.
    SILENT = "silent"  #: It told no index up to the end of the month.


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Rows of a meter that were in quarantine when the month was closed."""

    site_id: int
    meter: str
    from_at_s: float
    to_at_s: float
    reasons: tuple[Doubt, ...]
    rows: int
    most_wh: int | None  #: Heat that no line counts because of them, at most; None = unknown.

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands in a statement, whatever order it came in."""
        return self.site_id, self.meter, self.from_at_s, self.to_at_s, self.reasons, self.rows


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WithoutLine:
    """A meter that has no line of its own in the month."""

    site_id: int
    meter: str
    why: Unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterNotes:
    """What is said of meters besides their lines."""

    waiting: tuple[Waiting, ...] = ()
    without_line: tuple[WithoutLine, ...] = ()


def notes_to_plain(notes: MeterNotes) -> dict[str, Any]:
    """As they stand in a document."""
    return {
        "in_quarantine": [
            {
                "site_id": item.site_id,
                "meter": item.meter,
                "from_at": paris.write_instant(item.from_at_s),
                "to_at": paris.write_instant(item.to_at_s),
                "reasons": [reason.value for reason in item.reasons],
                "rows": item.rows,
                "most_wh": item.most_wh,
            }
            for item in sorted(notes.waiting, key=lambda item: item.order)
        ],
        "without_line": [
            {"site_id": item.site_id, "meter": item.meter, "why": item.why.value}
            for item in sorted(notes.without_line)
        ],
    }


def notes_from_plain(
    plain: dict[str, Any], integer: Callable[[object], int], text: Callable[[object], str]
) -> MeterNotes:
    """The same read back; ``integer`` and ``text`` raise ``ValueError`` on anything else."""
    return MeterNotes(
        waiting=tuple(
            Waiting(
                site_id=integer(item["site_id"]),
                meter=text(item["meter"]),
                from_at_s=paris.read_instant(text(item["from_at"])),
                to_at_s=paris.read_instant(text(item["to_at"])),
                reasons=tuple(Doubt(reason) for reason in item["reasons"]),
                rows=integer(item["rows"]),
                most_wh=None if item["most_wh"] is None else integer(item["most_wh"]),
            )
            for item in plain["in_quarantine"]
        ),
        without_line=tuple(
            WithoutLine(
                site_id=integer(item["site_id"]),
                meter=text(item["meter"]),
                why=Unlisted(item["why"]),
            )
            for item in plain["without_line"]
        ),
    )
