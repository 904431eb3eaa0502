"""The time of a month's statement: many meters under one contract, read every ten minutes.

Goal: <= 1 s for 100 meters. Their rows are told and their month is closed first, which is not the
statement's time but is shown too (``ingest_s``, ``close_s``). Then the statement is drafted and
issued as the worker and the API do it, drawn as PDF, and verified from its own bytes.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from cluster import machine

from domain.calendar.months import after, begin_of
from domain.fleet.node import NodeSpec, SiteSpec
from domain.fleet.reading import Reading
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from domain.towns.collectivities import Collectivity
from metering.books import contracting, drafting, issuing
from metering.contracts.document import contract_from_plain
from metering.keeping.closing import close_month
from metering.papers.pdf import write_pdf
from metering.statements.canonical import canonical
from metering.statements.verify import verify
from store import schema
from store.collectivities import collectivities
from store.contracts import contracts
from store.fleet import nodes
from store.fleet.readings import add_readings
from store.ledger.meters import declare, known_meters
from store.opening import default_url, open_store
from store.transaction import Store

T = TypeVar("T")
MONTH, EVERY_S, WH_PER_STEP = 202601, 600.0, 150
SPEC = NodeSpec(cores=2, mem_mib=4096, idle_power_w=400.0, max_power_w=5_000.0)
READING = Reading(
    node_id=1,
    seq=1,
    taken_at_s=begin_of(MONTH),
    water_temp_c=30.0,
    supply_temp_c=40.0,
    inlet_temp_c=35.0,
    power_w=1000.0,
    heat_power_w=900.0,
    heat_demand_w=3000.0,
    headroom_wh=9000.0,
    heat_register_wh=0,
    electricity_register_wh=0,
    time_factor=1.0,
    simulated=False,
    heat_meter_serial="H",
    electricity_meter_serial="E",
    control_state="normal",
)
TERMS = {
    "reference": "BENCH-1",
    "number_prefix": "BENCH",
    "supplier": {"name": "Fournisseur", "address": "-", "siret": "73282932000074"},
    "buyer": {"name": "Ville", "address": "-", "siret": "21750001600019"},
    "routing": {"not_required": ["service_code", "engagement_number", "market_number"]},
    "deliveries": [{"site_id": 1}],
    "starts_on": "2026-01-01",
    "years": 12,
    "tariffs": [{"valid_from": "2026-01-01", "price_per_mwh": "95.10"}],
    "heat_vat": {"rate_percent": "20", "legal_ground": "-", "stated_on": "2026-01-01"},
}


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaufferie-bench-") as folder:
        store = open_store(default_url(Path(folder)), Path(folder))
        schema.upgrade(store.database)
        figures = _measure(store, asked.meters)
        store.wakeups.close()
        store.database.close()
    print(json.dumps({"bench": "statement", **machine(), "meters": asked.meters, **figures}))


def _measure(store: Store, n_meters: int) -> dict[str, float]:
    begin_s = time.perf_counter()
    _tell(store, n_meters)
    told_s = time.perf_counter()
    _granted(close_month(store, 1, MONTH, "bench"))
    closed_s = time.perf_counter()
    with store.transaction() as tx:
        (row,) = contracts.contracts(tx.connection)
        _granted(drafting.draft_next(tx, row))
    drafted_s = time.perf_counter()
    with store.transaction() as tx:
        issued = _granted(issuing.issue(tx, row.reference, MONTH, "bench"))
    issued_s = time.perf_counter()
    pdf = write_pdf(issued.document, Language.FRENCH)
    drawn_s = time.perf_counter()
    findings = _granted(verify(canonical(issued.document))).findings
    verified_s = time.perf_counter()
    return {
        "lines": len(issued.document["lines"]),
        "ingest_s": told_s - begin_s,
        "close_s": closed_s - told_s,
        "draft_s": drafted_s - closed_s,
        "issue_s": issued_s - drafted_s,
        "pdf_s": drawn_s - issued_s,
        "pdf_kib": 0.0 if isinstance(pdf, Refused) else len(pdf) / 1024,
        "verify_s": verified_s - drawn_s,
        "findings": len(findings),
    }


def _tell(store: Store, n_meters: int) -> None:
    """A site whose nodes told every ten minutes of the month, its town and its contract."""
    steps = round((begin_of(after(MONTH)) - begin_of(MONTH)) / EVERY_S) + 1
    with store.transaction() as tx:
        _granted(nodes.add_site(tx, SiteSpec(name="site", storage_wh_per_k=500.0), "bench"))
    for number in range(1, n_meters + 1):
        name = f"node{number}"
        with store.transaction() as tx:
            nodes.add_enrolment(
                tx, token=name, site_id=1, node_name=name, ttl_s=60.0, actor="bench"
            )
            enrolled = _granted(nodes.enrol(tx, name, SPEC))
            of_node = replace(
                READING,
                node_id=enrolled.node_id,
                heat_meter_serial=f"H-{number}",
                electricity_meter_serial=f"E-{number}",
            )
            add_readings(tx, enrolled.node_id, [_reading(of_node, step) for step in range(steps)])
    with store.transaction() as tx:
        for known in known_meters(tx.connection):
            evidence = Evidence(note="bench")
            seen = Declaration(
                act=Act.CONFIRM, at_s=tx.now_s, index_wh=0, evidence=evidence, actor="bench"
            )
            declare(tx, known.facts.meter_id, seen)
        buyer = Collectivity(name="Ville", siret="21750001600019")
        town = _granted(collectivities.add_collectivity(tx, buyer, "bench"))
        collectivities.give_site(tx, town, 1, None, "bench")
        contract = _granted(contract_from_plain(TERMS))
        _granted(contracting.add_contract(tx, contract, "bench"))


def _granted(found: T | Refused) -> T:
    """What was asked for; there is nothing to measure where it was refused."""
    if isinstance(found, Refused):
        raise SystemExit(found.sentence)
    return found


def _reading(of_node: Reading, step: int) -> Reading:
    return replace(
        of_node,
        seq=step + 1,
        taken_at_s=of_node.taken_at_s + EVERY_S * step,
        heat_register_wh=WH_PER_STEP * step,
        electricity_register_wh=WH_PER_STEP * step,
    )


if __name__ == "__main__":
    main()
