"""Invoices of every kind before the published schema and rules; spoiled ones refused with a reason.

No checker of Chorus Pro has seen one: the first operator must show it a file.
"""

import hashlib
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from domain.refusal import Refused
from metering.invoices import published
from metering.invoices.invoice import Profile
from metering.invoices.reading import profile_of, values_of
from metering.invoices.verify import InvoiceVerdict, verify_invoice
from metering.papers.invoice_pdf import XML_ATTACHMENT, attached_xml, write_invoice_pdf
from metering.papers.pdf import ATTACHMENT, attached_json
from tests.support.command_line import PROGRAM
from tests.support.invoices import NUMBER, document_of, invoice_files, of_every_kind

PATIENCE_S = 120.0
OTHER_ACCOUNT = b"FR1420041010050500013M02606"
NO_EXTRA = """
import sys
sys.modules["facturx"] = None
from importlib.machinery import PathFinder
found = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name == "facturx" else found(name, *rest)
)
del sys.modules["facturx"]
sys.argv = ["metering", "verify-invoice", *sys.argv[1:]]
from metering.__main__ import main
sys.exit(main())
"""


def _profile(xml: bytes) -> Profile:
    values = values_of(xml)
    assert not isinstance(values, Refused)
    found = profile_of(values)
    assert not isinstance(found, Refused)
    return found


def _findings(xml: bytes, statement: bytes | None) -> tuple[str, ...]:
    verdict = verify_invoice(xml, statement)
    if isinstance(verdict, Refused):
        return (verdict.sentence,)
    return verdict.findings


@pytest.mark.parametrize("kind", of_every_kind())
def test_it_passes_the_schema_the_published_rules_and_its_statement(kind: str) -> None:
    xml, statement = invoice_files(of_every_kind()[kind])

    verdict = verify_invoice(xml, statement)

    assert isinstance(verdict, InvoiceVerdict)
    assert verdict.findings == ()
    assert verdict.has_rules, "the published rules must be looked at here"
    assert verify_invoice(xml, None) is not None
    assert _findings(xml, None) == ()


#: What is changed, by what; what only the rules see; what of it is said.
SPOILED = {
    "the total": (rb"<ram:GrandTotalAmount>[^<]*", b"<ram:GrandTotalAmount>1.00", "GrandTotal"),
    "a line": (rb"<ram:LineTotalAmount>4048.12", b"<ram:LineTotalAmount>4048.13", "Line 1 is"),
    "the rate": (rb"Percent>20", b"Percent>10", "At 10 %"),
    "the sum of VAT": (rb"<ram:CalculatedAmount>[^<]*", b"<ram:CalculatedAmount>0.00", "At 20 %"),
    "the number": (b"<ram:ID>FAC-2026-00001", b"<ram:ID>FAC 2026 00001", "BT-1"),
    "the SIRET": (b">21750001600019<", b">2175000160001<", "SIRET"),
    "no service code": (rb"<ram:BuyerReference>.*?</ram:BuyerReference>", b"", "BT-10"),
    "the account": (b"FR7630006000011234567890189", b"FR7630006000011234567890188", "check digits"),
    "an element": (rb"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"", "schema"),
}
SEEN_BY_RULES = {
    "an unknown unit": (b'unitCode="KWH"', b'unitCode="KWX"', "unitCode"),
    "no notes": (rb"<ram:IncludedNote>.*?</ram:IncludedNote>", b"", "PMT"),
    "a type that there is not": (b"<ram:TypeCode>380", b"<ram:TypeCode>999", "BR-FR-04"),
    "no credit transfer": (b"<ram:TypeCode>58", b"<ram:TypeCode>ZZ1", "rule"),
}
SEEN_BY_STATEMENT = {
    "an index": (b"<ram:Value>1000.000", b"<ram:Value>999.000", "the statement gives 1000.000"),
    "the day to pay": (b"20260306", b"20260406", "the statement gives 20260306"),
    "the engagement": (b"2026-EJ-0042", b"2026-EJ-0043", "the statement gives 2026-EJ-0042"),
    "a comment": (b"<ram:ID>B1", b"<!-- --><ram:ID>B1", "written anew"),
}


@pytest.mark.parametrize("what", [*SPOILED, *SEEN_BY_RULES])
def test_a_spoiled_xml_is_refused_by_its_own_sums_or_the_rules(what: str) -> None:
    old, new, said = (SPOILED | SEEN_BY_RULES)[what]
    xml, statement = invoice_files(of_every_kind()["service code"])
    spoiled = re.sub(old, new, xml)
    assert spoiled != xml

    for beside in (None, statement):
        findings = _findings(spoiled, beside)
        assert any(said in item for item in findings), findings


@pytest.mark.parametrize("what", SEEN_BY_RULES)
def test_the_schema_alone_would_not_see_it(what: str) -> None:
    old, new, _ = SEEN_BY_RULES[what]
    xml, _ = invoice_files(of_every_kind()["service code"])
    spoiled = re.sub(old, new, xml)

    assert published.schema_findings(spoiled, _profile(spoiled)) == []
    assert published.rule_findings(spoiled, _profile(spoiled)) != []


@pytest.mark.parametrize("what", SEEN_BY_STATEMENT)
def test_what_agrees_in_itself_is_held_against_the_statement(what: str) -> None:
    old, new, said = SEEN_BY_STATEMENT[what]
    xml, statement = invoice_files(of_every_kind()["service code"])
    spoiled = re.sub(old, new, xml)

    assert any(said in item for item in _findings(spoiled, statement))


def test_another_account_is_shown_by_the_digest() -> None:
    xml, statement = invoice_files(of_every_kind()["service code"])
    spoiled = xml.replace(b"FR7630006000011234567890189", OTHER_ACCOUNT)
    right = verify_invoice(xml, statement)
    assert isinstance(right, InvoiceVerdict)

    verdict = verify_invoice(spoiled, statement, right.digest_sha256)

    assert isinstance(verdict, InvoiceVerdict)
    assert [item for item in verdict.findings if "it is another invoice" in item]
    assert right.values != verdict.values


@pytest.fixture(scope="module")
def pdf() -> bytes:
    inputs = of_every_kind()["service code"]
    made = write_invoice_pdf(document_of(inputs), invoice_files(inputs)[0])
    assert not isinstance(made, Refused), made.sentence
    return made


def test_the_pdf_is_tagged_and_carries_both_files_as_pdf_a_3_asks(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    attached = {item.get_object()["/F"]: item.get_object() for item in root["/AF"]}
    metadata = root["/Metadata"].get_object().get_data().decode()
    text = " ".join(page.extract_text() for page in reader.pages)

    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert root["/Lang"].startswith("fr")
    assert root["/OutputIntents"]
    assert "/ID" in reader.trailer
    assert attached[XML_ATTACHMENT]["/AFRelationship"] == "/Alternative"
    assert attached[ATTACHMENT]["/AFRelationship"] == "/Supplement"
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "EXTENDED" in metadata
    assert f"Facture {NUMBER}" in text
    assert "FR7630006000011234567890189" in text
    assert "40 EUR" in text
    assert attached_xml(pdf) == invoice_files(of_every_kind()["service code"])[0]
    assert attached_json(pdf) == invoice_files(of_every_kind()["service code"])[1]


def _verify(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, "invoice", "verify", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "CHAUFFERIE_URL": "http://127.0.0.1:9"},
    )


def _with_attached(pdf: bytes, xml: bytes, statement: bytes) -> bytes:
    """The same pages with other files."""
    writer = PdfWriter()
    for page in PdfReader(BytesIO(pdf)).pages:
        writer.add_page(page)
    writer.add_attachment(XML_ATTACHMENT, xml)
    writer.add_attachment(ATTACHMENT, statement)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_the_command_tells_right_from_wrong_without_a_server(tmp_path: Path, pdf: bytes) -> None:
    xml, statement = invoice_files(of_every_kind()["service code"])
    _, other = invoice_files(of_every_kind()["every charge"])
    files = {
        "right.pdf": pdf,
        "right.xml": xml,
        "total.pdf": _with_attached(pdf, xml.replace(b">4871.83<", b">4871.84<"), statement),
        "swapped.pdf": _with_attached(pdf, xml, other),
        "none.pdf": b"%PDF-1.7 nothing",
        "none.xml": b"<a/>",
    }
    digest = hashlib.sha256(xml).hexdigest()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    right = _verify(tmp_path, "right.pdf", "right.xml")
    wrong = _verify(tmp_path, "right.pdf", "total.pdf", "swapped.pdf", "--digest", digest)
    none = _verify(tmp_path, "none.pdf", "none.xml", "absent.pdf")

    assert [item.returncode for item in (right, wrong, none)] == [0, 1, 2], (right, wrong, none)
    assert f"right.pdf: RIGHT: {NUMBER} to Ville de Bains-les-Eaux: 4871.83 EUR" in right.stdout
    assert "right.xml: The XML has no statement with it" in right.stdout
    assert "right.pdf: RIGHT" in wrong.stdout
    assert "total.pdf: WRONG" in wrong.stdout
    assert "DuePayableAmount is 4871.84, and the statement gives 4871.83" in wrong.stdout
    assert "it is another invoice" in wrong.stdout
    assert "swapped.pdf: WRONG" in wrong.stdout
    assert none.stderr.count("\n") == 3
    assert none.stdout == ""


def test_without_the_extra_one_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(invoice_files(of_every_kind()["service code"])[0])
    ran = subprocess.run(
        [sys.executable, "-c", NO_EXTRA, str(tmp_path / "a.xml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "pip install 'chaufferie[invoice]'" in ran.stderr
