"""Power advice: what the scheduler wishes a node to take, until it expires by itself."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from domain.commands import LimitPower
from domain.jobs.delivery import PowerAdvice
from store.tables.fleet import node
from store.transaction import Transaction

#: A cap of all the power is none.
_FULL_FRAC = 1.0

_ADVICE = select(node.c.power_cap_frac, node.c.power_cap_until_s).where(
    node.c.id == bindparam("of_node")
)


def limit_power(tx: Transaction, orders: Sequence[LimitPower]) -> None:
    """Keep the newest advice for each node, or none where the limit is lifted; wake the nodes."""
    newest = {order.node_id: order for order in orders}
    if not newest:
        return
    tx.connection.execute(
        update(node)
        .where(node.c.id == bindparam("of_node"))
        .values(power_cap_frac=bindparam("of_cap"), power_cap_until_s=bindparam("of_until")),
        [_values(order, tx.now_s) for order in newest.values()],
    )
    tx.changed_nodes.extend(newest)


def _values(order: LimitPower, now_s: float) -> dict[str, object]:
    is_lifted = order.power_cap_frac >= _FULL_FRAC
    return {
        "of_node": order.node_id,
        "of_cap": None if is_lifted else order.power_cap_frac,
        "of_until": None if is_lifted else now_s + order.valid_for_s,
    }


def advice_for(tx: Transaction, node_id: int) -> PowerAdvice | None:
    """What this node is advised now; None where nothing is, or its time is over."""
    row = tx.connection.execute(_ADVICE, {"of_node": node_id}).one()
    return advice_at(row.power_cap_frac, row.power_cap_until_s, tx.now_s)


def advice_at(
    power_cap_frac: float | None, until_s: float | None, now_s: float
) -> PowerAdvice | None:
    """What these two columns of a node say at an instant."""
    if power_cap_frac is None or until_s is None or until_s <= now_s:
        return None
    return PowerAdvice(power_cap_frac=power_cap_frac, valid_for_s=until_s - now_s)
