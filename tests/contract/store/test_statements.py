"""Contracts and statements on both databases: numbered without gaps, never changed, corrected."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Executable, delete, select, update
from sqlalchemy.exc import DBAPIError

from domain.calendar.months import begin_of
from domain.refusal import Refused
from metering.books import drafting, yearly
from metering.books.issuing import Issued
from metering.books.recomputing import differing
from metering.statements.canonical import canonical
from metering.statements.verify import verify
from store.append_only import REFUSAL
from store.checks.invariants import look_at_all
from store.contracts import contracts
from store.contracts.contract_tables import contract_version
from store.statements import drafts, papers, statements
from store.statements.statement_tables import statement, statement_series
from store.tables.installation import audit
from tests.support.builders import node_spec
from tests.support.indexes import index_file, taken
from tests.support.metered import (
    ELECTRICITY_WH,
    FEBRUARY,
    HEAT_WH,
    HOUR_S,
    JANUARY,
    MARCH,
    REAL,
    close,
    confirm,
    hourly,
    tell,
)
from tests.support.scene import Scene
from tests.support.sold import (
    REFERENCE,
    add,
    amend,
    correct,
    give_town,
    issue,
    issued,
    price,
    row,
    sell,
)
from tests.support.statements import VAT
from worker.rounds.statements import run_statements

JANUARY_WH = 31 * 24 * HEAT_WH


@pytest.fixture
def sold(scene: Scene) -> Scene:
    sell(scene)
    return scene


def _is_sound(scene: Scene) -> bool:
    findings = look_at_all(scene.database, role="scheduler")
    return [item.offenders for item in findings if item.name.startswith("statement")] == [()] * 3


def test_the_statement_of_a_closed_month_is_what_the_ledger_says(sold: Scene) -> None:
    made = issued(sold, JANUARY)

    (line,) = made.document["lines"]
    assert made.number == "CHALEUR-2026-00001"
    assert (line["from_index_wh"], line["to_index_wh"]) == (100_000, 100_000 + JANUARY_WH)
    assert made.document["totals"]["energy_wh"] == JANUARY_WH
    assert made.document["issued_on"] == "2026-03-15"
    with sold.database.read() as connection:
        (kept,) = statements.statements(connection)
        data = statements.document_of(connection, kept.statement_id)
    assert data == canonical(made.document)
    assert (kept.digest, kept.is_corrected) == (made.document["digest_sha256"], False)
    verdict = verify(data)
    assert not isinstance(verdict, Refused)
    assert verdict.findings == ()
    assert _is_sound(sold)


def test_a_month_that_is_open_is_not_issued_and_takes_no_number(sold: Scene) -> None:
    refused = issue(sold, JANUARY)

    assert isinstance(refused, Refused)
    assert refused.code == "ledger.month_open"
    assert issued(sold, JANUARY).number == "CHALEUR-2026-00001"


def test_statements_are_issued_once_and_in_order(sold: Scene) -> None:
    for month in (JANUARY, FEBRUARY):
        close(sold, month)

    early = issue(sold, FEBRUARY)
    first = issue(sold, JANUARY)
    again = issue(sold, JANUARY)
    second = issue(sold, FEBRUARY)

    assert isinstance(early, Refused)
    assert "2026-01" in early.sentence
    assert isinstance(again, Refused)
    assert isinstance(first, Issued)
    assert isinstance(second, Issued)
    assert second.number == "CHALEUR-2026-00002"
    assert [item["number"] for item in second.document["year"]["earlier"]] == [first.number]
    assert second.document["year"]["before_wh"] == JANUARY_WH


def test_a_contract_without_its_routing_issues_nothing(scene: Scene) -> None:
    sell(scene, routing={"service_code": "PISCINES"})
    close(scene, JANUARY)

    refused = issue(scene, JANUARY)

    assert isinstance(refused, Refused)
    assert refused.code == "contract.routing"
    assert "engagement_number" in refused.sentence
    assert amend(scene) == 2
    made = issue(scene, JANUARY)
    assert isinstance(made, Issued)
    assert made.number == "CHALEUR-2026-00001"  # the refusal took none
    assert made.document["contract"]["version"] == 2


def test_heat_of_a_simulated_meter_never_enters_a_statement(scene: Scene) -> None:
    node_id = scene.node(spec=node_spec())
    scene.clock.now_s = 1_773_500_000.0
    begin = hourly(node_id, 1_767_222_000.0, 73 * 24)
    tell(scene, [replace(item, simulated=True) for item in begin])
    confirm(scene, f"H-{node_id}")
    give_town(scene)
    assert not isinstance(add(scene), Refused)
    close(scene, JANUARY)

    refused = issue(scene, JANUARY)

    assert isinstance(refused, Refused)
    assert refused.code == "meter.simulated"
    assert run_statements(scene.store)["drafts"] == 0


def test_a_correction_is_a_credit_note_and_a_new_statement(sold: Scene) -> None:
    first = issued(sold, JANUARY)
    assert amend(sold, tariffs=price("90")["tariffs"]) == 2

    made = correct(sold, first.number)

    assert not isinstance(made, Refused)
    note, anew = made
    assert (note.number, anew.number) == ("CHALEUR-2026-00002", "CHALEUR-2026-00003")
    assert note.document["totals"]["incl_vat"] == "-" + first.document["totals"]["incl_vat"]
    assert note.document["corrects"]["digest_sha256"] == first.document["digest_sha256"]
    assert anew.document["price"]["per_mwh"] == "90"
    assert anew.document["corrects"]["number"] == first.number
    assert [line["to_index_wh"] for line in anew.document["lines"]] == [
        line["to_index_wh"] for line in first.document["lines"]
    ]
    with sold.database.read() as connection:
        kept = statements.statements(connection)
        held = statements.standing(connection, row(sold).contract_id)
        untouched = statements.document_of(connection, kept[0].statement_id)
    assert [item.is_corrected for item in kept] == [True, False, False]
    assert [item.number for item in held] == [anew.number]
    assert untouched == canonical(first.document)
    for document in (note.document, anew.document):
        verdict = verify(canonical(document))
        assert not isinstance(verdict, Refused)
        assert verdict.findings == ()
    assert _is_sound(sold)


def test_what_was_corrected_or_takes_something_back_is_not_corrected(sold: Scene) -> None:
    first = issued(sold, JANUARY)
    amend(sold, tariffs=price("90")["tariffs"])
    made = correct(sold, first.number)
    assert not isinstance(made, Refused)

    refused = [correct(sold, number) for number in (first.number, made[0].number, "NONE-1")]

    codes = [item.code for item in refused if isinstance(item, Refused)]
    assert codes == ["statement.corrected", "statement.corrected", "statement.unknown"]
    amend(sold, reason="avenant 2")
    assert not isinstance(correct(sold, made[1].number), Refused)
    assert _is_sound(sold)


def test_a_correction_that_would_change_nothing_is_refused(sold: Scene) -> None:
    first = issued(sold, JANUARY)
    later = [*price("95.10")["tariffs"], {"valid_from": "2030-01-01", "price_per_mwh": "99"}]
    amend(sold, tariffs=later)

    refused = correct(sold, first.number)

    assert isinstance(refused, Refused)
    assert refused.code == "statement.same"


def test_the_next_month_counts_what_holds_and_not_what_was_taken_back(sold: Scene) -> None:
    first = issued(sold, JANUARY)
    amend(sold, tariffs=price("90")["tariffs"])
    made = correct(sold, first.number)
    assert not isinstance(made, Refused)

    second = issued(sold, FEBRUARY)

    assert [item["number"] for item in second.document["year"]["earlier"]] == [made[1].number]
    assert second.document["year"]["before_wh"] == JANUARY_WH


@pytest.mark.parametrize(
    "act",
    [
        update(statement).values(document="{}"),
        update(statement).values(number="X-1"),
        delete(statement),
        update(contract_version).values(terms="{}"),
        delete(contract_version),
    ],
)
def test_the_database_itself_refuses_to_change_what_was_issued(
    sold: Scene, act: Executable
) -> None:
    issued(sold, JANUARY)

    with pytest.raises(DBAPIError, match=REFUSAL), sold.store.transaction() as tx:
        tx.connection.execute(act)


def test_doctor_finds_a_gap_in_a_series(sold: Scene) -> None:
    issued(sold, JANUARY)
    with sold.store.transaction() as tx:
        tx.connection.execute(update(statement_series).values(last=2))

    findings = {item.name: item.offenders for item in look_at_all(sold.database, role="scheduler")}

    assert findings["statement-numbers"] == ("CHALEUR-2026",)


def test_two_who_issue_at_once_issue_once_and_leave_no_gap(sold: Scene) -> None:
    close(sold, JANUARY)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: issue(sold, JANUARY), range(4)))

    numbers = [item.number for item in made if isinstance(item, Issued)]
    assert numbers == ["CHALEUR-2026-00001"]
    assert issued(sold, FEBRUARY).number == "CHALEUR-2026-00002"
    assert _is_sound(sold)


def test_the_worker_drafts_the_next_month_once_however_late_and_often(sold: Scene) -> None:
    for month in (JANUARY, FEBRUARY):
        close(sold, month)

    first = drafting.draft_all(sold.store)
    again = drafting.draft_all(sold.store)
    contract_id = row(sold).contract_id
    with sold.database.read() as connection:
        january = drafts.draft_of(connection, contract_id)
    issue(sold, JANUARY)
    after_issue = drafting.draft_all(sold.store)
    with sold.database.read() as connection:
        february = drafts.draft_of(connection, contract_id)

    assert (first, again, after_issue) == (1, 0, 1)
    assert january is not None
    assert february is not None
    assert (january.month, february.month) == (JANUARY, FEBRUARY)


def test_an_amended_contract_is_drafted_anew(sold: Scene) -> None:
    close(sold, JANUARY)
    drafting.draft_all(sold.store)
    amend(sold, tariffs=price("90")["tariffs"])

    assert drafting.draft_all(sold.store) == 1
    with sold.database.read() as connection:
        draft = drafts.draft_of(connection, row(sold).contract_id)
    assert draft is not None
    assert b'"price_per_mwh":"90"' in draft.document


def test_the_worker_makes_each_pdf_once(sold: Scene) -> None:
    issued(sold, JANUARY)

    first, again = run_statements(sold.store), run_statements(sold.store)

    assert (first["pdfs"], again["pdfs"]) == (2, 0)
    with sold.database.read() as connection:
        (kept,) = statements.statements(connection)
        french = papers.pdf_of(connection, kept.statement_id, "fr")
    assert french is not None
    assert french.startswith(b"%PDF-")


def test_every_act_stands_in_the_audit_trail(sold: Scene) -> None:
    first = issued(sold, JANUARY)
    amend(sold, tariffs=price("90")["tariffs"])
    correct(sold, first.number)

    with sold.database.read() as connection:
        query = select(audit.c.action).order_by(audit.c.id)
        acts = [item for item in connection.execute(query).scalars() if "." in item]
    assert [item for item in acts if item.startswith(("contract.", "statement."))] == [
        "contract.add",
        "statement.statement",
        "contract.amend",
        "statement.credit-note",
        "statement.statement",
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "contract.exists"),
        ({"reference": "M-2"}, "contract.overlap"),
        ({"reference": "M-2", "deliveries": [{"site_id": 77}]}, "site.unknown"),
        (
            {
                "reference": "M-2",
                "buyer": {"name": "Autre", "address": "-", "siret": "73282932000074"},
            },
            "contract.buyer",
        ),
    ],
)
def test_a_contract_that_cannot_be_beside_the_others_is_refused(
    sold: Scene, changed: dict[str, Any], code: str
) -> None:
    refused = add(sold, **changed)

    assert isinstance(refused, Refused)
    assert refused.code == code


def test_a_site_of_nobody_is_not_sold_to_this_town(sold: Scene) -> None:
    sold.node("other")

    refused = add(sold, reference="M-2", deliveries=[{"site_id": 2}])

    assert isinstance(refused, Refused)
    assert refused.code == "contract.site"


def test_once_a_delivery_ends_another_contract_may_sell_the_site(sold: Scene) -> None:
    assert amend(sold, deliveries=[{"site_id": 1, "until": "2026-07-01"}]) == 2

    added = add(
        sold,
        reference="M-2",
        starts_on="2026-07-01",
        tariffs=[{"valid_from": "2026-07-01", "price_per_mwh": "80"}],
    )

    assert not isinstance(added, Refused)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "contract.same"),
        (
            {
                "starts_on": "2026-02-01",
                "tariffs": [{"valid_from": "2026-02-01", "price_per_mwh": "1"}],
            },
            "contract.fixed",
        ),
        ({"reference": "M-9"}, "contract.unknown"),
    ],
)
def test_what_cannot_be_amended_is_refused(sold: Scene, changed: dict[str, Any], said: str) -> None:
    refused = amend(sold, **changed)

    assert isinstance(refused, Refused)
    assert refused.code == said


def test_who_may_see_some_sites_sees_the_contracts_of_these_alone(sold: Scene) -> None:
    issued(sold, JANUARY)

    with sold.database.read() as connection:
        mine = contracts.contracts(connection, site_ids=(1, 5))
        none = contracts.contracts(connection, site_ids=(5,))
        seen = statements.statements(connection, site_ids=(1,))
        unseen = statements.statements(connection, site_ids=())
        hidden = statements.find_statement(connection, "CHALEUR-2026-00001", site_ids=(5,))

    assert [item.reference for item in mine] == [REFERENCE]
    assert none == []
    assert len(seen) == 1
    assert unseen == []
    assert hidden is None


def test_months_before_the_first_meter_have_statements_of_nothing(scene: Scene) -> None:
    tariffs = [{"valid_from": "2025-11-01", "price_per_mwh": "95.10"}]
    sell(scene, starts_on="2025-11-01", tariffs=tariffs)
    before = issue(scene, 202511)
    close(scene, JANUARY)

    made = [issue(scene, month) for month in (202511, 202512, JANUARY)]

    assert isinstance(before, Refused)  # nothing is closed yet, so that nothing is known
    totals = [item.document["totals"] for item in made if isinstance(item, Issued)]
    assert [item["energy_wh"] for item in totals] == [0, 0, JANUARY_WH]
    assert _is_sound(scene)


def test_heat_in_quarantine_and_meters_without_a_line_are_on_the_statement(sold: Scene) -> None:
    """A file in another unit, and a second machine whose meter nobody has looked at."""
    taken(sold, index_file(hourly(1, begin_of(JANUARY), 48), factor=1000))
    other = sold.node("second", spec=REAL, site_id=1)
    tell(sold, hourly(other, begin_of(JANUARY), 60 * 24))
    quiet = sold.node("third", spec=REAL, site_id=1)
    tell(sold, hourly(quiet, begin_of(FEBRUARY) + HOUR_S, 10))

    made = issued(sold, JANUARY)

    (case,) = made.document["meters"]["in_quarantine"]
    assert (case["meter"], case["rows"], case["most_wh"]) == ("H-1", 48, 0)
    assert case["reasons"][0] == "against_node"
    assert made.document["meters"]["without_line"] == [
        {"site_id": 1, "meter": "H-2", "why": "unconfirmed"},
        {"site_id": 1, "meter": "H-3", "why": "silent"},
    ]
    verdict = verify(canonical(made.document))
    assert not isinstance(verdict, Refused)
    assert verdict.findings == ()
    with sold.database.read() as connection:
        assert differing(connection, row(sold), [1]) is None


def test_what_cannot_be_counted_is_on_the_statement_as_what_it_is_at_most(sold: Scene) -> None:
    """The register went back in the middle of March, and nobody has said why."""
    issued(sold, JANUARY)
    sold.clock.now_s = begin_of(MARCH) + 22 * 24 * HOUR_S
    begin_s = begin_of(MARCH) + 14 * 24 * HOUR_S
    tell(sold, hourly(1, begin_s, 24 * 5, first_seq=73 * 24 + 1, heat_wh=1000))
    for month in (FEBRUARY, MARCH):
        close(sold, month)
    february, march = issue(sold, FEBRUARY), issue(sold, MARCH)
    assert isinstance(february, Issued)
    assert isinstance(march, Issued)

    assert february.document["meters"]["in_quarantine"] == []
    (case,) = march.document["meters"]["in_quarantine"]
    assert case["reasons"] == ["went_back"]
    assert case["most_wh"] > 24 * 4 * 1000


def test_the_year_of_a_contract_is_the_sum_of_its_closed_months(scene: Scene) -> None:
    node_id = sell(scene, deliveries=[{"site_id": 1, "is_behind_buyers_meter": True}])
    with scene.database.read() as connection:
        nothing = yearly.year_of(connection, row(scene), 2026)
    confirm(scene, f"E-{node_id}", 0)
    for month in (JANUARY, FEBRUARY):
        close(scene, month)

    with scene.database.read() as connection:
        found = yearly.year_of(connection, row(scene), 2026)
        before = yearly.year_of(connection, row(scene), 2025)

    assert not isinstance(found, Refused)
    heat, electricity = found
    assert heat.energy_wh == (31 + 28) * 24 * HEAT_WH
    assert heat.first is not None
    assert heat.last is not None
    assert heat.energy_wh == heat.last.to_index_wh - heat.first.from_index_wh
    assert (heat.months_closed, heat.months_sold) == (2, 12)
    assert (heat.is_on_buyers_bill, electricity.is_on_buyers_bill) == (None, True)
    assert electricity.energy_wh == (31 + 28) * 24 * ELECTRICITY_WH
    assert isinstance(before, Refused)
    assert not isinstance(nothing, Refused)
    assert [item.energy_wh for item in nothing] == [None, None]


def test_a_minimum_is_settled_with_the_year_of_the_contract(scene: Scene) -> None:
    clause = {"mwh_per_year": "10", "effect": "supplier-pays", "price_per_mwh": "50", "vat": VAT}
    sell(scene, years=1, minimum=clause)
    (*_, made) = (issued(scene, month) for month in range(202601, 202613))

    delivered_wh = made.document["year"]["with_this_wh"]
    (charge,) = made.document["charges"]
    assert charge["quantity_wh"] == 10_000_000 - delivered_wh
    assert charge["amount"].startswith("-")
    beyond = issue(scene, 202701)
    assert isinstance(beyond, Refused)
    assert beyond.code == "contract.month"
