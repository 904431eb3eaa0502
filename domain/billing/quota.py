"""How much a tenant or a project may have, and the sentences that refuse more or say why it waits.

Three kinds. What is *there* (queued jobs, stored bytes) is refused where it is asked for. What is
in use *at once* (cores, running jobs) makes a job wait. What *adds up* (core-hours, kWh, cost) is
a budget: once used up it refuses new jobs and keeps queued ones from starting, and what runs by
then goes on to its end.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.calendar.months import write_month
from domain.refusal import Refused

_KIB = 1024
#: What a quota belongs to where it is the tenant's own.
WHOLE_TENANT = ""


class Measure(StrEnum):
    """What a quota counts."""

    CORES = "cores"  #: Held by attempts that are offered or run.
    RUNNING_JOBS = "running_jobs"  #: Instances that are on a node, or offered to one.
    QUEUED_JOBS = "queued_jobs"  #: Instances that queue, are held or blocked.
    STORED_BYTES = "stored_bytes"  #: Of inputs and results, each content counted once.
    CORE_HOURS = "core_hours"
    KWH = "kwh"  #: Of the energy estimate.
    COST = "cost"  #: By the operator's price list.


class Period(StrEnum):
    """Over which time use adds up."""

    NOW = "now"  #: It does not: what is there at this moment counts.
    MONTH = "month"  #: Of the clock in Paris, as bills are.
    TOTAL = "total"  #: From the beginning.


AT_ONCE: frozenset[Measure] = frozenset({Measure.CORES, Measure.RUNNING_JOBS})
BUDGETS: frozenset[Measure] = frozenset({Measure.CORE_HOURS, Measure.KWH, Measure.COST})
_NAMES = {
    Measure.CORES: "cores",
    Measure.RUNNING_JOBS: "running jobs",
    Measure.QUEUED_JOBS: "queued jobs",
    Measure.STORED_BYTES: "stored bytes",
    Measure.CORE_HOURS: "core-hours",
    Measure.KWH: "kWh",
    Measure.COST: "cost",
}
_MORE = "ask the operator for more"
_REMEDIES = {
    Measure.QUEUED_JOBS: f"wait until some have started, or {_MORE}",
    Measure.STORED_BYTES: f"wait until old files have expired, or {_MORE}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What of a budget is used."""

    ended: Decimal
    running: Decimal = Decimal(0)  #: By what runs now, as if it ended now.

    @property
    def total(self) -> Decimal:
        """Both, which is what a budget is held against."""
        return self.ended + self.running


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit on one thing that a tenant, or one project of it, uses."""

    measure: Measure
    limit: Decimal
    period: Period = Period.NOW
    project: str = WHOLE_TENANT
    currency: str = ""  #: Of a cost.
    is_safe: bool = False  #: Of a budget: it must cover what starts up to its time limit.

    @property
    def code(self) -> str:
        """Stable, for programs."""
        return f"quota.{self.measure.value}"

    @property
    def name(self) -> str:
        """As people call it."""
        whose = f" of project {self.project!r}" if self.project else ""
        return f"{_NAMES[self.measure]}{whose}"

    def refuse(self, use: int, more: int) -> Refused | None:
        """A refusal naming quota, use and limit where ``more`` does not fit beside ``use``."""
        if use + more <= self.limit:
            return None
        return Refused(
            code=self.code,
            sentence=(
                f"The quota of {self.name} is used up: {self.say(use)} of "
                f"{self.say(self.limit)} are used and {self.say(more)} more are asked "
                f"for; {_REMEDIES.get(self.measure, _MORE)}."
            ),
        )

    def refuse_for_ever(self, use: int, least: int) -> Refused | None:
        """A refusal of a job that takes ``least`` at once, where even that is over the limit."""
        if least <= self.limit:
            return None
        return Refused(
            code=self.code,
            sentence=(
                f"The quota of {self.name} lets {self.say(self.limit)} be in use at once "
                f"({self.say(use)} are), and the job takes {self.say(least)}; "
                f"{'ask for fewer, or ' if self.limit else ''}{_MORE}."
            ),
        )

    def refuse_spent(self, used: Used, month: int) -> Refused | None:
        """A refusal where a budget is used up."""
        if not self.is_spent(used.total):
            return None
        wait = "wait for the next month, or " if self.period is Period.MONTH else ""
        return Refused(code=self.code, sentence=f"{self._spent(used, month)}; {wait}{_MORE}.")

    def refuse_uncovered(self, least: Decimal) -> Refused | None:
        """A refusal of a job that may take ``least`` or more, where a safe budget holds less."""
        if not self.is_safe or least <= self.limit:
            return None
        return Refused(
            code=self.code,
            sentence=(
                f"The budget of {self.name} is safe and holds {self.say(self.limit)} in all, and "
                f"the job may take {self.say(least)} within its time limit; give it a shorter "
                f"--time or fewer cores, or {_MORE}."
            ),
        )

    def is_spent(self, used: Decimal) -> bool:
        """Whether nothing of a budget is left."""
        return used >= self.limit

    def why_spent_waits(self, used: Used, month: int) -> str | None:
        """Why a job does not start; None where something of this budget is left."""
        if not self.is_spent(used.total):
            return None
        until = "the next month begins" if self.period is Period.MONTH else "it is raised"
        return f"{self._spent(used, month)}; it waits until {until}, what runs goes on."

    def why_it_waits(self, used: int, needs: int) -> str | None:
        """Why a job that takes ``needs`` at once does not start; None where this quota lets it."""
        if used + needs <= self.limit:
            return None
        return (
            f"The quota of {self.name} is reached: {self.say(used)} of {self.say(self.limit)} are "
            f"in use and it takes {self.say(needs)}; it starts when enough have ended."
        )

    def say(self, amount: Decimal | int) -> str:
        """An amount of what it counts, with a unit where the name does not say it."""
        if self.measure is Measure.STORED_BYTES:
            return describe_bytes(int(amount))
        if self.measure is Measure.COST:
            return f"{amount} {self.currency}".rstrip()
        return f"{Decimal(amount):f}"

    def _spent(self, used: Used, month: int) -> str:
        when = f" for {write_month(month)}" if self.period is Period.MONTH else ""
        return (
            f"The budget of {self.name}{when} is used up: {self.say(used.total)} of "
            f"{self.say(self.limit)} are used{self._parts(used)}"
        )

    def _parts(self, used: Used) -> str:
        if not used.running:
            return ""
        if not used.ended:
            return ", all of it so far by what runs"
        ended, running = self.say(used.ended), self.say(used.running)
        return f", {ended} by what has ended and {running} so far by what runs"


def stored_bytes_quota(limit_bytes: int) -> Quota:
    """The quota on what a tenant's inputs and results take, each content counted once."""
    return Quota(measure=Measure.STORED_BYTES, limit=Decimal(limit_bytes))


def describe_bytes(size_bytes: int) -> str:
    """The size with a unit that leaves a short number."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < _KIB:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _KIB
    return f"{size:.1f} TiB"
