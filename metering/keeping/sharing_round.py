"""Sharing a site's heat among its jobs, interval after interval, once its meters have told it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor

from domain.refusal import Refused
from domain.registers.register import MeterKind
from domain.units import DAY_S
from metering.keeping.accounts import Account, energy_of, open_account
from metering.sharing import Held, NodeUse, share_interval
from store.fleet import site_queries
from store.fleet.site_queries import NodeRow
from store.ledger import heat_shares, meters, register_rows, shared_anew
from store.ledger.edge_rows import earliest_s
from store.ledger.heat_shares import HeldRow, Interval, ShareRow
from store.ledger.shared_anew import SharedBefore
from store.rows import Connection
from store.transaction import Store

#: A site waits so long for a meter that has fallen silent; then it goes on without its heat [s].
SILENT_S = 7 * DAY_S
#: Intervals of a site that are shared in one round.
_MOST_AT_ONCE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metered:
    """What the meters of a site counted in an interval."""

    heat_wh: int
    electricity_wh: dict[int, int]  #: By node.
    is_simulated: bool
    quarantined_wh: int  #: Heat that waits for a person's decision, at most.


def share_site(store: Store, site_id: int, interval_s: float) -> int:
    """Share what the meters of a site have told of whole intervals; how many.

    What was shared before more was known of the meters is put right first.
    """
    share_anew(store, site_id)
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


def share_anew(store: Store, site_id: int) -> int:
    """Add to intervals shared before what they differ by now; to how many it was so."""
    differed = 0
    for _ in range(_MOST_AT_ONCE):
        with store.database.read() as connection:
            from_s = shared_anew.told_anew_from(connection, site_id)
            if from_s is None:
                return differed
            before = shared_anew.shared_before(connection, site_id, from_s)
            found = None if before is None else _difference(connection, before)
        with store.transaction() as tx:
            to_s = None if before is None else before.interval.end_s
            if not shared_anew.moved_on(tx, site_id, from_s, to_s):
                continue  # Something else became known meanwhile.
            if before is not None and found is not None:
                heat_shares.add_interval(tx, *found, revision=before.revision + 1)
                differed += 1
    return differed


def _difference(
    connection: Connection, before: SharedBefore
) -> tuple[Interval, list[ShareRow]] | None:
    """What an interval has to be corrected by, and who; None where it is right."""
    known = before.interval
    interval, shares = _share(connection, known.site_id, (known.begin_s, known.end_s))
    now = {(item.node_id, item.instance_id, item.attempt): item for item in shares}
    keys = sorted({*now, *before.heat_wh})
    rows = []
    for key in keys:
        item = now.get(key)
        row = ShareRow(
            node_id=key[0],
            instance_id=key[1],
            attempt=key[2],
            tenant_id=before.tenants.get(key) if item is None else item.tenant_id,
            heat_wh=(0 if item is None else item.heat_wh) - before.heat_wh.get(key, 0),
            electricity_wh=(0 if item is None else item.electricity_wh)
            - before.electricity_wh.get(key, 0),
        )
        if row.heat_wh or row.electricity_wh:
            rows.append(row)
    changed = replace(
        interval,
        heat_wh=interval.heat_wh - known.heat_wh,
        electricity_wh=interval.electricity_wh - known.electricity_wh,
        quarantined_wh=interval.quarantined_wh - known.quarantined_wh,
    )
    is_same = not (changed.heat_wh or changed.electricity_wh or changed.quarantined_wh or rows)
    return None if is_same else (changed, rows)


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
        quarantined_wh=metered.quarantined_wh,
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
    heat_wh, electric, is_simulated, quarantined_wh = 0, dict[int, int](), False, 0
    for known in meters.known_meters(connection, [site_id]):
        energy_wh, waiting_wh = _energy_wh(connection, open_account(connection, known), period)
        is_simulated = is_simulated or known.facts.is_simulated
        if known.facts.kind is MeterKind.HEAT:
            heat_wh += energy_wh
            quarantined_wh += waiting_wh
        else:
            electric[known.node_id] = electric.get(known.node_id, 0) + energy_wh
    return _Metered(
        heat_wh=heat_wh,
        electricity_wh=electric,
        is_simulated=is_simulated,
        quarantined_wh=quarantined_wh,
    )


def _energy_wh(
    connection: Connection, account: Account, period: tuple[float, float]
) -> tuple[int, int]:
    """What a meter counted, and what may have passed beside that, of rows in quarantine.

    Such rows are bridged, as on a statement: where the register is known at the end of the time,
    nothing is missing.
    """
    found = energy_of(connection, account, period, bridges_doubt=True)
    if isinstance(found, Refused):
        is_silent = found.code == "register.empty"
        return 0, 0 if is_silent else _most_wh(account, period)
    if found.doubt is None or not (found.first.is_silent or found.last.is_silent):
        return found.energy_wh, 0
    return found.energy_wh, max(_most_wh(account, period) - found.energy_wh, 0)


def _most_wh(account: Account, period: tuple[float, float]) -> int:
    """The most that can pass a meter in that time."""
    facts = account.known.facts
    hours = (period[1] - period[0]) * facts.time_factor / 3600.0
    return int((facts.max_power_w or 0.0) * hours)


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
