"""A site whose past is known: a real meter that told of two months, seen by a person and closed."""

from domain.calendar.months import begin_of
from domain.fleet.node import NodeSpec, SiteSpec
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.towns.collectivities import Collectivity
from metering.keeping.closing import close_month
from store.collectivities import collectivities
from store.fleet import nodes
from store.fleet.readings import add_readings
from store.ledger.meters import declare, known_meters
from store.transaction import Store
from tests.support.builders import reading
from tests.support.metered import FEBRUARY, JANUARY, MARCH

SITE = "Piscine Nord"


def sold_past(store: Store, town: Collectivity) -> int:
    """Readings at the edges of January and February, the display seen, the town described."""
    spec = NodeSpec(cores=2, mem_mib=4096, idle_power_w=400.0, max_power_w=5_000.0)
    with store.transaction() as tx:
        site_id = nodes.add_site(tx, SiteSpec(name=SITE, storage_wh_per_k=500.0), "test")
        assert isinstance(site_id, int)
        nodes.add_enrolment(
            tx, token="sold", site_id=site_id, node_name="sold", ttl_s=60.0, actor="test"
        )
        enrolled = nodes.enrol(tx, "sold", spec)
        assert not isinstance(enrolled, Refused)
        items = [
            reading(
                enrolled.node_id,
                number,
                taken_at_s=begin_of(month),
                heat_register_wh=1_000_000 * number,
                electricity_register_wh=1_000_000 * number,
                simulated=False,
            )
            for number, month in enumerate((JANUARY, FEBRUARY, MARCH), start=1)
        ]
        add_readings(tx, enrolled.node_id, items)
        for known in known_meters(tx.connection, [site_id]):
            seen = Declaration(
                act=Act.CONFIRM,
                at_s=begin_of(MARCH),
                index_wh=3_000_000,
                evidence=Evidence(note="seen"),
                actor="test",
            )
            declare(tx, known.facts.meter_id, seen)
    for month in (JANUARY, FEBRUARY):
        closed = close_month(store, site_id, month, "test")
        assert isinstance(closed, int), closed
    with store.transaction() as tx:
        number = collectivities.add_collectivity(tx, town, "test")
        assert isinstance(number, int)
        assert collectivities.give_site(tx, number, site_id, None, "test") is None
    return site_id
