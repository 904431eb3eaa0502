"""The words of the register ledger: rows, epochs, the lines of a month and their marks.

A **row** is one index of one meter as a node told it, or a file. Rows form a set: neither their
order nor how often they come changes anything. An **epoch** is one declared life of a register.
A **line** is what stands on a statement: two indexes, their instants, and the difference.
"""

from dataclasses import dataclass
from enum import StrEnum


class MeterKind(StrEnum):
    """What a meter counts."""

    HEAT = "heat"
    ELECTRICITY = "electricity"


class EpochKind(StrEnum):
    """Why a life of a register began."""

    INSTALL = "install"  #: The meter was put in, or was first heard of.
    SWAP = "swap"  #: The meter took the place of another.
    RESET = "reset"  #: Its register was set anew, by firmware or by hand.
    READER = "reader"  #: Another node reads it from here on; the register went on.


class Doubt(StrEnum):
    """Why a row stands in quarantine."""

    WENT_BACK = "went_back"  #: Lower than the index before; no rollover explains it.
    TOO_FAST = "too_fast"  #: More than can pass the meter in that time.
    UNIT = "unit"  #: Too much by a power of ten: kWh taken for Wh, or the like.
    SPIKE = "spike"  #: One row stands above all that follow.
    JUMPED = "jumped"  #: Goes on from a step that is in quarantine: an undeclared swap or reset.
    CONFLICT = "conflict"  #: One number of one node was told with two values.
    FUTURE = "future"  #: Dated after it was received.
    CLOCK_BACK = "clock_back"  #: Dated before the row that came before it.
    OTHER_READER = "other_reader"  #: Another node claims the same meter.
    OTHER_KIND = "other_kind"  #: Told as simulated of a real meter, or the other way round.
    OUTSIDE_EPOCH = "outside_epoch"  #: Dated before the meter was put in, or after it was removed.
    UNDECLARED = "undeclared"  #: Of a meter that took another's place, and nobody said so.
    TOO_LATE = "too_late"  #: Of a month whose rows are no longer kept.
    STUCK = "stuck"  #: It stood still while its servers drew power; these rows count.
    AGAINST_NODE = "against_node"  #: Of a file, and the node told otherwise afterwards.
    REJECTED = "rejected"  #: A person decided that it does not count.


class Mark(StrEnum):
    """What a reader of a line must know about it; a line without marks is measured."""

    FIRST_INDEX = "first_index"  #: It begins with the first index of an epoch.
    LAST_INDEX = "last_index"  #: It ends with the last index of an epoch.
    READ_BY_PERSON = "read_by_person"  #: One of its indexes was read off the display.
    FROM_FILE = "from_file"  #: One of its indexes came in a file, not from the node.
    FROM_ESTIMATED = "from_estimated"  #: No row within five minutes: interpolated.
    TO_ESTIMATED = "to_estimated"  #: Likewise at its end.
    SILENT_AT_END = "silent_at_end"  #: Nothing was heard after its end yet.
    GAP_BRIDGED = "gap_bridged"  #: For a time nothing was heard; the register counted on.
    ROLLED_OVER = "rolled_over"  #: The register passed its last digit.
    IN_QUARANTINE = "in_quarantine"  #: Rows of it wait for a person's decision.
    STUCK = "stuck"  #: The register stood still while the servers drew power.
    ADJUSTMENT = "adjustment"  #: Corrects what an earlier month said.


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """What is known of a meter besides its rows."""

    meter_id: int
    serial: str
    kind: MeterKind
    is_simulated: bool
    max_power_w: float | None = None  #: The most that can pass it; None = not checked.
    rolls_over_at_wh: int | None = None  #: Size of its register; None = it never begins anew.
    digit_wh: int = 1  #: What its last digit counts.
    tolerance_frac: float | None = None  #: Permissible error of its class.
    time_factor: float = 1.0  #: Seconds of a simulated plant for one second of the clock.


#: What a file tells has no number of a node's: its milliseconds, so far below all numbers that
#: nodes count with. It stays below them for thirty thousand years.
_BEFORE_ALL_NUMBERS = 10**15
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One index of one meter, as a node told it, or a file."""

    node_id: int  #: Of a row from a file, the node that told of its meter first.
    seq: int  #: Counts the node's readings; order is by this, whatever its clock said.
    taken_at_s: float
    received_at_s: float
    index_wh: int
    is_simulated: bool = False

    @property
    def is_from_file(self) -> bool:
        """Whether it came in a file: then its place is that of its time."""
        return is_of_file(self.seq)


def seq_in_file(taken_at_s: float) -> int:
    """The number of a row from a file: of its instant alone, so that a file sent twice is one."""
    return round(max(taken_at_s, 0.0) * _MS_PER_S) - _BEFORE_ALL_NUMBERS


def is_of_file(seq: int) -> bool:
    """Whether a number is one of a row from a file; nodes count from nought."""
    return seq < -1


def ms_in_file(seq: int) -> int:
    """The instant in milliseconds that such a number stands for."""
    return seq + _BEFORE_ALL_NUMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided of rows in quarantine."""

    node_id: int
    first_seq: int  #: The rows of this node from this number
    last_seq: int  #: to this one, itself included,
    index_wh: int | None = None  #: of which only those with this index; None = all of them.
    is_accepted: bool = False

    def is_about(self, row: RegisterRow) -> bool:
        return (
            row.node_id == self.node_id
            and self.first_seq <= row.seq <= self.last_seq
            and self.index_wh in {None, row.index_wh}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One declared life of a register, from its first index up to the next epoch."""

    number: int
    kind: EpochKind
    begin_s: float  #: -inf where nobody said when.
    node_id: int  #: The only node whose rows count.
    opening_index_wh: int | None = None  #: Read off the display at its beginning.
    end_s: float | None = None
    closing_index_wh: int | None = None  #: Read off the display at its end.
    is_confirmed: bool = False  #: A person held an index against the display.


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One sealed month of one meter: a link of its chain."""

    meter_serial: str
    month: int
    row_count: int
    rows_digest: str  #: Over all rows that were sealed, whether they are still kept or not.
    facts: str  #: By what it was judged, and what came of it: canonical JSON.
    previous: str  #: Digest of the segment before.
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodLine:
    """What one epoch of one meter counted in a month: the line of a statement.

    ``energy_wh`` is ``to_index_wh - from_index_wh``, but for a register that rolled over between
    them (its size is added once for each turn), and for an adjustment: that is the difference
    between what its two indexes say now and what the line that it adjusts said then.
    """

    line_id: int
    meter_serial: str
    kind: MeterKind
    epoch: int
    month: int  #: In whose statement it stands, 202601 for January 2026 in Paris.
    about_month: int  #: Whose heat it is; earlier than ``month`` for an adjustment.
    from_index_wh: int
    from_at_s: float
    to_index_wh: int
    to_at_s: float
    energy_wh: int
    marks: tuple[Mark, ...] = ()
    adjusts_line_id: int | None = None  #: The line of ``about_month`` that it corrects, if any.
    node_id: int = 0  #: That read the meter.
    node_name: str = ""
    tolerance_frac: float | None = None
