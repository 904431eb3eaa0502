"""Shares of metered heat: written interval after interval, summed by site, tenant or job."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select

from domain.calendar.months import begin_of
from store.gangs.member_tables import attempt_member
from store.ledger.share_tables import heat_interval, heat_share, heat_share_month
from store.tables.access import tenant
from store.tables.fleet import node, site
from store.tables.jobs import attempt, instance
from store.transaction import Transaction

#: Whose name tenants and jobs have that used heat where a site came from.
ELSEWHERE = "(before the import)"


class Grouping(StrEnum):
    """By what shares are summed."""

    SITE = "site"
    TENANT = "tenant"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """An attempt that held cores of a node; it may go on."""

    node_id: int
    instance_id: int
    attempt: int
    tenant_id: int
    cores: int  #: 0 = the whole node.
    begin_s: float
    end_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """A share to be kept."""

    node_id: int
    instance_id: int
    attempt: int
    tenant_id: int | None
    heat_wh: int
    electricity_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A time of which a site's heat was shared."""

    site_id: int
    begin_s: float
    end_s: float
    heat_wh: int
    electricity_wh: int
    is_simulated: bool
    quarantined_wh: int = 0  #: Heat that may have passed beside, at most: in quarantine.


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSum:
    """What a site, a tenant or a job bears; the name is None for what no job used."""

    name: str | None
    heat_wh: int
    electricity_wh: int
    is_simulated: bool


def shared_until(connection: Connection, site_id: int) -> float | None:
    """Up to when the heat of a site was shared, here or else where the site came from."""
    newest = (
        select(heat_interval.c.end_s)
        .where(heat_interval.c.site_id == site_id)
        .order_by(heat_interval.c.begin_s.desc())
        .limit(1)
    )
    came = select(func.max(heat_share_month.c.until_s)).where(heat_share_month.c.site_id == site_id)
    found = connection.execute(newest).scalar()
    if found is None:
        found = connection.execute(came).scalar()
    return None if found is None else float(found)


def held_between(
    connection: Connection, node_ids: Collection[int], begin_s: float, end_s: float
) -> list[HeldRow]:
    """Attempts that held cores of these nodes at some time in between."""
    of_attempt = (attempt.c.instance_id, attempt.c.attempt, instance.c.tenant_id, instance.c.cores)
    alone = (
        select(attempt.c.node_id, *of_attempt, attempt.c.started_at_s, attempt.c.ended_at_s)
        .select_from(attempt.join(instance, attempt.c.instance_id == instance.c.id))
        .where(attempt.c.node_id.in_(node_ids), _overlaps(begin_s, end_s))
    )
    members = (
        select(attempt_member.c.node_id, *of_attempt, attempt.c.started_at_s, attempt.c.ended_at_s)
        .select_from(
            attempt_member.join(
                attempt,
                and_(
                    attempt.c.instance_id == attempt_member.c.instance_id,
                    attempt.c.attempt == attempt_member.c.attempt,
                ),
            ).join(instance, attempt.c.instance_id == instance.c.id)
        )
        .where(attempt_member.c.node_id.in_(node_ids), _overlaps(begin_s, end_s))
    )
    return [
        HeldRow(
            node_id=row[0],
            instance_id=row[1],
            attempt=row[2],
            tenant_id=row[3],
            cores=row[4],
            begin_s=row[5],
            end_s=row[6],
        )
        for statement in (alone, members)
        for row in connection.execute(statement)
    ]


def _overlaps(begin_s: float, end_s: float) -> ColumnElement[bool]:
    goes_on = or_(attempt.c.ended_at_s.is_(None), attempt.c.ended_at_s > begin_s)
    return and_(attempt.c.started_at_s < end_s, goes_on)


def add_interval(
    tx: Transaction, interval: Interval, shares: Sequence[ShareRow], revision: int = 0
) -> None:
    """Keep how an interval was shared, or by what that differs from all revisions before."""
    values = {
        "site_id": interval.site_id,
        "begin_s": interval.begin_s,
        "revision": revision,
        "end_s": interval.end_s,
        "heat_wh": interval.heat_wh,
        "electricity_wh": interval.electricity_wh,
        "is_simulated": interval.is_simulated,
        "quarantined_wh": interval.quarantined_wh,
    }
    tx.connection.execute(insert(heat_interval), values)
    rows = [
        {
            "site_id": interval.site_id,
            "begin_s": interval.begin_s,
            "node_id": item.node_id,
            "instance_id": item.instance_id,
            "attempt": item.attempt,
            "revision": revision,
            "tenant_id": item.tenant_id,
            "heat_wh": item.heat_wh,
            "electricity_wh": item.electricity_wh,
        }
        for item in shares
    ]
    if rows:
        tx.connection.execute(insert(heat_share), rows)


def shared_sums(
    connection: Connection,
    by: Grouping,
    only: Collection[int] | None,
    period: tuple[float, float],
) -> list[SharedSum]:
    """What was shared of intervals that lie in a period, and sites of these (None = all)."""
    name: ColumnElement[str]
    if by is Grouping.SITE:
        name = site.c.name
    elif by is Grouping.TENANT:
        name = tenant.c.name
    else:
        name = heat_share.c.instance_id
    statement = (
        select(
            name,
            func.sum(heat_share.c.heat_wh),
            func.sum(heat_share.c.electricity_wh),
            heat_interval.c.is_simulated,
        )
        .select_from(
            heat_share.join(
                heat_interval,
                and_(
                    heat_interval.c.site_id == heat_share.c.site_id,
                    heat_interval.c.begin_s == heat_share.c.begin_s,
                    heat_interval.c.revision == heat_share.c.revision,
                ),
            )
            .join(site, site.c.id == heat_share.c.site_id)
            .outerjoin(tenant, tenant.c.id == heat_share.c.tenant_id)
        )
        .where(heat_interval.c.begin_s >= period[0], heat_interval.c.end_s <= period[1])
        .group_by(name, heat_interval.c.is_simulated)
        .order_by(name, heat_interval.c.is_simulated)
    )
    if only is not None:
        statement = statement.where(heat_share.c.site_id.in_(only))
    found = _shared_elsewhere(connection, by, only, period)
    for row in connection.execute(statement):
        key = (None if row[0] in {None, 0} else str(row[0]), row[3])
        before = found.get(key, (0, 0))
        found[key] = (before[0] + int(row[1]), before[1] + int(row[2]))
    return [
        SharedSum(name=name, heat_wh=heat_wh, electricity_wh=electricity_wh, is_simulated=simulated)
        for (name, simulated), (heat_wh, electricity_wh) in found.items()
    ]


def _shared_elsewhere(
    connection: Connection,
    by: Grouping,
    only: Collection[int] | None,
    period: tuple[float, float],
) -> dict[tuple[str | None, bool], tuple[int, int]]:
    """Months that were shared in the installation from which a site came, where they lie within."""
    shared = heat_share_month
    found: dict[tuple[str | None, bool], tuple[int, int]] = {}
    statement = select(shared, site.c.name).join(site, site.c.id == shared.c.site_id)
    if only is not None:
        statement = statement.where(shared.c.site_id.in_(only))
    for row in connection.execute(statement.order_by(site.c.name, shared.c.is_used)):
        if begin_of(row.month) < period[0] or row.until_s > period[1]:
            continue
        name = row.name if by is Grouping.SITE else ELSEWHERE if row.is_used else None
        before = found.get((name, row.is_simulated), (0, 0))
        sums = (before[0] + row.heat_wh, before[1] + row.electricity_wh)
        found[name, row.is_simulated] = sums
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredShare:
    """What an instance bears by the meters, and up to when its sites are shared."""

    heat_wh: int
    electricity_wh: int
    until_s: float  #: The earliest of its sites.
    quarantined_wh: int  #: Heat of the time it ran that waits for a decision, at most.


def share_of(
    connection: Connection, instance_id: int, node_ids: Collection[int]
) -> MeteredShare | None:
    """What an instance that ran on these nodes bears; None where nothing is shared yet."""
    sums = connection.execute(
        select(func.sum(heat_share.c.heat_wh), func.sum(heat_share.c.electricity_wh)).where(
            heat_share.c.instance_id == instance_id
        )
    ).one()
    sites = select(node.c.site_id).where(node.c.id.in_(node_ids)).distinct()
    until = [shared_until(connection, item) for item in connection.execute(sites).scalars().all()]
    known = [item for item in until if item is not None]
    if not known or len(known) < len(until):
        return None
    return MeteredShare(
        heat_wh=int(sums[0] or 0),
        electricity_wh=int(sums[1] or 0),
        until_s=min(known),
        quarantined_wh=_quarantined_wh(connection, instance_id),
    )


def _quarantined_wh(connection: Connection, instance_id: int) -> int:
    """What may be missing of the intervals of which an instance bears something."""
    borne = (
        select(heat_share.c.instance_id)
        .where(
            heat_share.c.site_id == heat_interval.c.site_id,
            heat_share.c.begin_s == heat_interval.c.begin_s,
            heat_share.c.instance_id == instance_id,
        )
        .exists()
    )
    begins = select(heat_share.c.begin_s).where(heat_share.c.instance_id == instance_id)
    statement = select(func.sum(heat_interval.c.quarantined_wh)).where(
        heat_interval.c.begin_s.in_(begins), borne
    )
    return int(connection.execute(statement).scalar() or 0)
