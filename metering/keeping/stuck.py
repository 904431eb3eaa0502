"""Heat meters that stand still while the servers of their node draw power."""

from collections.abc import Iterable, Sequence

from domain.calendar.months import month_of
from domain.registers.register import MeterKind
from domain.units import HOUR_S
from metering.keeping.accounts import Account
from metering.ledger.course import Flat
from store.ledger import meters, register_rows
from store.rows import Connection

#: Mean electric power [W] that must leave a trace on the heat meter.
STUCK_POWER_W = 1000.0


def stuck_months(connection: Connection, account: Account, flats: Sequence[Flat]) -> set[int]:
    """The months in which a register stood still although heat must have passed."""
    found: set[int] = set()
    for flat in stuck(connection, account, flats):
        found |= {month_of(flat.first.taken_at_s), month_of(flat.last.taken_at_s)}
    return found


def stuck(connection: Connection, account: Account, flats: Iterable[Flat]) -> list[Flat]:
    """Those of the times without a step during which the node drew power."""
    known = account.known
    if known.facts.kind is not MeterKind.HEAT:
        return []
    electric = [
        item.facts.meter_id
        for item in meters.known_meters(connection, [known.site_id])
        if item.facts.kind is MeterKind.ELECTRICITY and item.node_id == known.node_id
    ]
    return [flat for flat in flats if _power_w(connection, electric, flat) > STUCK_POWER_W]


def _power_w(connection: Connection, meter_ids: Iterable[int], flat: Flat) -> float:
    """Mean electric power by the first and the last index within that time."""
    energy_wh = 0
    for meter_id in meter_ids:
        ends = register_rows.ends_between(
            connection, meter_id, flat.first.taken_at_s, flat.last.taken_at_s
        )
        if ends is not None:
            energy_wh += max(ends[1].index_wh - ends[0].index_wh, 0)
    return energy_wh * HOUR_S / (flat.last.taken_at_s - flat.first.taken_at_s)
