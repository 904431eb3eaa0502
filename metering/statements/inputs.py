"""What a statement is worked out from: a contract, lines of the ledger, the year so far."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind, PeriodLine
from metering.contracts.contract import Contract
from metering.statements.meter_notes import MeterNotes


class Kind(StrEnum):
    """What a document of this house is."""

    STATEMENT = "statement"
    CREDIT_NOTE = "credit-note"  #: Takes back a statement, amount by amount.


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatLine:
    """A line of the ledger with the place it belongs to."""

    site_id: int
    site: str
    line: PeriodLine

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands in a statement, whatever order lines came in."""
        line = self.line
        return self.site_id, line.about_month, line.meter_serial, line.epoch, line.line_id


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Source:
    """The closed month of a site from which lines were taken, by its digest in the ledger."""

    site_id: int
    site: str
    ledger_digest: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EarlierMonth:
    """What a statement of an earlier month of the same contract year counted."""

    month: int
    number: str
    digest_sha256: str
    energy_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another document of the house, as this one names it."""

    number: str
    issued_on: str
    digest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a document is, apart from its figures; a draft has neither number nor date."""

    kind: Kind = Kind.STATEMENT
    number: str | None = None
    issued_on: str | None = None  #: Day in Paris, ISO 8601.
    corrects: Reference | None = None  #: The statement that it takes back, or takes the place of.
    reason: str | None = None  #: Why.
    software: str = ""  #: Which version worked it out.


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementInputs:
    """Everything from which a statement follows, and nothing else."""

    contract: Contract
    contract_version: int
    month: int
    lines: tuple[HeatLine, ...]
    sources: tuple[Source, ...] = ()
    earlier: tuple[EarlierMonth, ...] = ()
    notes: MeterNotes | None = None  #: None = of the first format, which has none.
    heading: Heading = field(default_factory=Heading)

    def headed(self, heading: Heading) -> "StatementInputs":
        """The same figures under another heading."""
        return replace(self, heading=heading)


def doubt_of(heat_line: HeatLine) -> Refused | None:
    """Why a line cannot stand on a statement: it must follow from its two indexes."""
    line = heat_line.line
    moved_wh = line.to_index_wh - line.from_index_wh
    if line.kind is not MeterKind.HEAT:
        return _doubt(line, "is of a meter that counts no heat")
    if line.to_at_s < line.from_at_s:
        return _doubt(line, "ends before it begins")
    if Mark.ADJUSTMENT in line.marks:
        return None  # Its energy is what its indexes say now less what was said then.
    if Mark.ROLLED_OVER in line.marks:
        if line.energy_wh > max(moved_wh, -1):
            return None
        return _doubt(line, "rolled over, and yet counts no more than its indexes say")
    if line.energy_wh != moved_wh or moved_wh < 0:
        return _doubt(line, f"counts {line.energy_wh} Wh where its indexes give {moved_wh} Wh")
    return None


def _doubt(line: PeriodLine, what: str) -> Refused:
    return Refused(
        code="statement.line",
        sentence=(
            f"The line of meter {line.meter_serial}, epoch {line.epoch}, {what}; compare it with "
            "the ledger and with the meter."
        ),
    )
