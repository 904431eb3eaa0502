"""Sharing a site's heat among its jobs, interval after interval, once its meters have told it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from domain.refusal import Refused
from domain.register import MeterKind
from metering.keeping.accounts import Account, open_account
from metering.ledger.energy import energy_between
from metering.sharing import Held, NodeUse, share_interval
from store.fleet import site_queries
from store.fleet.site_queries import NodeRow
from store.ledger import heat_shares, meters, register_rows
from store.ledger.edge_rows import earliest_s, edge_rows
from store.ledger.heat_shares import HeldRow, Interval, ShareRow
from store.rows import Connection
from store.transaction import Store

#: A site waits so long for a meter that has fallen silent; then it goes on without its heat [s].
SILENT_S = 7 * 86_400.0
#: Intervals of a site that are shared in one round.
_MOST_AT_ONCE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metered:
    """What the meters of a site counted in an interval."""

    heat_wh: int
    electricity_wh: dict[int, int]  #: By node.
    is_simulated: bool


def share_site(store: Store, site_id: int, interval_s: float) -> int:
    """Share what the meters of a site have told of whole intervals; how many."""
    for done in range(_MOST_AT_ONCE):
        with store.database.read() as connection:
            found = _next_interval(
                connection, site_id, interval_s, store.database.now_s(connection)
            )
            shared = None if found is None else _share(connection, site_id, found)
        if shared is None:
            return done
        with store.transaction() as tx:
            if heat_shares.shared_until(tx.connection, site_id) in {None, shared[0].begin_s}:
                heat_shares.add_interval(tx, *shared)
    return _MOST_AT_ONCE


def _next_interval(
    connection: Connection, site_id: int, interval_s: float, now_s: float
) -> tuple[float, float] | None:
    """The next whole interval beyond whose end every meter has told an index."""
    known = meters.known_meters(connection, [site_id])
    if not known:
        return None
    begin_s = heat_shares.shared_until(connection, site_id)
    if begin_s is None:
        first_s = earliest_s(connection, [item.facts.meter_id for item in known])
        if first_s is None:
            return None
        begin_s = floor(first_s / interval_s) * interval_s
    end_s = (floor(begin_s / interval_s) + 1) * interval_s
    if end_s > now_s:
        return None
    for item in known:
        told_s = register_rows.taken_from(connection, item.facts.meter_id, end_s)
        if told_s is None and now_s < end_s + SILENT_S and _is_in_place(connection, item):
            return None
    return begin_s, end_s


def _is_in_place(connection: Connection, known: meters.KnownMeter) -> bool:
    """Whether anything is still to be expected of a meter."""
    account = open_account(connection, known)
    return account.epochs[-1].end_s is None


def _share(
    connection: Connection, site_id: int, period: tuple[float, float]
) -> tuple[Interval, list[ShareRow]]:
    nodes = site_queries.nodes(connection, [site_id])
    metered = _metered(connection, site_id, period)
    held = heat_shares.held_between(connection, [item.node_id for item in nodes], *period)
    uses = [_use(item, metered, held, period) for item in nodes]
    factors = {item.spec.time_factor for item in nodes}
    shares = share_interval(metered.heat_wh, uses, *period, time_factor=max(factors, default=1.0))
    tenants = {(row.instance_id, row.attempt): row.tenant_id for row in held}
    interval = Interval(
        site_id=site_id,
        begin_s=period[0],
        end_s=period[1],
        heat_wh=metered.heat_wh,
        electricity_wh=sum(metered.electricity_wh.values()),
        is_simulated=metered.is_simulated,
    )
    return interval, [
        ShareRow(
            node_id=item.node_id,
            instance_id=item.instance_id,
            attempt=item.attempt,
            tenant_id=tenants.get((item.instance_id, item.attempt)),
            heat_wh=item.heat_wh,
            electricity_wh=item.electricity_wh,
        )
        for item in shares
    ]


def _metered(connection: Connection, site_id: int, period: tuple[float, float]) -> _Metered:
    heat_wh, electric, is_simulated = 0, dict[int, int](), False
    for known in meters.known_meters(connection, [site_id]):
        energy_wh = _energy_wh(connection, open_account(connection, known), period)
        is_simulated = is_simulated or known.facts.is_simulated
        if known.facts.kind is MeterKind.HEAT:
            heat_wh += energy_wh
        else:
            electric[known.node_id] = electric.get(known.node_id, 0) + energy_wh
    return _Metered(heat_wh=heat_wh, electricity_wh=electric, is_simulated=is_simulated)


def _energy_wh(connection: Connection, account: Account, period: tuple[float, float]) -> int:
    """What a meter counted; rows in quarantine are bridged, as on a statement."""
    facts = account.known.facts
    rows = edge_rows(connection, facts.meter_id, account.epochs, period)
    found = energy_between(
        facts, account.epochs, rows, period, account.decisions, bridges_doubt=True
    )
    return 0 if isinstance(found, Refused) else found.energy_wh


def _use(
    item: NodeRow, metered: _Metered, held: Sequence[HeldRow], period: tuple[float, float]
) -> NodeUse:
    spec = item.spec
    return NodeUse(
        node_id=item.node_id,
        electricity_wh=metered.electricity_wh.get(item.node_id, 0),
        idle_power_w=spec.idle_power_w,
        cores=spec.cores,
        held=[
            Held(
                instance_id=row.instance_id,
                attempt=row.attempt,
                cores=row.cores or spec.cores,
                begin_s=row.begin_s,
                end_s=period[1] if row.end_s is None else row.end_s,
            )
            for row in held
            if row.node_id == item.node_id
        ],
    )
