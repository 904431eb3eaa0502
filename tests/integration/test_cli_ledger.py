"""An operator with a real meter: from its first index to a closed month that nobody can change."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from domain.calendar.months import begin_of, month_of, write_month
from domain.calendar.paris import write_instant
from domain.fleet.node import SiteSpec
from store.fleet import nodes
from tests.support.builders import node_spec, reading
from tests.support.cluster import running_cluster
from tests.support.command_line import CommandLine

DAY_S = 86_400.0
HEAT_WH = 24_000
REAL = node_spec(is_simulated=False, max_power_w=5_000.0)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("ledger")
    with running_cluster(folder / "data", sites=1) as cluster:
        yield CommandLine(cluster, folder)


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


def day_of(at_s: float) -> str:
    """The instant as it is typed."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at_s))


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


@pytest.fixture(scope="module")
def told(operator: CommandLine) -> list[dict[str, Any]]:
    """What the real meter told of last month, one row of it in the wrong unit."""
    node_id, token = enrolled(operator)
    found = daily(node_id, last_month())
    wrong = {**found[9], "heat_register_wh": found[9]["heat_register_wh"] * 1000}
    tell(operator, token, [*found[:9], wrong, *found[10:]])
    return found


# The tests below follow one another: each goes on where the one before it stopped.


def test_a_display_in_another_unit_is_refused_and_the_right_one_confirms(
    operator: CommandLine, told: list[dict[str, Any]]
) -> None:
    shown = (told[-1]["heat_register_wh"] + 20) / 1000
    photo = operator.write("display.jpg", "a photo")
    asked = ("meter", "confirm", "KAM-1", "--at", day_of(told[-1]["taken_at_s"]))
    evidence = ("--photo", str(photo))

    assert "to be confirmed" in said(operator, "meters")
    assert "factor of 1000" in refused(operator, *asked, *evidence, "--index", f"{shown * 1000}")
    assert "a note, or the photo" in refused(operator, *asked, "--index", f"{shown}")
    said(operator, *asked, *evidence, "--index", f"{shown} kWh")
    said(operator, "meter", "describe", "KAM-1", "--max-kw", "12", "--tolerance", "0.05")

    meters = {item["serial"]: item for item in operator.document("meters")["meters"]}
    assert meters["KAM-1"]["is_confirmed"]
    assert meters["KAM-1"]["max_power_w"] == 12_000.0


def test_a_row_in_quarantine_waits_until_it_is_rejected(operator: CommandLine) -> None:
    (case,) = cases(operator)
    assert case["reason"] == "unit"
    shown = operator.run("meters")
    assert "1 case, bridged" in shown.stdout
    assert f"KAM-1: chaufferie quarantine reject {case['case']}" in shown.stderr
    assert "power of ten" in operator.run("quarantine", "list").stderr

    said(operator, "quarantine", "reject", case["case"], "--note", "driver was set to kWh")

    assert cases(operator) == []


def test_a_closed_month_has_both_indexes_and_verifies(
    operator: CommandLine, told: list[dict[str, Any]]
) -> None:
    name = write_month(last_month())
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


def test_a_wrong_declaration_is_withdrawn_by_its_number_and_stays_on_record(
    operator: CommandLine, told: list[dict[str, Any]]
) -> None:
    shown = f"{told[-2]['heat_register_wh'] / 1000}"
    at = ("--at", day_of(told[-2]["taken_at_s"]), "--note", "wrong meter")
    declared = operator.run("meter", "declare", "KAM-1", "remove", "--index", shown, *at)
    assert "adjustment" in declared.stderr
    again = refused(operator, "meter", "declare", "KAM-1", "remove", "--index", shown, *at)
    assert "declared as removed" in again
    kept = operator.document("meter", "declarations", "KAM-1")["declarations"]
    number = str(kept[-1]["declaration_id"])

    assert "Say what was wrong" in refused(operator, "meter", "withdraw", number, "--note", " ")
    assert "no declaration 4711" in refused(operator, "meter", "withdraw", "4711", "--note", "-")
    assert "judged anew" in said(operator, "meter", "withdraw", number, "--note", "it was KAM-2")

    shown = said(operator, "meter", "declarations", "KAM-1")
    assert "withdrawn" in shown
    assert f"withdraws {number}" in shown
    assert "removed" not in said(operator, "meters")
    assert cases(operator) == []


def test_a_file_of_indexes_is_looked_at_taken_in_once_and_refused_by_line(
    operator: CommandLine, told: list[dict[str, Any]]
) -> None:
    between = [
        (item["taken_at_s"] + 3600.0, item["heat_register_wh"] + 1000) for item in told[20:24]
    ]
    rows = [f"KAM-1;{write_instant(at_s)};{wh / 1000:.3f}" for at_s, wh in between]
    head = "meter;timestamp;index_kwh"
    good = str(operator.write("portal.csv", "\n".join([head, *rows, ""])))
    bad = str(operator.write("bad.csv", "\n".join([head, *rows, "KAM-1;2026-13-01 00:00;=1", ""])))
    wrong = rows[0].rsplit(";", 1)[0] + ";900000.000"
    doubtful = str(operator.write("unit.csv", f"{head}\n{wrong}\n"))

    told_bad = operator.run("meter", "import", bad)
    assert (told_bad.returncode, told_bad.stdout) == (1, "")
    assert "bad.csv, line 6: the cell '=1' is a formula" in told_bad.stderr
    checked = operator.run("meter", "import", good, "--check")
    assert "4 new rows would be taken in, 0 known before" in checked.stdout
    assert "Nothing was changed" in checked.stderr
    assert "4 new rows taken in, 0 known before" in said(operator, "meter", "import", good)
    assert "0 new rows taken in, 4 known before" in said(operator, "meter", "import", good)
    assert cases(operator) == []

    ran = operator.run("meter", "import", doubtful)
    assert "in quarantine: 1 line (2)" in ran.stderr
    assert f"{write_month(last_month())}: closed" in ran.stderr
    (case,) = cases(operator)
    assert case["is_from_file"]
    assert "against_node" in said(operator, "quarantine", "list")
    said(operator, "quarantine", "reject", case["case"], "--note", "it was another meter")
    assert cases(operator) == []
    decided = operator.document("quarantine", "decisions", "--meter", "KAM-1")["decisions"]
    number = str(decided[-1]["decision_id"])
    assert "Say what was wrong" in refused(operator, "quarantine", "withdraw", number, "--note", "")
    undone = operator.run("quarantine", "withdraw", number, "--note", "a slip")
    assert "judged anew" in undone.stdout
    assert "adjustment" in undone.stderr
    assert [item["case"] for item in cases(operator)] == [case["case"]]
    shown = said(operator, "quarantine", "decisions")
    assert "withdrawn" in shown
    assert f"withdraws {number}" in shown
    said(operator, "quarantine", "reject", case["case"], "--note", "it was another meter")
    assert "is what it was" in said(operator, "ledger", "verify")


def test_a_simulated_meter_that_was_removed_reads_so(operator: CommandLine) -> None:
    simulated = next(item for item in operator.document("meters")["meters"] if item["is_simulated"])
    index = f"{simulated['index_wh'] / 1000}"
    at = ("--at", day_of(simulated["taken_at_s"]), "--note", "the boiler went")
    said(operator, "meter", "declare", simulated["serial"], "remove", "--index", index, *at)

    assert "removed, simulated" in said(operator, "meters")


def test_indicators_say_what_is_known_and_what_is_missing(
    operator: CommandLine, told: list[dict[str, Any]]
) -> None:
    period = ("--from", day_of(told[0]["taken_at_s"]), "--to", day_of(told[-1]["taken_at_s"]))
    asked = ("indicators", *period, "--site", "pool")
    heat_kwh = (told[-1]["heat_register_wh"] - told[0]["heat_register_wh"]) / 1000

    (site,) = operator.document(*asked)["sites"]
    assert (site["metered_heat_kwh"], site["pue"]) == (heat_kwh, None)
    assert "nobody told their share" in operator.run(*asked).stderr
    exported = said(operator, *asked, "--export", "eu-2024-1364")
    assert f"pool,E_REUSE,{heat_kwh:.6g},kWh,False" in exported
    evidence = said(operator, *asked, "--export", "bar-th-170")
    assert "Evidence for BAR-TH-170" in evidence
    assert "compliant" not in evidence
    assert "shared yet" in operator.run("shares").stderr


def test_a_sealed_row_that_was_changed_is_found(operator: CommandLine) -> None:
    with operator.cluster.store() as store, store.database.write() as connection:
        connection.execute(text("DROP TRIGGER register_ledger_keeps_on_update"))
        connection.execute(text("UPDATE register_ledger SET index_wh = 1 WHERE seq = 3"))

    broken = operator.run("ledger", "verify")

    assert broken.returncode == 1
    assert "its rows are not those that were sealed" in broken.stdout
