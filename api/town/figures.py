"""A site's heat, demand and water over the steps of a day, a month or a year."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from domain.calendar.paris_days import Period, Span, Step
from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.register import MeterKind
from domain.units import HOUR_S
from metering.balance import Quarantine
from metering.keeping.accounts import Account, energy_of, open_account
from metering.keeping.standing import quarantined
from metering.ledger.course import EDGE_TOLERANCE_S
from store.fleet import heat_queries, site_queries
from store.fleet.samples import samples
from store.ledger.edge_rows import earliest_s
from store.ledger.meters import known_meters
from store.rows import Connection

_NOTHING = Quarantine()
#: Readings looked at in each step: demand and water are averages over these.
_SAMPLES = {Span.DAY: 6, Span.MONTH: 24, Span.YEAR: 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """One hour, day or month."""

    from_s: float
    to_s: float
    heat_wh: int | None  #: None = the meters say nothing of it.
    is_estimated: bool  #: No index within five minutes of one of its ends.
    demand_wh: float | None  #: An estimate from readings in between.
    water_temp_c: float | None  #: Likewise.


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFigures:
    """A site over a period; steps that have not begun are left out."""

    steps: Sequence[StepFigures]
    heat_wh: int | None
    demand_wh: float | None  #: Over the steps in which the demand is known.
    coverage_frac: float | None  #: Heat over demand, where both are known.
    is_simulated: bool
    time_factor: float
    meter_serials: Sequence[str]
    doubts: Sequence[str]  #: Why a meter's energy is not shown.
    quarantine: Quarantine = _NOTHING  #: What waits for a decision, and is in no step.


def figures(connection: Connection, site_id: int, period: Period, now_s: float) -> SiteFigures:
    """What the meters and the instruments of a site said."""
    meters = [
        open_account(connection, item)
        for item in known_meters(connection, [site_id])
        if item.facts.kind is MeterKind.HEAT
    ]
    node_ids = [item.node_id for item in site_queries.nodes(connection, [site_id])]
    begun = [step for step in period.steps if step.from_s < now_s]
    first_s = earliest_s(connection, [item.known.facts.meter_id for item in meters])
    doubts: dict[str, None] = {}
    found = []
    for step in begun:
        heat = _heat(connection, meters, (first_s, now_s), step, doubts)
        seen = _seen(connection, node_ids, period.span, step, now_s)
        found.append(_step(step, heat, seen))
    _, last = heat_queries.edge_readings(connection, node_ids, 0.0, now_s)
    summed = _summed(found, meters, list(doubts), 1.0 if last is None else last.time_factor)
    edges = (begun[0].from_s, min(begun[-1].to_s, now_s)) if begun else (now_s, now_s)
    waiting = quarantined(connection, [site_id], edges, now_s)
    return replace(summed, quarantine=waiting.get(site_id, _NOTHING))


def _heat(
    connection: Connection,
    meters: Sequence[Account],
    known: tuple[float | None, float],
    step: Step,
    doubts: dict[str, None],
) -> tuple[int | None, bool]:
    """Heat of a step over all meters, and whether any of it is estimated."""
    first_s, now_s = known
    if first_s is None or step.to_s <= first_s:
        return None, False
    total_wh, is_estimated = 0, False
    for item in meters:
        energy = energy_of(connection, item, (step.from_s, min(step.to_s, now_s)))
        if isinstance(energy, Refused):
            doubts[energy.sentence] = None
            return None, False
        last = energy.last
        is_over = last.is_silent and last.at_s <= step.from_s + EDGE_TOLERANCE_S
        if energy.first.is_silent or is_over:  # Nothing was heard since the step began.
            return None, False
        total_wh += energy.energy_wh
        is_estimated = is_estimated or energy.is_estimated
    return total_wh, is_estimated


def _seen(
    connection: Connection, node_ids: Sequence[int], span: Span, step: Step, now_s: float
) -> list[tuple[float, Reading]]:
    """Readings of the step, each with the hours until the next is looked for."""
    count = _SAMPLES[span]
    width_s = (step.to_s - step.from_s) / count
    edges = [step.from_s + number * width_s for number in range(count + 1)]
    slices = list(pairwise(edges))
    return [
        ((min(to_s, now_s) - from_s) / HOUR_S, item)
        for (from_s, to_s), item in zip(slices, samples(connection, node_ids, slices), strict=True)
        if item is not None
    ]


def _step(
    step: Step, heat: tuple[int | None, bool], seen: Sequence[tuple[float, Reading]]
) -> StepFigures:
    told_wh = [hours * item.heat_demand_w * item.time_factor for hours, item in seen]
    return StepFigures(
        from_s=step.from_s,
        to_s=step.to_s,
        heat_wh=heat[0],
        is_estimated=heat[1],
        demand_wh=sum(told_wh) if told_wh else None,
        water_temp_c=_mean([item.water_temp_c for _, item in seen]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _summed(
    steps: Sequence[StepFigures],
    meters: Sequence[Account],
    doubts: Sequence[str],
    time_factor: float,
) -> SiteFigures:
    known = [item.heat_wh for item in steps if item.heat_wh is not None]
    demands = [item.demand_wh for item in steps if item.demand_wh is not None]
    pairs = [
        (item.heat_wh, item.demand_wh)
        for item in steps
        if item.heat_wh is not None and item.demand_wh is not None
    ]
    wanted_wh = sum(demand for _, demand in pairs)
    return SiteFigures(
        steps=steps,
        heat_wh=sum(known) if known else None,
        demand_wh=sum(demands) if demands else None,
        coverage_frac=sum(heat for heat, _ in pairs) / wanted_wh if wanted_wh > 0 else None,
        is_simulated=any(item.known.facts.is_simulated for item in meters),
        time_factor=time_factor,
        meter_serials=[item.known.facts.serial for item in meters],
        doubts=doubts,
    )
