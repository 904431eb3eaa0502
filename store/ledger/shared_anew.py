"""From when on the heat of a site is to be shared anew, since more is known of its meters."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from store.ledger.heat_shares import Interval, shared_until
from store.ledger.ledger_tables import meter, register_ledger
from store.ledger.share_tables import heat_interval, heat_share, heat_told_anew
from store.tables.fleet import node
from store.transaction import Transaction

#: A row so long after an edge may stand for it, as in the rules of the ledger [s].
EDGE_S = 300.0
ShareKey = tuple[int, int, int]  #: Node, instance and attempt; the latter are 0 for nobody.


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBefore:
    """What all revisions of an interval have shared so far."""

    interval: Interval  #: Their sums.
    revision: int  #: The newest.
    tenants: Mapping[ShareKey, int | None]
    heat_wh: Mapping[ShareKey, int]
    electricity_wh: Mapping[ShareKey, int]


def tell_anew(tx: Transaction, site_id: int, from_s: float) -> None:
    """Note that what was shared of a site from an instant on may not be right any more.

    What passed since the row before it was shared by an edge in between, and is so no more.
    """
    until_s = shared_until(tx.connection, site_id)
    if until_s is None or from_s >= until_s + EDGE_S:
        return
    from_s = _row_before(tx.connection, site_id, from_s)
    known_s = told_anew_from(tx.connection, site_id)
    if known_s is None:
        tx.connection.execute(insert(heat_told_anew), {"site_id": site_id, "from_s": from_s})
    elif from_s < known_s:
        own = heat_told_anew.c.site_id == site_id
        tx.connection.execute(update(heat_told_anew).where(own).values(from_s=from_s))


def _row_before(connection: Connection, site_id: int, at_s: float) -> float:
    """When each meter of a site last told an index before an instant: the earliest of these."""
    newest = (
        select(func.max(register_ledger.c.taken_at_s))
        .where(register_ledger.c.meter_id == meter.c.id, register_ledger.c.taken_at_s < at_s)
        .scalar_subquery()
    )
    statement = (
        select(func.min(newest))
        .select_from(meter.join(node, meter.c.node_id == node.c.id))
        .where(node.c.site_id == site_id)
    )
    found = connection.execute(statement).scalar()
    return at_s if found is None else float(found)


def told_anew_from(connection: Connection, site_id: int) -> float | None:
    """From when on a site's heat is to be shared anew; None where all is as it was."""
    statement = select(heat_told_anew.c.from_s).where(heat_told_anew.c.site_id == site_id)
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def moved_on(tx: Transaction, site_id: int, from_s: float, to_s: float | None) -> bool:
    """Whether the mark was still there, and now is at a later instant, or gone (None)."""
    own = (heat_told_anew.c.site_id == site_id) & (heat_told_anew.c.from_s == from_s)
    if to_s is None:
        return bool(tx.connection.execute(delete(heat_told_anew).where(own)).rowcount)
    moved = update(heat_told_anew).where(own).values(from_s=to_s)
    return bool(tx.connection.execute(moved).rowcount)


def shared_before(connection: Connection, site_id: int, after_s: float) -> SharedBefore | None:
    """The first interval of a site that ends after an instant, as it has been shared so far."""
    own = heat_interval.c.site_id == site_id
    begin_s = connection.execute(
        select(func.min(heat_interval.c.begin_s)).where(own, heat_interval.c.end_s > after_s)
    ).scalar()
    if begin_s is None:
        return None
    rows = connection.execute(
        select(heat_interval)
        .where(own, heat_interval.c.begin_s == begin_s)
        .order_by(heat_interval.c.revision)
    ).all()
    shares = connection.execute(
        select(heat_share).where(heat_share.c.site_id == site_id, heat_share.c.begin_s == begin_s)
    ).all()
    tenants: dict[ShareKey, int | None] = {}
    heat_wh: dict[ShareKey, int] = {}
    electricity_wh: dict[ShareKey, int] = {}
    for row in shares:
        key = (row.node_id, row.instance_id, row.attempt)
        tenants[key] = row.tenant_id
        heat_wh[key] = heat_wh.get(key, 0) + row.heat_wh
        electricity_wh[key] = electricity_wh.get(key, 0) + row.electricity_wh
    return SharedBefore(
        interval=Interval(
            site_id=site_id,
            begin_s=begin_s,
            end_s=rows[0].end_s,
            heat_wh=sum(row.heat_wh for row in rows),
            electricity_wh=sum(row.electricity_wh for row in rows),
            quarantined_wh=sum(row.quarantined_wh for row in rows),
            is_simulated=rows[0].is_simulated,
        ),
        revision=rows[-1].revision,
        tenants=tenants,
        heat_wh=heat_wh,
        electricity_wh=electricity_wh,
    )
