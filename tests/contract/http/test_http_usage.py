"""Usage and prices over HTTP: whose lines, in which words, at what cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.access import Role
from domain.calendar.months import begin_of
from tests.support.databases import Databases
from tests.support.http_scene import HttpScene

PRICES = """
large_submit = 5
co2_factors = "rte-production"

[[prices]]
valid_from = 2026-01-01
core_hour = { flex = 0.010, ondemand = 0.025, reserved = 0.040 }
kwh = 0.1
[[prices]]
valid_from = 2026-07-01
core_hour = { flex = 0.010, ondemand = 1, reserved = 0.040 }
"""
HOUR_S = 3600.0


#: The same at all times, whatever the clock of the machine says.
ALWAYS = """
large_submit = 5

[[prices]]
valid_from = 2001-01-01
core_hour = { flex = 0.010, ondemand = 0.025, reserved = 0.040 }
kwh = 0.1
"""


@pytest.fixture
def priced(
    request: pytest.FixtureRequest, sqlite_databases: Databases, tmp_path: Path
) -> Iterator[HttpScene]:
    """The API of an operator who asks for money."""
    file = tmp_path / "operator.toml"
    file.write_text(getattr(request, "param", PRICES))
    operator_file = read_operator_file(file, tmp_path)
    assert isinstance(operator_file, OperatorFile)
    made = HttpScene(sqlite_databases.fresh(), tmp_path / "files", operator_file=operator_file)
    yield made
    made.close()


def run_job(http: HttpScene, who: str, *options: str, name: str = "boiler") -> None:
    """A job that holds its cores for an hour and keeps one of them busy."""
    http.submit(who, command=["sim"], options=list(options))
    (key,) = http.start(name)
    http.finish(key, name, wall_s=HOUR_S, cpu_s=HOUR_S)


def test_a_line_says_what_was_used_and_what_each_figure_is(priced: HttpScene) -> None:
    priced.clock.now_s = begin_of(202606)
    priced.warm_node()
    run_job(priced, "owner", "-n", "2", "--account=mesh")

    found = priced.get("/v1/usage").json()

    (line,) = found["usage"]
    assert (line["tenant"], line["month"], line["project"]) == ("lab", "2026-06", "mesh")
    assert line["core_hours"] == 2.0
    assert line["core_hours_by_type"] == {"flex": 0.0, "ondemand": 2.0, "reserved": 0.0}
    assert line["kwh_estimate"] == pytest.approx(0.1)
    assert line["heat_kwh_estimate"] == pytest.approx(0.095)
    assert line["co2_kg_estimate"] == pytest.approx(0.002)
    assert line["cost"] == "0.06"  # 2 at 0.025, and 0.1 kWh at 0.1
    assert line["is_simulated"] is True
    assert found["currency"] == "EUR"
    assert found["co2_factors"][0]["set"] == "rte-production"
    assert line["co2_factor"] == "rte-production 2024"
    assert "estimate" in found["meanings"]["kwh_estimate"]
    assert "estimate" in found["meanings"]["heat_kwh_estimate"]
    assert found["next_after"] is None


def test_a_month_is_priced_as_it_was(priced: HttpScene) -> None:
    priced.clock.now_s = begin_of(202512)
    priced.warm_node()
    costs = []
    for month in (202512, 202606, 202607):
        priced.clock.now_s = begin_of(month)
        priced.read_instruments(1)
        run_job(priced, "owner")
        word = f"{month // 100}-{month % 100:02d}"
        found = priced.get(f"/v1/usage?from_month={word}&to_month={word}").json()
        costs.append(found["usage"][0]["cost"])

    assert costs == [None, "0.04", "1.00"]


def test_a_tenant_sees_its_own_usage_only(priced: HttpScene) -> None:
    priced.warm_node()
    run_job(priced, "owner")
    run_job(priced, "stranger")

    def tenants(who: str, query: str = "") -> list[str]:
        return [line["tenant"] for line in priced.get(f"/v1/usage{query}", who).json()["usage"]]

    assert tenants("owner") == ["lab"]
    assert priced.get("/v1/usage?tenant=another lab", "owner").status_code == 404
    assert tenants("operator") == ["lab", "another lab"]
    assert tenants("operator", "?tenant=another lab") == ["another lab"]


def test_pages_follow_one_another(priced: HttpScene) -> None:
    priced.warm_node()
    for project in ("c", "a", "b"):
        run_job(priced, "owner", f"--account={project}")
    seen, after = [], ""
    for _ in range(3):
        page = priced.get(f"/v1/usage?limit=1{after}").json()
        seen += [line["project"] for line in page["usage"]]
        after = f"&after={page['next_after']}"

    assert seen == ["a", "b", "c"]
    assert priced.get(f"/v1/usage?limit=1{after}").json()["usage"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from_month=January", "usage.month"),
        ("from_month=2026-13", "usage.month"),
        ("to_month=", "usage.month"),
        ("from_month=2026-02&to_month=2026-01", "period.reversed"),
        ("after=x", "usage.cursor"),
        ("after=bnVsbA==", "usage.cursor"),
        ("after=WzEsMiwzLDRd", "usage.cursor"),
        ("after=WzEsIDIwMjYwMSwgIlx1MDAwMCIsIHRydWVd", "usage.cursor"),
        ("after=WzEsIDIwMjYwMSwgIlx1ZDgwMCIsIHRydWVd", "usage.cursor"),  # half a character
        ("after=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCAyMDI2MDEsICIiLCB0cnVlXQ==", "usage.cursor"),
        ("after=%F0%9F%94%A5", "usage.cursor"),
        ("limit=0", "request.invalid"),
        ("limit=1001", "request.invalid"),
        ("tenant=%00", "request.invalid"),
    ],
)
def test_a_question_that_means_nothing_is_refused(http: HttpScene, query: str, code: str) -> None:
    answer = http.get(f"/v1/usage?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_price_list_is_shown_to_those_who_pay(priced: HttpScene, http: HttpScene) -> None:
    shown = priced.get("/v1/prices").json()
    none = http.get("/v1/prices").json()
    priced.tokens["buyer"] = priced.key(Role.BUYER, site_ids=(1,))

    assert [item["from_month"] for item in shown["prices"]] == ["2026-01", "2026-07"]
    assert shown["prices"][0]["core_hour"]["flex"] == "0.010"
    assert shown["large_submit"] == "5"
    assert none["prices"] == []
    assert none["currency"] is None
    assert priced.get("/v1/prices", "buyer").status_code == 403


def checked(http: HttpScene, *options: str, query: str = "") -> dict[str, Any]:
    """What the API says of a submission that it does not take."""
    body = {"command": ["sim"], "options": list(options)}
    answer = http.post(f"/v1/jobs/check{query}", "owner", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("priced", [ALWAYS], indirect=True)
def test_a_submission_that_is_tried_shows_its_cost_and_its_likely_start(
    priced: HttpScene,
) -> None:
    priced.warm_node()
    found = checked(priced, "-n", "2", "--time=60", "--qos=reserved")

    # 2 core-hours at 0.04, and 2 busy cores of 100 W for an hour at 0.1.
    assert found["cost"]["full_run"] == "0.10"
    assert found["cost"]["is_large"] is False
    assert "2 cores for 01:00:00" in found["cost"]["sentence"]
    assert found["likely_start"]["at_s"] == priced.clock.now_s


def test_without_a_node_neither_cost_nor_start_is_known(http: HttpScene) -> None:
    found = checked(http)

    assert found["cost"] is None
    assert found["likely_start"]["sentence"] == "Not known. No node is enrolled yet."


@pytest.mark.parametrize("priced", [ALWAYS], indirect=True)
def test_a_large_submission_is_announced_when_it_is_made(priced: HttpScene) -> None:
    priced.warm_node()
    large = ["-n", "8", "--time=60", "--array=0-19", "--qos=reserved"]

    found = checked(priced, *large, query="?with_start=false")
    sent = priced.send_job("owner", command=["sim"], options=large)
    small = priced.send_job("owner", command=["sim"])

    assert found["cost"]["is_large"] is True
    assert found["likely_start"] is None
    assert any("without tax" in note for note in sent.json()["notes"])
    assert not any("without tax" in note for note in small.json()["notes"])


def test_a_start_is_estimated_from_what_runs_and_waits(http: HttpScene) -> None:
    http.warm_node()
    http.submit("owner", command=["sim"], options=["-n", "8", "--time=60"])
    http.start()

    first = checked(http, "-n", "8")
    http.submit("stranger", command=["sim"], options=["-n", "8", "--time=60"])
    second = checked(http, "-n", "8")

    assert http.clock.now_s < first["likely_start"]["at_s"]
    assert first["likely_start"]["at_s"] < second["likely_start"]["at_s"]
    assert "1 job would start before it" in second["likely_start"]["sentence"]


@pytest.mark.parametrize(
    ("option", "word"), [("--hold", "held"), ("--dependency=singleton", "other jobs")]
)
def test_a_start_that_hangs_on_others_is_not_known(http: HttpScene, option: str, word: str) -> None:
    http.warm_node()

    found = checked(http, option)["likely_start"]

    assert found["at_s"] is None
    assert found["sentence"].startswith("Not known")
    assert word in found["sentence"]


def test_trying_needs_no_input_files(http: HttpScene) -> None:
    http.warm_node()
    item = {"path": "mesh", "sha256": "ab" * 32, "size_bytes": 4}
    body = {"command": ["sim"], "inputs": [item]}

    assert http.post("/v1/jobs/check", "owner", json=body).status_code == 200
    assert http.post("/v1/jobs", "owner", json=body).json()["code"] == "file.not_sent"
