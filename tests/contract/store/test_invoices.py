"""Invoices on both databases: one for a statement, numbered without gaps, never changed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Executable, delete, update
from sqlalchemy.exc import DBAPIError

from domain.refusal import Refused
from metering.books import invoicing
from metering.books.invoicing import Invoiced
from metering.invoices import published
from metering.invoices.seller import Seller
from metering.invoices.verify import InvoiceVerdict, verify_invoice
from metering.papers.invoice_pdf import attached_xml
from store.append_only import REFUSAL
from store.checks.invariants import look_at_all
from store.statements import invoices, statements
from store.statements.invoice_tables import invoice, invoice_paper
from tests.support.invoices import SELLER
from tests.support.metered import FEBRUARY, JANUARY
from tests.support.scene import Scene
from tests.support.sold import amend, correct, issue, issued, price, sell
from worker.rounds.statements import run_statements

FIRST = "FAC-2026-00001"


@pytest.fixture
def sold(scene: Scene) -> Scene:
    sell(scene)
    return scene


def bill(scene: Scene, number: str, seller: Seller = SELLER) -> Invoiced | Refused:
    with scene.store.transaction() as tx:
        return invoicing.issue(tx, number, seller, "test")


def billed(scene: Scene, number: str) -> str:
    made = bill(scene, number)
    assert not isinstance(made, Refused), made.sentence
    return made.row.number


def files(scene: Scene, number: str) -> tuple[bytes, bytes]:
    """The XML of an invoice, and its statement."""
    with scene.database.read() as connection:
        row = invoices.find_invoice(connection, number)
        assert row is not None
        return (
            invoices.document_of(connection, row.invoice_id),
            statements.document_of(connection, row.statement_id),
        )


def offenders(scene: Scene) -> dict[str, tuple[str, ...]]:
    return {
        item.name: item.offenders
        for item in look_at_all(scene.database, role="scheduler")
        if item.offenders
    }


def corrected(scene: Scene, number: str) -> tuple[str, str]:
    """The credit note and the statement in its place, at another price."""
    assert not isinstance(amend(scene, tariffs=price("90")["tariffs"]), Refused)
    made = correct(scene, number)
    assert not isinstance(made, Refused)
    return made[0].number, made[1].number


def test_an_invoice_follows_from_its_statement_and_is_issued_once(sold: Scene) -> None:
    statement = issued(sold, JANUARY)

    first, again = bill(sold, statement.number), bill(sold, statement.number)
    other_seller = bill(sold, statement.number, replace(SELLER, invoice_prefix="OTHER"))

    assert isinstance(first, Invoiced)
    assert (first.row.number, first.is_new) == (FIRST, True)
    assert isinstance(again, Invoiced)
    assert isinstance(other_seller, Invoiced)
    assert [again.is_new, other_seller.is_new] == [False, False]
    assert again.row == other_seller.row == first.row
    verdict = verify_invoice(*files(sold, FIRST), first.row.digest)
    assert isinstance(verdict, InvoiceVerdict)
    assert verdict.findings == ()
    assert offenders(sold) == {}


def test_what_the_seller_has_not_said_is_named_and_takes_no_number(sold: Scene) -> None:
    number = issued(sold, JANUARY).number

    bare, other = bill(sold, number, Seller()), bill(sold, number, replace(SELLER, siret=None))

    assert isinstance(bare, Refused)
    assert isinstance(other, Refused)
    assert (bare.code, other.code) == ("invoice.seller", "invoice.seller")
    assert "lacks siret:" in other.sentence
    assert billed(sold, number) == FIRST


def test_without_the_extra_an_invoice_is_refused_and_statements_go_on(
    sold: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "find_spec", lambda _: None)

    statement = issued(sold, JANUARY)
    refused = bill(sold, statement.number)

    assert isinstance(refused, Refused)
    assert "pip install 'chaufferie[invoice]'" in refused.sentence


def test_an_attempt_that_is_rolled_back_leaves_no_gap(sold: Scene) -> None:
    number = issued(sold, JANUARY).number

    with pytest.raises(RuntimeError):
        _roll_back(sold, number)

    with sold.database.read() as connection:
        assert invoices.invoices(connection) == []
    assert billed(sold, number) == FIRST
    assert offenders(sold) == {}


def test_many_who_invoice_at_once_leave_no_gap_and_no_double(sold: Scene) -> None:
    numbers = [issued(sold, month).number for month in (JANUARY, FEBRUARY)]

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda place: bill(sold, numbers[place % 2]), range(12)))

    rows = {item.row.number for item in made if isinstance(item, Invoiced)}
    assert [item for item in made if isinstance(item, Refused)] == []
    assert rows == {FIRST, "FAC-2026-00002"}
    assert sum(item.is_new for item in made if isinstance(item, Invoiced)) == 2
    assert offenders(sold) == {}


def test_a_correction_is_a_credit_note_of_the_invoice_and_then_a_new_one(sold: Scene) -> None:
    first = issued(sold, JANUARY).number
    assert billed(sold, first) == FIRST
    note, anew = corrected(sold, first)

    early = bill(sold, anew)
    credit, new = billed(sold, note), billed(sold, anew)

    assert isinstance(early, Refused)
    assert early.code == "invoice.note_first"
    assert note in early.sentence
    assert (credit, new) == ("FAC-2026-00002", "FAC-2026-00003")
    for number in (FIRST, credit, new):
        verdict = verify_invoice(*files(sold, number))
        assert isinstance(verdict, InvoiceVerdict)
        assert verdict.findings == ()
    xml = files(sold, credit)[0].decode()
    assert "<ram:TypeCode>381" in xml
    assert f"<ram:IssuerAssignedID>{FIRST}<" in xml
    assert "<ram:TypeCode>380" in files(sold, new)[0].decode()
    assert offenders(sold) == {}


def test_what_was_taken_back_before_it_was_invoiced_is_not_invoiced(sold: Scene) -> None:
    first = issued(sold, JANUARY).number
    note, anew = corrected(sold, first)

    of_note, of_first = bill(sold, note), bill(sold, first)

    assert isinstance(of_note, Refused)
    assert of_note.code == "invoice.nothing_to_take_back"
    assert isinstance(of_first, Refused)
    assert of_first.code == "invoice.taken_back"
    assert billed(sold, anew) == FIRST


def test_statements_and_invoices_do_not_share_a_series(sold: Scene) -> None:
    number = issued(sold, JANUARY).number

    shared = bill(sold, number, replace(SELLER, invoice_prefix="CHALEUR"))
    assert billed(sold, number) == FIRST
    assert amend(sold, number_prefix="FAC") == 2
    refused = None
    try:
        issued(sold, FEBRUARY)
    except AssertionError as told:
        refused = str(told)

    assert isinstance(shared, Refused)
    assert shared.code == "invoice.series"
    assert refused is not None
    assert "number_prefix" in refused


def test_an_unknown_statement_is_refused(sold: Scene) -> None:
    refused = bill(sold, "NONE-1")

    assert isinstance(refused, Refused)
    assert refused.code == "statement.unknown"


@pytest.mark.parametrize(
    "act",
    [
        update(invoice).values(document="<a/>"),
        delete(invoice),
        update(invoice_paper).values(pdf=b""),
        delete(invoice_paper),
    ],
)
def test_the_database_itself_refuses_to_change_an_invoice(sold: Scene, act: Executable) -> None:
    billed(sold, issued(sold, JANUARY).number)
    assert run_statements(sold.store)["invoices"] == 1

    with pytest.raises(DBAPIError, match=REFUSAL), sold.store.transaction() as tx:
        tx.connection.execute(act)


def test_the_worker_makes_each_pdf_once_with_the_kept_xml_in_it(sold: Scene) -> None:
    billed(sold, issued(sold, JANUARY).number)

    rounds = [run_statements(sold.store)["invoices"] for _ in range(2)]
    with sold.database.read() as connection:
        row = invoices.find_invoice(connection, FIRST)
        assert row is not None
        pdf = invoices.pdf_of(connection, row.invoice_id)
    with sold.store.transaction() as tx:
        invoices.keep_pdf(tx, row.invoice_id, b"another worker's")
        assert invoices.pdf_of(tx.connection, row.invoice_id) == pdf

    assert rounds == [1, 0]
    assert row.has_pdf
    assert pdf is not None
    assert attached_xml(pdf) == files(sold, FIRST)[0]


acts = st.lists(st.sampled_from(["issue", "bill", "roll back", "correct"]), min_size=3, max_size=8)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=acts)
def test_whatever_is_done_in_whatever_order_numbers_have_no_gap(
    sold: Scene, wanted: Sequence[str]
) -> None:
    with sold.store.transaction() as tx:
        known = [item.number for item in statements.statements(tx.connection)]
    for place, act in enumerate(wanted):
        if act == "issue":
            made = issue(sold, JANUARY) if not known else None
            known += [] if made is None or isinstance(made, Refused) else [made.number]
        elif act == "bill" and known:
            bill(sold, known[place % len(known)])
        elif act == "roll back" and known:
            with pytest.raises(RuntimeError):
                _roll_back(sold, known[-1])
        elif act == "correct" and known:
            amend(sold, tariffs=price(str(80 + len(known)))["tariffs"])
            pair = correct(sold, known[-1])
            known += [] if isinstance(pair, Refused) else [item.number for item in pair]

    with sold.database.read() as connection:
        numbers = [item.number for item in invoices.invoices(connection)]
    assert numbers == [f"FAC-2026-{place:05d}" for place in range(1, len(numbers) + 1)]
    assert "statement-numbers" not in offenders(sold)


def _roll_back(scene: Scene, number: str) -> None:
    """The machine goes down before the commit."""
    with scene.store.transaction() as tx:
        invoicing.issue(tx, number, SELLER, "test")
        raise RuntimeError("before the commit")
