"""Workbooks that open: whatever sites and meters are called, no cell is a formula."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.papers.cells import Cell
from metering.papers.workbook import workbook

FORMULA = "=cmd|' /C calc'!A0"
#: Whatever a driver or an old store may hold, half pairs and control characters among it.
ANY_TEXT = st.text(st.characters(), max_size=80)


def opened(*sheets: tuple[str, Sequence[Sequence[Cell]]]) -> tuple[list[str], list[str], int]:
    """Names of the sheets, texts, and how many formulas there are."""
    archive = ZipFile(io.BytesIO(workbook(["a"], sheets)))
    parts = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}  # noqa: S314
    names = [item.attrib["name"] for item in parts["xl/workbook.xml"].findall(".//{*}sheet")]
    texts = ["".join(item.itertext()) for item in parts["xl/sharedStrings.xml"].findall("{*}si")]
    return names, texts, sum(len(part.findall(".//{*}f")) for part in parts.values())


@pytest.mark.parametrize("text", [FORMULA, "+1", "@SUM(A1)", "\t=1", "{=1+1}", "https://a.test"])
def test_what_looks_like_a_formula_or_a_link_stays_text(text: str) -> None:
    _, texts, formulas = opened((text, [(text, Decimal("-1.5"), 3, None)]))

    assert text in texts
    assert formulas == 0


@given(names=st.lists(ANY_TEXT, min_size=1, max_size=4), cell=ANY_TEXT)
def test_a_workbook_opens_whatever_stands_in_it(names: list[str], cell: str) -> None:
    found, _, formulas = opened(*((name, [(cell,)]) for name in names))

    assert formulas == 0
    assert len({name.lower() for name in found}) == len(names)
    for name in found:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\'")


def test_names_that_excel_keeps_or_counts_otherwise_are_changed() -> None:
    names, _, _ = opened(("History", [()]), ("\N{HOT SPRINGS}\N{BATH}" * 20, [()]), ("a'", [()]))

    assert names == ["History 2", "\N{HOT SPRINGS}\N{BATH}" * 10 + "\N{HOT SPRINGS}", "a"]
