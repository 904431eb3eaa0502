from typing import Any

from domain.refusal import Refused
from domain.registers.register import Mark
from metering.statements.document import statement_document
from metering.statements.inputs import EarlierMonth, Heading, Kind, Reference
from metering.statements.together import misfits
from tests.support.statements import heat_line, statement_inputs

JANUARY, FEBRUARY, MARCH = 202601, 202602, 202603
WH = 1_000_000


def _document(
    month: int,
    number: str | None,
    *,
    earlier: tuple[dict[str, Any], ...] = (),
    heading: Heading | None = None,
    from_index_wh: int | None = None,
    **changed: Any,  # noqa: ANN401 - fields of a line
) -> dict[str, Any]:
    """A month in which one meter counts a MWh, from the index where the month before ended."""
    begin_wh = WH * (month - JANUARY + 1) if from_index_wh is None else from_index_wh
    line = heat_line(WH, month=month, from_index_wh=begin_wh, **changed)
    named = tuple(
        EarlierMonth(
            month=JANUARY + place,
            number=item["number"],
            digest_sha256=item["digest_sha256"],
            energy_wh=WH,
        )
        for place, item in enumerate(earlier)
    )
    inputs = statement_inputs(line, month=month, earlier=named)
    headed = heading or Heading(number=number, issued_on="2026-05-01")
    made = statement_document(inputs.headed(headed))
    assert not isinstance(made, Refused)
    return made


def _year() -> list[dict[str, Any]]:
    january = _document(JANUARY, "C-1")
    february = _document(FEBRUARY, "C-2", earlier=(january,))
    return [january, february, _document(MARCH, "C-3", earlier=(january, february))]


def test_months_that_follow_each_other_fit() -> None:
    assert misfits(_year()) == []
    assert misfits(_year()[::-1]) == []


def test_a_month_left_out_is_missed() -> None:
    january, _, march = _year()

    found = misfits([january, march])

    assert found == [
        "C-3 names C-2, which is not here.",
        "C-3 is of 2026-03, and nothing holds for 2026-02.",
    ]


def test_another_document_under_a_known_number_is_seen() -> None:
    january, february, march = _year()
    other = _document(JANUARY, "C-1", tolerance_frac=0.05)

    assert misfits([other, february, march]) == [
        "C-2 names C-1 by another digest than it has.",
        "C-3 names C-1 by another digest than it has.",
    ]
    assert "C-1 is there twice." in misfits([january, other, february, march])


def test_a_month_billed_twice_is_seen_unless_one_was_taken_back() -> None:
    january = _document(JANUARY, "C-1")
    again = _document(JANUARY, "C-3", tolerance_frac=0.05)
    named = Reference(number="C-1", issued_on="2026-05-01", digest_sha256=january["digest_sha256"])
    note = _document(
        JANUARY,
        None,
        heading=Heading(
            kind=Kind.CREDIT_NOTE, number="C-2", issued_on="2026-05-01", corrects=named
        ),
    )

    assert misfits([january, again]) == ["C-1 and C-3 both hold for 2026-01."]
    assert misfits([january, note, again]) == []
    assert misfits([note, again]) == ["C-2 names C-1, which is not here."]


def test_an_index_that_does_not_go_on_is_seen() -> None:
    january = _document(JANUARY, "C-1")
    february = _document(FEBRUARY, "C-2", earlier=(january,), from_index_wh=2 * WH - 5)

    assert misfits([january, february]) == [
        "Line 1 of C-2 begins at 1999995 Wh, where C-1 left meter HM-1 at 2000000 Wh."
    ]


def test_another_life_of_a_meter_begins_anew() -> None:
    january = _document(JANUARY, "C-1")
    february = _document(FEBRUARY, "C-2", earlier=(january,), from_index_wh=0, epoch=2)

    assert misfits([january, february]) == []


def test_what_an_adjustment_explains_is_no_misfit() -> None:
    january = _document(JANUARY, "C-1")
    late = heat_line(5, month=FEBRUARY, about_month=JANUARY, line_id=9, marks=[Mark.ADJUSTMENT])
    own = heat_line(WH, month=FEBRUARY, from_index_wh=2 * WH + 5)
    made = statement_document(
        statement_inputs(late, own, month=FEBRUARY).headed(
            Heading(number="C-2", issued_on="2026-05-01")
        )
    )
    assert not isinstance(made, Refused)

    assert misfits([january, made]) == []


def test_drafts_and_other_contracts_are_left_alone() -> None:
    other = _document(MARCH, "C-9")
    other["contract"]["terms"]["reference"] = "M-2"

    assert misfits([*_year(), _document(202604, None), other]) == []
