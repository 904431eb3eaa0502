"""Contracts and statements over HTTP: who sees them, in which forms, and what is refused how."""

from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select

from domain.access import Role
from domain.calendar.months import after, begin_of
from domain.registers.declaration import Act, Declaration, Evidence
from metering.keeping.closing import close_month
from metering.statements.verify import verify
from store.ledger.meters import declare, known_meters
from store.tables.installation import audit
from tests.support.http_scene import HttpScene
from tests.support.metered import FEBRUARY, JANUARY, MARCH
from tests.support.sold import REFERENCE, TOWN
from tests.support.statements import contract_terms
from worker.rounds.statements import run_statements

CONTRACTS, STATEMENTS = "/v1/contracts", "/v1/statements"
FIRST = "CHALEUR-2026-00001"
CHEAPER = contract_terms(tariffs=[{"valid_from": "2026-01-01", "price_per_mwh": "90"}])


@pytest.fixture
def sold(http: HttpScene) -> HttpScene:
    """A real boiler whose heat is sold to a town, read at the edges of January and February."""
    http.clock.now_s = begin_of(JANUARY)
    site_id = http.site()
    node_id = http.node(site_id, is_simulated=False, max_power_w=5_000.0)
    for number, month in enumerate((JANUARY, FEBRUARY, MARCH), start=1):
        http.clock.now_s = begin_of(month)
        http.read_instruments(
            node_id,
            heat_register_wh=1_000_000 * number,
            electricity_register_wh=1_000_000 * number,
            simulated=False,
        )
    _confirm(http)
    described = {key: value for key, value in asdict(TOWN).items() if value is not None}
    town = http.post("/v1/collectivities", "operator", json=described).json()["collectivity_id"]
    assert http.put(f"/v1/collectivities/{town}/sites/{site_id}", "operator").status_code == 200
    added = http.post(CONTRACTS, "operator", json=contract_terms())
    assert added.status_code == 201, added.text
    http.tokens["buyer"] = http.key(Role.BUYER, site_ids=(site_id,))
    http.tokens["neighbour"] = http.key(Role.BUYER, site_ids=(http.site("other"),))
    return http


def _confirm(http: HttpScene) -> None:
    """A person looked at the display of every meter."""
    evidence = Evidence(note="seen")
    with http.store.transaction() as tx:
        for known in known_meters(tx.connection):
            seen = Declaration(
                act=Act.CONFIRM, at_s=tx.now_s, index_wh=3_000_000, evidence=evidence, actor="test"
            )
            declare(tx, known.facts.meter_id, seen)


def _close(http: HttpScene, month: int) -> None:
    http.clock.now_s = max(http.clock.now_s, begin_of(after(month)) + 86_400.0)
    assert isinstance(close_month(http.store, 1, month, "test"), int)


def _issue(http: HttpScene, month: str = "2026-01", who: str = "operator") -> Any:  # noqa: ANN401
    return http.post(f"{CONTRACTS}/{REFERENCE}/statements", who, json={"month": month})


@pytest.fixture
def issued(sold: HttpScene) -> HttpScene:
    _close(sold, JANUARY)
    answer = _issue(sold)
    assert answer.status_code == 201, answer.text
    return sold


def test_a_contract_comes_back_as_it_was_sent(sold: HttpScene) -> None:
    shown = sold.get(f"{CONTRACTS}/{REFERENCE}", "operator").json()

    assert shown["terms"]["tariffs"][0]["price_per_mwh"] == "95.10"
    assert (shown["version"], shown["collectivity"]) == (1, TOWN.name)
    assert shown["next_month"] == "2026-01"


def test_a_statement_is_issued_listed_and_given_in_every_form(issued: HttpScene) -> None:
    (listed,) = issued.get(STATEMENTS, "operator").json()["statements"]
    forms = {
        form: issued.get(f"{STATEMENTS}/{FIRST}/document?form={form}&language=en", "operator")
        for form in ("json", "csv", "html")
    }

    assert (listed["number"], listed["state"], listed["month"]) == (FIRST, "issued", "2026-01")
    assert listed["energy_wh"] == 1_000_000
    verdict = verify(forms["json"].content, expected_digest=listed["digest_sha256"])
    assert getattr(verdict, "findings", None) == ()
    assert forms["csv"].text.splitlines()[1].startswith("Pool Nord;H-1;heat;2026-01-01T00:00:00")
    assert forms["html"].headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in forms["html"].headers["content-security-policy"]
    assert FIRST in forms["html"].text
    assert f'filename="{FIRST}.json"' in forms["json"].headers["content-disposition"]


def test_the_pdf_is_there_once_the_worker_made_it(issued: HttpScene) -> None:
    address = f"{STATEMENTS}/{FIRST}/document?form=pdf"
    before = issued.get(address, "buyer")
    run_statements(issued.store)
    there = issued.get(address, "buyer")

    assert (before.status_code, before.json()["code"]) == (409, "pdf.not_made")
    assert there.status_code == 200
    assert there.headers["content-type"] == "application/pdf"
    assert there.content.startswith(b"%PDF-")


def test_a_draft_is_shown_to_the_operator_alone(sold: HttpScene) -> None:
    _close(sold, JANUARY)
    address = f"{CONTRACTS}/{REFERENCE}/draft"
    absent = sold.get(address, "operator")
    made = sold.post(address, "operator")

    assert absent.status_code == 404
    assert made.json()["month"] == "2026-01"
    assert sold.get(address, "operator").json()["number"] is None
    assert "ne pas payer" in sold.get(f"{address}?form=html", "operator").text
    assert sold.get(f"{address}?form=pdf", "operator").json()["code"] == "pdf.draft"
    assert sold.get(address, "buyer").json()["code"] == "key.scope"
    assert sold.get(STATEMENTS, "buyer").json() == {"statements": []}


def test_a_buyer_sees_its_own_and_issues_nothing(issued: HttpScene) -> None:
    own = [issued.get(path, "buyer").status_code for path in _paths()]
    foreign = [issued.get(path, "neighbour").status_code for path in _paths()]

    assert own == [200] * 3
    assert foreign == [404] * 3
    assert issued.get(STATEMENTS, "neighbour").json() == {"statements": []}
    assert issued.get(CONTRACTS, "neighbour").json() == {"contracts": []}
    assert issued.get(f"{STATEMENTS}?contract={REFERENCE}", "neighbour").status_code == 404
    assert _issue(issued, "2026-02", "buyer").status_code == 403
    assert issued.get(STATEMENTS, "owner").status_code == 403


def _paths() -> list[str]:
    return [
        f"{CONTRACTS}/{REFERENCE}",
        f"{STATEMENTS}/{FIRST}",
        f"{STATEMENTS}/{FIRST}/document?form=html",
    ]


def test_what_cannot_be_issued_is_refused_and_takes_no_number(sold: HttpScene) -> None:
    open_month = _issue(sold)
    _close(sold, JANUARY)
    wrong = [_issue(sold, month) for month in ("2026-02", "2026-13", "january")]
    nobody = sold.post(f"{CONTRACTS}/NOT-1/statements", "operator", json={"month": "2026-01"})

    assert (open_month.status_code, open_month.json()["code"]) == (422, "ledger.month_open")
    assert [item.status_code for item in wrong] == [409, 422, 422]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "contract.unknown")
    assert _issue(sold).json()["number"] == FIRST
    assert _issue(sold).json()["code"] == "statement.order"


def test_a_correction_gives_a_credit_note_and_a_new_statement(issued: HttpScene) -> None:
    nothing = issued.post(f"{STATEMENTS}/{FIRST}/correction", "operator", json={"reason": "?"})
    amended = issued.put(
        f"{CONTRACTS}/{REFERENCE}", "operator", json={"reason": "avenant 1", "terms": CHEAPER}
    )
    made = issued.post(
        f"{STATEMENTS}/{FIRST}/correction", "operator", json={"reason": "wrong price"}
    )

    assert nothing.json()["code"] == "statement.same"
    assert amended.json() == {"reference": REFERENCE, "version": 2}
    assert made.json() == {"credit_note": "CHALEUR-2026-00002", "statement": "CHALEUR-2026-00003"}
    listed = issued.get(STATEMENTS, "buyer").json()["statements"]
    assert [(item["kind"], item["state"], item["corrects"]) for item in listed] == [
        ("statement", "corrected", None),
        ("credit-note", "issued", FIRST),
        ("statement", "issued", FIRST),
    ]


def test_the_year_is_a_sheet_with_heat_and_electricity_apart(issued: HttpScene) -> None:
    address = f"{CONTRACTS}/{REFERENCE}/years"
    french = issued.get(f"{address}/2026", "buyer")
    english = issued.get(f"{address}/2026?language=en", "buyer").text.splitlines()

    assert french.text.startswith("\ufeffyear;entity;siret;site;energy;kwh;meter;")
    assert "électricité des serveurs" in french.text
    assert "1000,000" in french.text
    assert english[1].startswith("2026;Ville de Bains-les-Eaux;21750001600019;Pool Nord;heat;1000.")
    assert "incomplete" in english[1]
    assert "not said in the contract" in english[2]
    assert issued.get(f"{address}/2019", "buyer").json()["code"] == "contract.year"
    assert issued.get(f"{address}/2026", "neighbour").status_code == 404


def test_acts_bear_the_key_of_who_did_them(issued: HttpScene) -> None:
    with issued.database.read() as connection:
        query = select(audit.c.actor).where(audit.c.action == "statement.statement")
        (actor,) = connection.execute(query).scalars()

    assert actor.startswith("key/")


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"heat_vat": None}, 422, "heat_vat"),
        ({"tariffs": [{"valid_from": "2026-01-01", "price_per_mwh": "NaN"}]}, 422, "price_per_mwh"),
        ({"deliveries": [{"site_id": 2**70}]}, 422, "site_id"),
        ({"reference": "../1"}, 422, "Reference"),
        ({"surprise": 1}, 422, "surprise"),
        ({"reference": "M-2"}, 409, "sold by contract"),
        ({}, 409, "already"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_by_its_field(
    sold: HttpScene, changed: dict[str, Any], status: int, said: str
) -> None:
    answer = sold.post(CONTRACTS, "operator", json=contract_terms(**changed))

    assert answer.status_code == status, answer.text
    assert said in answer.json()["title"]


def test_the_terms_of_another_contract_are_no_amendment(sold: HttpScene) -> None:
    body = {"reason": "x", "terms": contract_terms(reference="M-2")}

    answer = sold.put(f"{CONTRACTS}/{REFERENCE}", "operator", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "contract.fixed")
