"""The clock of whoever submits, in which ``--begin=16:00`` is meant."""

from datetime import tzinfo
from typing import Annotated

from pydantic import BaseModel, Field

from domain.calendar.clock import Clock
from domain.units import DAY_S

_MOST_CHANGES = 64
_LAST_S = 253_402_300_799.0  # The calendar ends with the year 9999.

OffsetS = Annotated[int, Field(gt=-DAY_S, lt=DAY_S)]
InstantS = Annotated[float, Field(ge=0, le=_LAST_S)]


class ClockIn(BaseModel):
    """Its distance to UTC, and from when on it will be another."""

    utc_offset_s: OffsetS = 0
    utc_offset_changes: list[tuple[InstantS, OffsetS]] = Field(default=[], max_length=_MOST_CHANGES)

    def clock(self) -> tzinfo:
        """The same as a zone."""
        return Clock(self.utc_offset_s, self.utc_offset_changes)
