"""Indicators over HTTP: from meters, samples and what the operator's file tells."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.access import Role
from domain.refusal import Refused
from tests.support.databases import Databases
from tests.support.http_scene import HttpScene

HOUR_S = 3600.0
FILE = """
[[sites]]
name = "Pool Nord"
it_share = 0.96
it_share_source = "measured on the PDU, March 2026"
water_l_per_kwh = 0
"""


def tariff(tmp_path: Path, text: str = FILE) -> OperatorFile | Refused:
    (tmp_path / "operator.toml").write_text(text)
    return read_operator_file(None, tmp_path)


@pytest.fixture
def told(sqlite_databases: Databases, tmp_path: Path) -> Iterator[HttpScene]:
    """A pool whose boiler told an index every hour for half a day."""
    found = tariff(tmp_path)
    assert isinstance(found, OperatorFile)
    made = HttpScene(sqlite_databases.fresh(), tmp_path / "files", operator_file=found)
    node_id = made.node(made.site())
    for hour in range(13):
        made.read_instruments(
            node_id, heat_register_wh=450 * hour, electricity_register_wh=500 * hour
        )
        made.clock.advance(HOUR_S)
    yield made
    made.close()


def path(http: HttpScene, more: str = "") -> str:
    end_s = http.clock.now_s - HOUR_S
    return f"/v1/heat/indicators?from_s={end_s - 12 * HOUR_S}&to_s={end_s}{more}"


def test_demand_is_not_stretched_over_time_that_nobody_measured(told: HttpScene) -> None:
    end_s = told.clock.now_s
    year = f"/v1/heat/indicators?from_s={end_s - 300 * 86_400}&to_s={end_s + 60 * 86_400}"

    (site,) = told.get(year, "operator").json()["sites"]

    assert site["demand_kwh_estimate"] == pytest.approx(6.5, rel=0.05)


def test_a_site_and_the_fleet(told: HttpScene) -> None:
    document = told.get(path(told), "operator").json()

    (site,) = document["sites"]
    assert (site["metered_heat_kwh"], site["electricity_kwh"]) == (5.4, 6.0)
    assert site["erf"] == pytest.approx(0.9)
    assert site["pue"] == pytest.approx(1 / 0.96, rel=1e-3)
    # The minutes of the last hour before its reading were told by nobody.
    assert site["demand_kwh_estimate"] == pytest.approx(6.0, rel=0.05)
    assert site["coverage_frac"] == pytest.approx(0.9, rel=0.05)
    assert site["capacity_factor"] == pytest.approx(0.5)
    assert site["gaps"] == {
        "tolerance_kwh": "Nobody told the class of the heat meter (`meter describe`)."
    }
    assert document["fleet"]["ere"] == pytest.approx(site["ere"])
    assert document["boiler_factors"]["set_id"] == "gas-dpe-2021"
    assert document["fleet"]["is_simulated"] is True


def test_a_buyer_sees_the_indicators_of_its_sites_only(told: HttpScene) -> None:
    other = told.site("other")
    told.tokens["buyer"] = told.key(Role.BUYER, site_ids=(other,))

    document = told.get(path(told), "buyer").json()

    assert [item["name"] for item in document["sites"]] == ["other"]
    assert told.get(path(told, "&site_id=1"), "buyer").status_code == 404


def test_a_period_must_end_after_it_begins(told: HttpScene) -> None:
    assert told.get("/v1/heat/indicators?from_s=5&to_s=5", "operator").status_code == 422
    assert told.get("/v1/heat/indicators?from_s=nan&to_s=5", "operator").status_code == 422


def test_shares_are_for_the_operator_and_sites_for_the_buyer(told: HttpScene) -> None:
    told.tokens["buyer"] = told.key(Role.BUYER, site_ids=(1,))

    assert told.get("/v1/heat/shares", "buyer").json() == {"by": "site", "shares": []}
    assert told.get("/v1/heat/shares?by=tenant", "buyer").json()["code"] == "key.sites"
    assert told.get("/v1/heat/shares?by=job", "operator").status_code == 200


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('boiler_factors = "peat"', "there is no set 'peat'"),
        ('[[sites]]\nname = "Pool"\nit_share = 0.9', "it_share needs it_share_source"),
        ('[[sites]]\nname = "Pool"\nit_share = 1.9', "less than or equal to 1"),
    ],
)
def test_a_slip_in_the_operators_file_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    found = tariff(tmp_path, text)

    assert isinstance(found, Refused)
    assert sentence in found.sentence
