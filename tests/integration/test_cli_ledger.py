"""An operator with a real meter: from its first index to a closed month that nobody can change."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from domain.months import begin_of, month_of, write_month
from domain.node import SiteSpec
from store.fleet import nodes
from tests.support.builders import node_spec, reading
from tests.support.cluster import running_cluster
from tests.support.command_line import CommandLine

DAY_S = 86_400.0
HEAT_WH = 24_000
REAL = node_spec(is_simulated=False, max_power_w=5_000.0)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[CommandLine]:
    with running_cluster(tmp_path / "data", sites=1) as cluster:
        yield CommandLine(cluster, tmp_path)


def last_month() -> int:
    return month_of(begin_of(month_of(time.time())) - DAY_S)


def enrolled(operator: CommandLine) -> tuple[int, str]:
    """A real boiler in a pool; its number and its key."""
    with operator.cluster.store() as store, store.transaction() as tx:
        site_id = nodes.add_site(tx, SiteSpec(name="pool", storage_wh_per_k=500.0), "test")
        assert isinstance(site_id, int)
        nodes.add_enrolment(
            tx, token="pool", site_id=site_id, node_name="pool", ttl_s=900.0, actor="test"
        )
    answer = httpx2.post(
        f"{operator.cluster.url}/v1/agent/enrol", json={"token": "pool", "spec": asdict(REAL)}
    ).json()
    return answer["node_id"], answer["token"]


def tell(operator: CommandLine, token: str, items: list[Mapping[str, Any]]) -> None:
    httpx2.post(
        f"{operator.cluster.url}/v1/agent/readings",
        json=items,
        headers={"Authorization": f"Bearer {token}"},
    ).raise_for_status()


def daily(node_id: int, month: int) -> list[dict[str, Any]]:
    """An index a day, from the first of a month to the second of the next."""
    begin_s = begin_of(month)
    end_s = begin_of(month_of(begin_s + 32 * DAY_S))
    days = round((end_s - begin_s) / DAY_S)
    return [
        asdict(
            replace(
                reading(node_id, day + 1),
                taken_at_s=begin_s + day * (end_s - begin_s) / days,
                heat_register_wh=5_000_000 + day * HEAT_WH,
                electricity_register_wh=day * HEAT_WH,
                simulated=False,
                heat_meter_serial="KAM-1",
                electricity_meter_serial="ELS-1",
            )
        )
        for day in range(days + 1)
    ]


def said(operator: CommandLine, *words: str) -> str:
    ran = operator.run(*words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def refused(operator: CommandLine, *words: str) -> str:
    ran = operator.run(*words)
    assert ran.returncode != 0
    assert "Traceback" not in ran.stderr
    return ran.stderr


def cases(operator: CommandLine) -> list[dict[str, Any]]:
    """Those of the real meter; the cluster's simulated boilers count as they like."""
    found = operator.document("quarantine", "list")["cases"]
    return [item for item in found if item["meter"] == "KAM-1"]


def test_from_the_first_index_to_a_closed_month(operator: CommandLine) -> None:
    node_id, token = enrolled(operator)
    month = last_month()
    told = daily(node_id, month)
    wrong = {**told[9], "heat_register_wh": told[9]["heat_register_wh"] * 1000}
    tell(operator, token, [*told[:9], wrong, *told[10:]])
    shown = (told[-1]["heat_register_wh"] + 500) / 1000
    photo = operator.write("display.jpg", "a photo")

    meters = {item["serial"]: item for item in operator.document("meters")["meters"]}
    assert not meters["KAM-1"]["is_confirmed"]
    assert "to be confirmed" in said(operator, "meters")
    at = ("--at", time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(told[-1]["taken_at_s"])))
    asked = ("meter", "confirm", "KAM-1", *at, "--photo", str(photo))
    assert "factor of 1000" in refused(operator, *asked, "--index", f"{shown * 1000}")
    assert "a note, or the photo" in refused(operator, *asked[:5], "--index", f"{shown}")
    said(operator, *asked, "--index", f"{shown} kWh")
    said(operator, "meter", "describe", "KAM-1", "--max-kw", "12", "--tolerance", "0.05")

    (case,) = cases(operator)
    assert case["reason"] == "unit"
    assert "power of ten" in operator.run("quarantine", "list").stderr
    said(operator, "quarantine", "reject", case["case"], "--note", "driver was set to kWh")
    assert cases(operator) == []

    name = write_month(month)
    assert "the next one" in refused(operator, "ledger", "close", "2020-01", "--site", "pool")
    said(operator, "ledger", "close", name, "--site", "pool")
    (line,) = operator.document("ledger", "lines", name, "--site", "pool")["lines"]
    assert line["from_index_wh"] == told[0]["heat_register_wh"]
    assert line["to_index_wh"] == told[-1]["heat_register_wh"]
    assert line["energy_wh"] == line["to_index_wh"] - line["from_index_wh"]
    assert "KAM-1" in said(operator, "ledger", "lines", name, "--site", "pool")
    assert name in said(operator, "ledger", "months")
    assert "is what it was" in said(operator, "ledger", "verify")
    assert operator.document("doctor")["is_sound"]

    with operator.cluster.store() as store, store.database.write() as connection:
        connection.execute(text("DROP TRIGGER register_ledger_keeps_on_update"))
        connection.execute(text("UPDATE register_ledger SET index_wh = 1 WHERE seq = 3"))
    broken = operator.run("ledger", "verify")
    assert broken.returncode == 1
    assert "its rows are not those that were sealed" in broken.stdout
