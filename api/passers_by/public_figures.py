"""Heat as everybody may see it: days or months that ended a day ago or more, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from domain.calendar.months import first_day, later, month_of_day
from domain.calendar.paris_days import Span, Step, local, midnight, period_of
from domain.disclosure import SHOWER
from domain.refusal import Refused
from domain.registers.register import MeterKind
from domain.towns.publication import PUBLIC_DELAY_S, PublishedFigures
from metering.keeping.accounts import energy_of, open_account
from store.ledger.edge_rows import earliest_s
from store.ledger.meters import known_meters
from store.rows import Connection

_DAYS, _MONTHS = 14, 12
#: Seconds for which figures that change once a day are not worked out again.
_KEPT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """Heat of a day or a month."""

    from_s: float
    heat_wh: int | None

    @property
    def showers(self) -> float | None:
        """The same as warm water for so many showers."""
        return None if self.heat_wh is None else self.heat_wh / SHOWER.heat_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFigures:
    """What everybody sees of a site's heat."""

    span: Span  #: Of a step's label: days of a month, or months of a year.
    steps: Sequence[PublicStep]
    is_simulated: bool


class FiguresCache:
    """One per API process: a popular page costs no more than a lonely one."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[tuple[int, PublishedFigures], tuple[float, PublicFigures]] = {}

    def figures(
        self, connection: Connection, site_id: int, kind: PublishedFigures, now_s: float
    ) -> PublicFigures | None:
        """What may be shown of a site; None = nothing."""
        if kind is PublishedFigures.NONE:
            return None
        key = (site_id, kind)
        known = self._known.get(key)
        if known is None or not 0 <= now_s - known[0] < _KEPT_S:
            known = (now_s, _figures(connection, site_id, kind, now_s))
            self._known[key] = known
        return known[1]


def _figures(
    connection: Connection, site_id: int, kind: PublishedFigures, now_s: float
) -> PublicFigures:
    meters = [
        open_account(connection, item)
        for item in known_meters(connection, [site_id])
        if item.facts.kind is MeterKind.HEAT
    ]
    first_s = earliest_s(connection, [item.known.facts.meter_id for item in meters])
    shown = []
    for step in _steps(kind, now_s - PUBLIC_DELAY_S):
        if first_s is None or step.to_s <= first_s:
            continue
        energies = [energy_of(connection, item, (step.from_s, step.to_s)) for item in meters]
        known = [item for item in energies if not isinstance(item, Refused)]
        is_whole = len(known) == len(energies) and not any(item.last.is_silent for item in known)
        heat_wh = sum(item.energy_wh for item in known) if is_whole else None
        shown.append(PublicStep(from_s=step.from_s, heat_wh=heat_wh))
    return PublicFigures(
        span=Span.MONTH if kind is PublishedFigures.DAILY else Span.YEAR,
        steps=shown,
        is_simulated=any(item.known.facts.is_simulated for item in meters),
    )


def _steps(kind: PublishedFigures, until_s: float) -> Sequence[Step]:
    """The last days or months that had ended at an instant."""
    today = local(until_s).date()
    if kind is PublishedFigures.DAILY:
        days = [today - timedelta(days=ago) for ago in range(_DAYS, -1, -1)]
        return [
            Step(from_s=midnight(first), to_s=midnight(after)) for first, after in pairwise(days)
        ]
    this_month = month_of_day(today)
    periods = [
        period_of(Span.MONTH, first_day(later(this_month, -ago))) for ago in range(_MONTHS, 0, -1)
    ]
    return [Step(from_s=item.from_s, to_s=item.to_s) for item in periods]
