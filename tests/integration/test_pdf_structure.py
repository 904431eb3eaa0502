"""What PDF/UA-1 (ISO 14289-1) asks of a file and a program can see, on a real PDF of a statement.

What veraPDF asks is in ``test_verapdf``; here, that what is ours to say is there. Nothing judges
whether the reading order makes sense or a word is well chosen.
"""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from domain.languages import Language
from domain.refusal import Refused
from metering.papers.pdf import write_pdf
from metering.statements.document import statement_document
from metering.statements.inputs import Heading
from tests.support.statements import heat_line, statement_inputs

pytest.importorskip("weasyprint", reason="the extra `statements` is not installed")
pypdf = pytest.importorskip("pypdf", reason="the extra `statements` is not installed")


@pytest.fixture(scope="module", params=list(Language), ids=str)
def root(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a dictionary of PDF
    heading = Heading(number="CHALEUR-2026-00001", issued_on="2026-02-03", software="test")
    document = statement_document(statement_inputs(heat_line(), heading=heading))
    assert not isinstance(document, Refused)
    pdf = write_pdf(document, request.param)
    assert not isinstance(pdf, Refused), pdf.sentence
    catalog = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert catalog["/Lang"][:2] == request.param.value  # Clause 7.2: the language is told.
    return catalog


def elements(node: Any) -> Iterator[Any]:  # noqa: ANN401 - an element of the structure tree
    """The structure elements below one, in reading order."""
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        found = child.get_object()
        if isinstance(found, dict) and "/S" in found:
            yield found
            yield from elements(found)


def test_it_says_that_it_is_tagged_and_shows_its_title(root: Any) -> None:  # noqa: ANN401
    told = root["/Metadata"].get_object().get_data().decode("utf-8")

    assert root["/MarkInfo"]["/Marked"]  # Clause 7.1
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]  # Clause 7.1
    assert "pdfuaid:part" in told  # Clause 5
    assert "<dc:title>" in told  # Clause 7.1
    assert "CHALEUR-2026-00001" in told


def test_its_tables_have_heads_that_say_of_what(root: Any) -> None:  # noqa: ANN401
    tags = [(item["/S"], item) for item in elements(root["/StructTreeRoot"])]
    names = [name for name, _ in tags]
    heads = {item.get("/ID") for name, item in tags if name == "/TH"}
    cells = [item for name, item in tags if name == "/TD"]

    assert {"/Table", "/TR", "/TH", "/TD"} <= set(names)
    assert any(name.startswith("/H") for name in names)
    assert None not in heads
    for cell in cells:  # Clause 7.5: each cell names its heads.
        named = cell["/A"].get_object()["/Headers"]
        assert named
        assert set(named) <= heads


def test_pictures_have_words_and_fonts_are_in_the_file(root: Any) -> None:  # noqa: ANN401
    figures = [item for item in elements(root["/StructTreeRoot"]) if item["/S"] == "/Figure"]
    pages = [page.get_object() for page in root["/Pages"]["/Kids"]]
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]

    assert all(item.get("/Alt") for item in figures)  # Clause 7.3
    assert fonts
    for font in fonts:  # Clause 7.21
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        descriptor = inner["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
        assert "/ToUnicode" in font
    assert all(page.get("/Tabs") == "/S" for page in pages if "/Annots" in page)  # Clause 7.18
