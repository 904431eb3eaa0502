"""A scene with meters: what nodes tell of them over months, and months that are closed."""

from collections.abc import Sequence
from dataclasses import replace

from domain.calendar.months import after, begin_of
from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.registers.register import PeriodLine
from metering.keeping.closing import close_month
from store.fleet.readings import Intake, add_readings
from store.ledger.closed_months import statement_lines
from store.ledger.meters import declare, noted_meters
from tests.support.builders import node_spec, reading
from tests.support.scene import Scene

JANUARY, FEBRUARY, MARCH = 202601, 202602, 202603
HOUR_S = 3600.0
#: What a node of these scenes counts in an hour, of heat and of electricity [Wh].
HEAT_WH, ELECTRICITY_WH = 900, 1000
REAL = node_spec(is_simulated=False, max_power_w=5_000.0)


def hourly(
    node_id: int, from_s: float, hours: int, first_seq: int = 1, *, heat_wh: int = 100_000
) -> list[Reading]:
    """Readings of a real boiler at every full hour."""
    return [
        reading(
            node_id,
            first_seq + number,
            taken_at_s=from_s + number * HOUR_S,
            heat_register_wh=heat_wh + number * HEAT_WH,
            electricity_register_wh=number * ELECTRICITY_WH,
            simulated=False,
        )
        for number in range(hours)
    ]


def tell(scene: Scene, items: Sequence[Reading | Refused]) -> Intake:
    """The node of the first of these tells them."""
    first = next(item for item in items if isinstance(item, Reading))
    with scene.store.transaction() as tx:
        return add_readings(tx, first.node_id, items)


def meter_id_of(scene: Scene, serial: str) -> int:
    with scene.database.read() as connection:
        (known,) = noted_meters(connection, serial)
    return known.facts.meter_id


def confirm(scene: Scene, serial: str, index_wh: int = 100_000) -> None:
    """A person looked at the display."""
    item = Declaration(
        act=Act.CONFIRM, at_s=0.0, index_wh=index_wh, evidence=Evidence(note="seen"), actor="test"
    )
    with scene.store.transaction() as tx:
        declare(tx, meter_id_of(scene, serial), replace(item, at_s=tx.now_s))


def close(scene: Scene, month: int, site_id: int = 1) -> int | Refused:
    """Close a month two days after its end, or now where that is later."""
    scene.clock.now_s = max(scene.clock.now_s, begin_of(after(month)) + 48 * HOUR_S)
    return close_month(scene.store, site_id, month, "test")


def lines(scene: Scene, month: int, site_id: int = 1) -> tuple[PeriodLine, ...]:
    with scene.database.read() as connection:
        found = statement_lines(connection, site_id, month)
    assert not isinstance(found, Refused), found
    return found
