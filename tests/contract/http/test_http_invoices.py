"""Invoices over HTTP and on the town's pages: who issues, who reads, what is refused how."""

# ruff: noqa: F811 - fixtures come from beside the tests of statements

from dataclasses import replace

import pytest

from api.billing.operator_file import OperatorFile
from metering.invoices import published
from metering.invoices.seller import Seller
from metering.invoices.verify import InvoiceVerdict, verify_invoice
from metering.papers.invoice_pdf import attached_xml
from metering.papers.pdf import attached_json
from tests.contract.http.test_http_statements import FIRST, issued, sold  # noqa: F401 - fixtures
from tests.contract.http.test_town_statements import person_of
from tests.support.http_scene import HttpScene
from tests.support.invoices import SELLER
from worker.rounds.statements import run_statements

INVOICES, NUMBER = "/v1/invoices", "FAC-2026-00001"


@pytest.fixture
def seller(issued: HttpScene) -> HttpScene:
    """The same, where the operator has said who sells."""
    issued.services.operator_file = OperatorFile(seller=SELLER)
    return issued


def test_an_invoice_is_issued_once_listed_and_read_by_either_number(seller: HttpScene) -> None:
    made = seller.post(INVOICES, "operator", json={"statement": FIRST})
    again = seller.post(INVOICES, "operator", json={"statement": FIRST})
    (listed,) = seller.get(INVOICES, "buyer").json()["invoices"]
    of_contract = seller.get(f"{INVOICES}?contract=M-2026-17", "operator").json()["invoices"]

    assert (made.status_code, again.status_code) == (201, 200)
    assert (made.json()["number"], made.json()["statement"]) == (NUMBER, FIRST)
    assert (made.json()["is_new"], again.json()["is_new"]) == (True, False)
    assert of_contract == [listed]
    assert seller.get(f"{INVOICES}/{FIRST}", "buyer").json() == listed
    assert seller.get(f"{INVOICES}/{NUMBER}", "buyer").json() == listed
    assert listed["profile"] == "extended"


def test_its_files_are_those_that_were_kept(seller: HttpScene) -> None:
    made = seller.post(INVOICES, "operator", json={"statement": FIRST}).json()
    path = f"{INVOICES}/{NUMBER}/document"

    early = seller.get(path, "buyer")
    run_statements(seller.store)
    pdf, xml = seller.get(path, "buyer"), seller.get(f"{path}?form=xml", "buyer")

    assert (early.status_code, early.json()["code"]) == (409, "pdf.not_made")
    assert pdf.headers["content-disposition"] == f'attachment; filename="{NUMBER}.pdf"'
    assert xml.headers["content-type"].startswith("application/xml")
    assert attached_xml(pdf.content) == xml.content
    statement = attached_json(pdf.content)
    assert isinstance(statement, bytes)
    verdict = verify_invoice(xml.content, statement, made["digest_sha256"])
    assert isinstance(verdict, InvoiceVerdict)
    assert verdict.findings == ()


def test_who_sees_no_statement_sees_no_invoice_and_only_an_operator_issues(
    seller: HttpScene,
) -> None:
    forbidden = seller.post(INVOICES, "buyer", json={"statement": FIRST})
    seller.post(INVOICES, "operator", json={"statement": FIRST})

    assert forbidden.status_code == 403
    assert seller.get(INVOICES, "neighbour").json()["invoices"] == []
    assert seller.get(f"{INVOICES}/{NUMBER}", "neighbour").status_code == 404
    assert seller.get(f"{INVOICES}/{NUMBER}/document?form=xml", "neighbour").status_code == 404
    assert seller.get(INVOICES, "owner").status_code == 403


def test_refusals_have_a_code_and_take_no_number(
    seller: HttpScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(statement: str = FIRST) -> tuple[int, str]:
        got = seller.post(INVOICES, "operator", json={"statement": statement})
        return got.status_code, got.json()["code"]

    unknown, of_no_form = answer("NONE-1"), answer("../x")
    seller.services.operator_file = OperatorFile(seller=Seller())
    bare = answer()
    seller.services.operator_file = OperatorFile(
        seller=replace(SELLER, siret="21750001600019", vat_number=None)
    )
    lacking = answer()
    seller.services.operator_file = OperatorFile(seller=SELLER)
    with monkeypatch.context() as patch:
        patch.setattr(published, "find_spec", lambda _: None)
        unavailable = answer()

    assert unknown == (404, "statement.unknown")
    assert of_no_form[0] == 422
    assert bare == (422, "invoice.seller")
    assert lacking == (422, "invoice.seller")
    assert unavailable == (409, "invoice.unavailable")
    assert seller.get(f"{INVOICES}?contract=NONE", "operator").status_code == 404
    assert seller.post(INVOICES, "operator", json={"statement": FIRST}).status_code == 201
    assert seller.get(INVOICES, "operator").json()["invoices"][0]["number"] == NUMBER


def test_the_town_downloads_it_beside_the_statement(seller: HttpScene) -> None:
    person = person_of(seller)
    path = f"/town/statements/{FIRST}"

    before, absent = person.read(path), person.get(f"{path}/invoice?form=xml")
    made = seller.post(INVOICES, "operator", json={"statement": FIRST}).json()
    being_made, early = person.read(path), person.get(f"{path}/invoice")
    run_statements(seller.store)
    after = person.read(path)
    pdf, xml = person.get(f"{path}/invoice"), person.get(f"{path}/invoice?form=xml")

    assert "Factur-X" not in before
    assert absent.status_code == 404
    assert f"Invoice {NUMBER} (Factur-X)" in being_made
    assert "being made" in being_made
    assert early.status_code == 404
    assert f"{path}/invoice?form=pdf" in after
    assert made["digest_sha256"] in after
    assert attached_xml(pdf.content) == xml.content
