"""What the people of a collectivity may be told by mail: when it holds, and when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: Where boilers could give so small a share, no heat is missed: the rest of a warm day.
LEAST_WANTED_FRAC = 0.05
#: Heat below this share of what was wanted of the boilers is none, unless the operator says
#: otherwise: servers without work give about a fifth of their power, so that less is a fault and
#: no lack of work. A backup boiler is there for the rest.
DEFAULT_NO_HEAT_FRAC = 0.1
#: It is back from so many times that share on: between the two, nothing comes and nothing goes.
_BACK_RATIO = 2.0
#: Of a contract's ceiling for the year.
NEAR_CEILING_FRAC = 0.9


class AlertKind(StrEnum):
    """What is told; each person chooses."""

    NO_HEAT = "no_heat"  #: For hours hardly any of the heat came that was wanted of the boilers.
    METER_SILENT = "meter_silent"  #: A heat meter that was heard before is heard no more.
    VOLUME_NEAR = "volume_near"  #: The heat of a contract year comes near its ceiling.
    STATEMENT_READY = "statement_ready"  #: A statement or a credit note was issued.


class Closing(StrEnum):
    """Why what was told holds no more."""

    HEAT_BACK = "heat_back"
    NOT_WANTED = "not_wanted"  #: Nobody wants heat there now: it is warm, closed or worked on.
    HEARD = "heard"
    GONE = "gone"  #: The meter was taken out, the site given away or the contract ended.
    BELOW = "below"  #: A credit note or an amendment brought the year below the mark again.
    NEW_YEAR = "new_year"


class Unknown(StrEnum):
    """Why it cannot be said whether something holds."""

    NEVER_HEARD = "never_heard"  #: No heat meter of the site has ever told an index.
    METER_SILENT = "meter_silent"  #: Not for a while.
    NO_READINGS = "no_readings"  #: What is wanted there was not told.
    IN_DOUBT = "in_doubt"  #: Indexes wait for a person's decision.


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about; of each kind there is at most one at a time about it."""

    kind: AlertKind
    name: str  #: Such as ``site/3``.
    site_ids: frozenset[int]  #: Told only to who may see all of these.


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look at a subject showed."""

    subject: Subject
    holds: bool | None  #: None = not known: what stands stays, and nothing new is told.
    since_s: float  #: Since when it is so.
    facts: Mapping[str, object] = field(default_factory=dict)  #: Told with it.
    closing: Closing | None = None  #: Where it does not hold: what to say if it did before.
    unknown: Unknown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatSeen:
    """Heat of a site over some hours, beside what was wanted of its boilers."""

    heat_wh: float
    wanted_wh: float  #: The demand, as far as the machines could meet it.
    most_wh: float  #: What the machines could give.

    @property
    def is_wanted(self) -> bool:
        """Whether any of it would be missed."""
        return self.wanted_wh > LEAST_WANTED_FRAC * self.most_wh


def lacks_heat(seen: HeatSeen, no_heat_frac: float) -> bool:
    """Whether hardly any heat came though it was wanted."""
    return seen.is_wanted and seen.heat_wh < no_heat_frac * seen.wanted_wh


def heat_is_back(seen: HeatSeen, no_heat_frac: float) -> Closing | None:
    """Why a lack of heat is over; None = it is not."""
    if not seen.is_wanted:
        return Closing.NOT_WANTED
    is_back = seen.heat_wh >= min(_BACK_RATIO * no_heat_frac, 1.0) * seen.wanted_wh
    return Closing.HEAT_BACK if is_back else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """Something that was told and is not over."""

    alert_id: int
    kind: AlertKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a round has to note."""

    begun: Sequence[Finding]
    over: Sequence[tuple[int, Closing]]  #: Number of the alert, and the closing word.


def changes(standing: Sequence[OpenAlert], found: Sequence[Finding]) -> Changes:
    """What began and what is over, between what stands and what was found.

    What nobody looks at any more is gone; a statement that is ready stays so.
    """
    known = {(item.kind, item.name) for item in standing}
    seen = {(item.subject.kind, item.subject.name): item for item in found}
    begun = [item for key, item in seen.items() if item.holds and key not in known]
    over: list[tuple[int, Closing]] = []
    for alert in standing:
        finding = seen.get((alert.kind, alert.name))
        if alert.kind is AlertKind.STATEMENT_READY:
            continue
        if finding is None:
            is_volume = alert.kind is AlertKind.VOLUME_NEAR
            over.append((alert.alert_id, Closing.NEW_YEAR if is_volume else Closing.GONE))
        elif finding.holds is False:
            over.append((alert.alert_id, finding.closing or Closing.GONE))
    return Changes(begun=begun, over=over)
