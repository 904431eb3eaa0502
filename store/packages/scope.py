"""What belongs to a collectivity: its sites, their nodes and meters, its contracts."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from store.collectivities.collectivity_tables import collectivity_site
from store.contracts.contract_tables import contract, contract_site
from store.ledger.ledger_tables import meter, meter_declaration, register_ledger, register_line
from store.tables.fleet import node


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The numbers of everything that is one collectivity's."""

    collectivity_id: int
    site_ids: Collection[int]  #: Its own now.
    named_site_ids: Collection[int]  #: These, and those of which its contracts once spoke.
    node_ids: Collection[int]  #: That stand at its own sites.
    named_node_ids: Collection[int]  #: These, and others that told of one of its meters.
    meter_ids: Collection[int]
    contract_ids: Collection[int]


def scope_of(connection: Connection, collectivity_id: int) -> Scope:
    """What is this collectivity's now."""

    def numbers(query: object) -> list[int]:
        return sorted(connection.execute(query).scalars())  # type: ignore[call-overload]

    sites = numbers(
        select(collectivity_site.c.site_id).where(
            collectivity_site.c.collectivity_id == collectivity_id
        )
    )
    contracts = numbers(select(contract.c.id).where(contract.c.collectivity_id == collectivity_id))
    sold = numbers(
        select(contract_site.c.site_id).where(contract_site.c.contract_id.in_(contracts)).distinct()
    )
    nodes = numbers(select(node.c.id).where(node.c.site_id.in_(sites)))
    meters = numbers(select(meter.c.id).where(meter.c.node_id.in_(nodes)))
    named = set(nodes)
    for table in (register_ledger, register_line, meter_declaration):
        own = table.c.meter_id.in_(meters)
        named |= set(numbers(select(table.c.node_id).where(own, table.c.node_id.is_not(None))))
    return Scope(
        collectivity_id=collectivity_id,
        site_ids=sites,
        named_site_ids=sorted({*sites, *sold}),
        node_ids=nodes,
        named_node_ids=sorted(named),
        meter_ids=meters,
        contract_ids=contracts,
    )
