"""Meter rows into the ledger: a million three times in random order, the digest, a year of lines.

The same rows in another order, told again and again, must give the same digest; it says so.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from cluster import machine

from domain.calendar.months import after, begin_of
from domain.fleet.node import NodeSpec, SiteSpec
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration
from domain.registers.register import MeterKind, RegisterRow
from metering.keeping.closing import close_month
from store import schema
from store.database import Database
from store.fleet import nodes
from store.ledger import closed_months
from store.ledger.ledger_tables import meter
from store.ledger.meters import declare
from store.ledger.register_rows import add_rows
from store.opening import open_store
from store.rows import Connection
from store.transaction import Store

STEP_S = 600.0
PIECE = 5000
FIRST_MONTH = 202501
FIRST_S = begin_of(FIRST_MONTH)
SPEC = NodeSpec(cores=8, mem_mib=8000, idle_power_w=200.0, max_power_w=5_000.0)


def made_store(folder: Path, url: str | None) -> tuple[Store, int]:
    """An empty store with one site and one node."""
    url = url or f"sqlite:///{folder / 'ledger.sqlite'}"
    database = Database(url)
    schema.upgrade(database)
    database.close()
    store = open_store(url, folder)
    with store.transaction() as tx:
        site_id = nodes.add_site(tx, SiteSpec(name="pool", storage_wh_per_k=500.0), "bench")
        joining = {"site_id": site_id, "node_name": "node", "ttl_s": 60.0, "actor": "bench"}
        nodes.add_enrolment(tx, token="bench", **joining)  # noqa: S106 - it opens nothing
        enrolled = nodes.enrol(tx, "bench", SPEC)
    return store, enrolled.node_id


def add_meters(store: Store, node_id: int, count: int) -> list[int]:
    """Real heat meters, read by one node."""
    with store.transaction() as tx:
        numbers = [
            int(
                tx.connection.execute(
                    meter.insert()
                    .values(
                        serial=f"H-{number}",
                        kind=MeterKind.HEAT.value,
                        node_id=node_id,
                        is_simulated=False,
                        installed_at_s=begin_of(FIRST_MONTH),
                        install_index_wh=0,
                    )
                    .returning(meter.c.id)
                ).scalar_one()
            )
            for number in range(count)
        ]
        for number in numbers:
            seen = Declaration(act=Act.CONFIRM, at_s=tx.now_s, index_wh=0, actor="bench")
            declare(tx, number, seen)
    return numbers


def row(node_id: int, seq: int) -> RegisterRow:
    """The index of a meter that counts 500 Wh in ten minutes."""
    taken_at_s = FIRST_S + seq * STEP_S
    return RegisterRow(
        node_id=node_id,
        seq=seq,
        taken_at_s=taken_at_s,
        received_at_s=taken_at_s,
        index_wh=1_000_000 + 500 * seq,
    )


def ingest(store: Store, node_id: int, meter_ids: list[int], order: np.ndarray) -> float:
    """Seconds to tell all rows once, in this order; each number names a meter and a row."""
    per_meter = order.size // len(meter_ids)
    begin = time.perf_counter()
    for start in range(0, order.size, PIECE):
        piece = [
            (meter_ids[int(number) // per_meter], row(node_id, int(number) % per_meter))
            for number in order[start : start + PIECE]
        ]
        with store.transaction() as tx:
            add_rows(tx, node_id, piece)
    return time.perf_counter() - begin


def one_ledger(rows: int, n_meters: int, seed: int, url: str | None) -> dict[str, object]:
    """Three times all rows, each time shuffled anew; then every whole month is closed."""
    draw = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="chaufferie-bench-") as folder:
        store, node_id = made_store(Path(folder), url)
        meter_ids = add_meters(store, node_id, n_meters)
        times = [ingest(store, node_id, meter_ids, draw.permutation(rows)) for _ in range(3)]
        last_s = begin_of(FIRST_MONTH) + (rows // n_meters - 1) * STEP_S
        month, closing_s = FIRST_MONTH, []
        while begin_of(after(month)) <= last_s:
            begin = time.perf_counter()
            closed = close_month(store, 1, month, "bench")
            if isinstance(closed, Refused):
                raise SystemExit(closed.sentence)
            closing_s.append(time.perf_counter() - begin)
            month = after(month)
        with store.database.read() as connection:
            sealed = [part for item in meter_ids for part in _sealed(connection, item)]
            begin = time.perf_counter()
            lines = closed_months.statement_lines(connection, 1, FIRST_MONTH)
            lines_ms = (time.perf_counter() - begin) * 1e3
        store.wakeups.close()
        store.database.close()
    return {
        "passes_s": [round(item, 1) for item in times],
        "rows_per_s": round(rows / times[0]),
        "rows_per_s_again": round(rows / times[2]),
        "months": len(closing_s),
        "close_s_max": round(max(closing_s), 2),
        "lines_ms": round(lines_ms, 2),
        "lines": len(lines),
        "digest": hashlib.sha256("".join(sealed).encode()).hexdigest(),
    }


def _sealed(connection: Connection, meter_id: int) -> Iterator[str]:
    """What each segment says of rows and lines; when a person confirmed the meter is left out."""
    for item in closed_months.segments(connection, meter_id):
        yield f"{item.row_count} {item.rows_digest} {json.loads(item.facts)['lines']}"


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--meters", type=int, default=20)
    parser.add_argument(
        "--urls", nargs=2, help="two empty PostgreSQL databases; SQLite where none are named"
    )
    options = parser.parse_args()
    began, load_before = time.perf_counter(), os.getloadavg()[0]
    first, second = (
        one_ledger(options.rows, options.meters, seed, url)
        for seed, url in zip((1, 2), options.urls or (None, None), strict=True)
    )
    result = {
        "bench": "ingest",
        "rows": options.rows,
        "meters": options.meters,
        **first,
        "seconds": round(time.perf_counter() - began, 1),
        "load": [load_before, os.getloadavg()[0]],
        "is_same_digest": first["digest"] == second["digest"],
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
