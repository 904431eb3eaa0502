"""What tenants have spent by now: what has ended, what runs, and at which prices."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from domain.billing.spending import Spending
from domain.calendar.months import month_of
from store.quotas import totals
from store.quotas.price_list import read_prices
from store.quotas.running import running_lines


def spent_by_now(
    connection: Connection, now_s: float, tenant_ids: Collection[int]
) -> Mapping[int, Spending]:
    """All that counts against the budgets of each at this moment."""
    running = running_lines(connection, now_s, tenant_ids)
    month, prices = month_of(now_s), read_prices(connection)
    return {
        tenant_id: Spending(
            ended=totals.lines(connection, tenant_id), running=lines, month=month, prices=prices
        )
        for tenant_id, lines in running.items()
    }


def ended_by_now(
    connection: Connection, now_s: float, tenant_ids: Collection[int]
) -> Mapping[int, Spending]:
    """The same but for what runs, which takes longer to read the more of it there is."""
    month, prices = month_of(now_s), read_prices(connection)
    return {
        tenant_id: Spending(
            ended=totals.lines(connection, tenant_id), running=(), month=month, prices=prices
        )
        for tenant_id in tenant_ids
    }
