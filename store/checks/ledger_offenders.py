"""What breaks the invariants of the register ledger."""

import json
from collections.abc import Iterator
from itertools import islice, pairwise

from sqlalchemy import func, select

from domain.calendar.months import after, write_month
from domain.registers.chain import broken_links, site_digest
from domain.registers.register import Segment
from store.ledger import closed_months
from store.ledger.ledger_tables import (
    meter,
    register_closing,
    register_ledger,
    register_pruning,
    register_segment,
)
from store.ledger.share_tables import heat_interval, heat_share
from store.transaction import Transaction

_MOST_EXAMPLES = 5


def broken_chains(tx: Transaction) -> list[str]:
    """Segments that were changed, or whose predecessor is another than they say."""
    return _few(
        f"meter {chain[0].meter_serial} in {write_month(month)}"
        for chain in _chains(tx)
        for month in broken_links(chain)
    )


def _chains(tx: Transaction) -> Iterator[list[Segment]]:
    for meter_id in tx.connection.execute(select(meter.c.id).order_by(meter.c.id)).scalars().all():
        chain = closed_months.segments(tx.connection, meter_id)
        if chain:
            yield chain


def wrong_closings(tx: Transaction) -> list[str]:
    """Closed months that are missing between others, or are not made of their segments."""
    return _few(_wrong_closings(tx))


def _wrong_closings(tx: Transaction) -> Iterator[str]:
    sites = tx.connection.execute(select(register_closing.c.site_id).distinct()).scalars().all()
    for site_id in sorted(sites):
        closed = closed_months.closed_months(tx.connection, [site_id])
        for one, other in pairwise(closed):
            if other.month != after(one.month):
                yield f"site {site_id} after {write_month(one.month)}"
        for item in closed:
            digests = closed_months.segment_digests(tx.connection, site_id, item.month)
            if site_digest(digests) != item.digest:
                yield f"site {site_id} in {write_month(item.month)}"


def changed_lines(tx: Transaction) -> list[str]:
    """Lines that were changed, added or lost after their month was sealed."""
    return _few(
        f"meter {segment.meter_serial} in {write_month(segment.month)}"
        for chain in _chains(tx)
        for segment in chain
        if not _has_its_lines(tx, segment)
    )


def _has_its_lines(tx: Transaction, segment: Segment) -> bool:
    kept = closed_months.lines_in(tx.connection, segment.meter_serial, segment.month)
    found = sorted(json.dumps(closed_months.sealed_form(item), sort_keys=True) for item in kept)
    sealed = json.loads(segment.facts).get("lines", ())
    return found == sorted(json.dumps(item, sort_keys=True) for item in sealed)


def miscounted_rows(tx: Transaction) -> list[str]:
    """Sealed months, not pruned, that have another number of rows than they were sealed with."""
    counted = (
        select(func.count())
        .where(
            register_ledger.c.meter_id == register_segment.c.meter_id,
            register_ledger.c.segment == register_segment.c.month,
        )
        .scalar_subquery()
    )
    is_pruned = select(register_pruning.c.month).where(
        register_pruning.c.meter_id == register_segment.c.meter_id,
        register_pruning.c.month == register_segment.c.month,
    )
    statement = (
        select(meter.c.serial, register_segment.c.month)
        .select_from(register_segment.join(meter))
        .where(~is_pruned.exists(), register_segment.c.row_count != counted)
        .limit(_MOST_EXAMPLES)
    )
    return [
        f"meter {row.serial} in {write_month(row.month)}"
        for row in tx.connection.execute(statement)
    ]


def shares_that_do_not_add_up(tx: Transaction) -> list[str]:
    """Intervals whose heat or electricity is not the sum of its shares."""
    own = (
        (heat_share.c.site_id == heat_interval.c.site_id)
        & (heat_share.c.begin_s == heat_interval.c.begin_s)
        & (heat_share.c.revision == heat_interval.c.revision)
    )
    heat_wh, electricity_wh = (
        select(func.coalesce(func.sum(column), 0)).where(own).scalar_subquery()
        for column in (heat_share.c.heat_wh, heat_share.c.electricity_wh)
    )
    differs = (heat_interval.c.heat_wh != heat_wh) | (
        heat_interval.c.electricity_wh != electricity_wh
    )
    statement = (
        select(heat_interval.c.site_id, heat_interval.c.begin_s)
        .where(differs)
        .limit(_MOST_EXAMPLES)
    )
    return [f"site {row.site_id} at {row.begin_s:.0f}" for row in tx.connection.execute(statement)]


def _few(found: Iterator[str]) -> list[str]:
    return list(islice(found, _MOST_EXAMPLES))
