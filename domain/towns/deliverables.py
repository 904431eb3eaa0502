"""Files that a collectivity gets by itself: which, when they are due, and for whom."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar.months import after, write_month
from domain.calendar.paris_days import midnight
from domain.languages import Language
from domain.refusal import Refused
from domain.towns.accounts import TownRole

#: So that every month has it.
LATEST_DAY = 28
_JANUARY = 1


class DeliverableKind(StrEnum):
    """What a file holds."""

    READINGS = "readings"  #: Indexes of a month, hour by hour.
    LINES = "lines"  #: Lines of the statements of a month.
    YEAR = "year"  #: What each meter counted in a calendar year, for the declaration to OPERAT.


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a collectivity wants of one kind."""

    kind: DeliverableKind
    day: int  #: Of the month after; of a year, in January.
    language: Language = Language.FRENCH
    roles: frozenset[TownRole] = frozenset(TownRole)  #: Whom its page shows them to.

    def due_s(self, period: int) -> float:
        """From when on the file of a month, or of a year, is made [Unix s]."""
        if self.kind is DeliverableKind.YEAR:
            return midnight(date(period + 1, _JANUARY, self.day))
        year, month = divmod(after(period), 100)
        return midnight(date(year, month, self.day))


def check_plan(plan: Plan) -> Refused | None:
    """A refusal where the day is in no month, or the files would be for nobody."""
    if not 1 <= plan.day <= LATEST_DAY:
        return Refused(code="deliverable.day", sentence=f"The day is 1 to {LATEST_DAY}.")
    if not plan.roles:
        return Refused(code="deliverable.roles", sentence="Say for whom: name at least one role.")
    return None


def period_text(kind: DeliverableKind, period: int) -> str:
    """A month or a year, as it is written."""
    return str(period) if kind is DeliverableKind.YEAR else write_month(period)
