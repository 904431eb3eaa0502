"""Looking at the sites of collectivities: whether their meters speak, and whether heat lacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.register import MeterKind
from domain.towns.alerts import (
    DEFAULT_NO_HEAT_FRAC,
    AlertKind,
    Closing,
    Finding,
    HeatSeen,
    Subject,
    Unknown,
    heat_is_back,
    lacks_heat,
)
from domain.units import HOUR_S
from metering.keeping.accounts import Account, energy_of, open_account
from store.fleet import site_queries, wishes
from store.fleet.samples import samples
from store.ledger.meters import known_meters
from store.ledger.register_rows import last_taken
from store.rows import Connection

#: A reading is looked for in each of these [s].
_SLICE_S = 600.0
#: Of the slices, so many must have one; and the newest index is this old at the most [s].
_TOLD_FRAC, _FRESH_S = 2 / 3, 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How bad something must be, and for how long, before it is told."""

    no_heat_frac: float = DEFAULT_NO_HEAT_FRAC  #: Of the heat that was wanted.
    no_heat_s: float = 3 * HOUR_S
    meter_silent_s: float = 24 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meter:
    account: Account
    heard_at_s: float | None  #: None = never.


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site as it is looked at, at an instant."""

    connection: Connection
    site_id: int
    name: str
    now_s: float
    patience: Patience

    def subject(self, kind: AlertKind, name: str | None = None) -> Subject:
        """The site itself, or something of it."""
        name = name or f"site/{self.site_id}"
        return Subject(kind=kind, name=name, site_ids=frozenset({self.site_id}))


def look_at_site(site: Site, *, is_lacking: bool) -> Iterator[Finding]:
    """What is to be said of a site; ``is_lacking`` = that it lacks heat was told already."""
    meters = _meters(site)
    for item in meters:
        yield _silence(site, item)
    if not meters:
        yield _not_known(site, AlertKind.METER_SILENT, Unknown.NEVER_HEARD)
    yield _heat(site, meters, is_lacking=is_lacking)


def _meters(site: Site) -> list[_Meter]:
    """Heat meters that are still in their place."""
    accounts = [
        open_account(site.connection, item)
        for item in known_meters(site.connection, [site.site_id])
        if item.facts.kind is MeterKind.HEAT
    ]
    return [
        _Meter(
            account=item,
            heard_at_s=last_taken(site.connection, item.known.facts.meter_id, site.now_s),
        )
        for item in accounts
        if item.epochs[-1].end_s is None or item.epochs[-1].end_s > site.now_s
    ]


def _not_known(site: Site, kind: AlertKind, why: Unknown, name: str | None = None) -> Finding:
    return Finding(subject=site.subject(kind, name), holds=None, since_s=site.now_s, unknown=why)


def _silence(site: Site, item: _Meter) -> Finding:
    facts = item.account.known.facts
    name = f"meter/{facts.meter_id}"
    if item.heard_at_s is None:
        return _not_known(site, AlertKind.METER_SILENT, Unknown.NEVER_HEARD, name)
    return Finding(
        subject=site.subject(AlertKind.METER_SILENT, name),
        holds=site.now_s - item.heard_at_s > site.patience.meter_silent_s,
        since_s=item.heard_at_s,
        facts={"site": site.name, "site_id": site.site_id, "meter": facts.serial},
        closing=Closing.HEARD,
    )


def _heat(site: Site, meters: Sequence[_Meter], *, is_lacking: bool) -> Finding:
    heard = [item.heard_at_s for item in meters if item.heard_at_s is not None]
    if not heard or len(heard) < len(meters):
        return _not_known(site, AlertKind.NO_HEAT, Unknown.NEVER_HEARD)
    to_s = min(heard)
    span_s = min(HOUR_S, site.patience.no_heat_s) if is_lacking else site.patience.no_heat_s
    if wishes.is_out_of_use(site.connection, site.site_id, to_s - span_s, site.now_s):
        return _said(site, holds=False, closing=Closing.NOT_WANTED)
    if site.now_s - to_s > _FRESH_S:
        return _not_known(site, AlertKind.NO_HEAT, Unknown.METER_SILENT)
    seen = _seen(site, meters, (to_s - span_s, to_s))
    if isinstance(seen, Unknown):
        return _not_known(site, AlertKind.NO_HEAT, seen)
    if is_lacking:
        closing = heat_is_back(seen, site.patience.no_heat_frac)
        return _said(site, holds=None if closing is None else False, closing=closing)
    facts = {
        "site": site.name,
        "site_id": site.site_id,
        "hours": span_s / HOUR_S,
        "heat_wh": round(seen.heat_wh),
        "wanted_wh": round(seen.wanted_wh),
    }
    return _said(
        site, holds=lacks_heat(seen, site.patience.no_heat_frac), since_s=to_s - span_s, facts=facts
    )


def _said(
    site: Site,
    *,
    holds: bool | None,
    closing: Closing | None = None,
    since_s: float | None = None,
    facts: dict[str, object] | None = None,
) -> Finding:
    return Finding(
        subject=site.subject(AlertKind.NO_HEAT),
        holds=holds,
        since_s=site.now_s if since_s is None else since_s,
        facts=facts or {},
        closing=closing,
    )


def _seen(site: Site, meters: Sequence[_Meter], period: tuple[float, float]) -> HeatSeen | Unknown:
    """Heat and what was wanted of it over a period that the meters' rows cover."""
    heat_wh = 0.0
    for item in meters:
        found = energy_of(site.connection, item.account, period)
        if isinstance(found, Refused):
            return Unknown.IN_DOUBT
        heat_wh += found.energy_wh
    nodes = site_queries.nodes(site.connection, [site.site_id])
    power_w = sum(item.spec.max_power_w for item in nodes)
    count = max(round((period[1] - period[0]) / _SLICE_S), 1)
    width_s = (period[1] - period[0]) / count
    edges = [period[0] + number * width_s for number in range(count)]
    spans = [(edge, edge + width_s) for edge in edges]
    told = [
        item
        for item in samples(site.connection, [item.node_id for item in nodes], spans)
        if item is not None
    ]
    if len(told) < _TOLD_FRAC * count:
        return Unknown.NO_READINGS
    warmest_c = wishes.warmest_wished(site.connection, site.site_id)
    # What was not told counts like the rest.
    hours = (period[1] - period[0]) / HOUR_S / len(told)
    wanted_wh = sum(_wanted_w(item, power_w, warmest_c) * item.time_factor for item in told)
    return HeatSeen(
        heat_wh=heat_wh,
        wanted_wh=hours * wanted_wh,
        most_wh=hours * sum(power_w * item.time_factor for item in told),
    )


def _wanted_w(item: Reading, power_w: float, warmest_c: float | None) -> float:
    """The demand that the machines could meet; none where the water is as warm as may be."""
    is_warm = item.headroom_wh <= 0 or (warmest_c is not None and item.water_temp_c >= warmest_c)
    return 0.0 if is_warm else min(item.heat_demand_w, power_w)
