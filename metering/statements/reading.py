"""From a document back to its inputs, so that everything else in it can be worked out again."""

from typing import Any

from domain.calendar import months, paris
from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind, PeriodLine
from metering.contracts.document import contract_from_plain
from metering.statements.canonical import LARGEST_INTEGER
from metering.statements.document import FIRST_FORMAT, FORMAT, RULES
from metering.statements.inputs import (
    EarlierMonth,
    Heading,
    HeatLine,
    Kind,
    Reference,
    Source,
    StatementInputs,
)
from metering.statements.meter_notes import MeterNotes, notes_from_plain

_NOT_ONE = "This is no statement of this program: "


def inputs_of(document: object) -> StatementInputs | Refused:
    """What a document says it was worked out from; nothing that follows from it is looked at."""
    if not isinstance(document, dict) or document.get("format") not in {FORMAT, FIRST_FORMAT}:
        return _refused(f"its format is neither {FIRST_FORMAT} nor {FORMAT}.")
    if document.get("rules") != RULES:
        return _refused(f"its rules are not {RULES}; use the version that made it.")
    try:
        contract = contract_from_plain(document["contract"]["terms"])
        if isinstance(contract, Refused):
            return _refused(f"of its contract, {contract.sentence}")
        return StatementInputs(
            contract=contract,
            contract_version=_integer(document["contract"]["version"]),
            month=_month(document["period"]["month"]),
            lines=tuple(_line(item) for item in document["lines"]),
            sources=tuple(_source(item) for item in document["sources"]),
            earlier=tuple(_earlier(item) for item in document["year"]["earlier"]),
            notes=_notes(document),
            heading=_heading(document),
        )
    except KeyError as error:
        return _refused(f"it lacks {error}.")
    except (TypeError, ValueError, OverflowError) as error:
        return _refused(f"{error}.")


def _heading(document: dict[str, Any]) -> Heading:
    corrects = document["corrects"]
    return Heading(
        kind=Kind(document["kind"]),
        number=_optional_text(document["number"]),
        issued_on=_optional_text(document["issued_on"]),
        corrects=None
        if corrects is None
        else Reference(
            number=_text(corrects["number"]),
            issued_on=_text(corrects["issued_on"]),
            digest_sha256=_text(corrects["digest_sha256"]),
        ),
        reason=_optional_text(document["reason"]),
        software=_text(document["software"]),
    )


def _notes(document: dict[str, Any]) -> MeterNotes | None:
    if document["format"] == FIRST_FORMAT:
        return None
    return notes_from_plain(document["meters"], _integer, _text)


def _line(plain: dict[str, Any]) -> HeatLine:
    about_month = _month(plain["about_month"])
    tolerance = _optional_text(plain["tolerance"])
    adjusts = plain["adjusts_ledger_line"]
    return HeatLine(
        site_id=_integer(plain["site_id"]),
        site=_text(plain["site"]),
        line=PeriodLine(
            line_id=_integer(plain["ledger_line"]),
            meter_serial=_text(plain["meter"]),
            kind=MeterKind.HEAT,
            epoch=_integer(plain["epoch"]),
            month=about_month,
            about_month=about_month,
            from_index_wh=_integer(plain["from_index_wh"]),
            from_at_s=paris.read_instant(_text(plain["from_at"])),
            to_index_wh=_integer(plain["to_index_wh"]),
            to_at_s=paris.read_instant(_text(plain["to_at"])),
            energy_wh=_integer(plain["energy_wh"]),
            marks=tuple(Mark(mark) for mark in plain["marks"]),
            adjusts_line_id=None if adjusts is None else _integer(adjusts),
            tolerance_frac=None if tolerance is None else float(tolerance),
        ),
    )


def _source(plain: dict[str, Any]) -> Source:
    return Source(
        site_id=_integer(plain["site_id"]),
        site=_text(plain["site"]),
        ledger_digest=_text(plain["ledger_digest"]),
    )


def _earlier(plain: dict[str, Any]) -> EarlierMonth:
    return EarlierMonth(
        month=_month(plain["month"]),
        number=_text(plain["number"]),
        digest_sha256=_text(plain["digest_sha256"]),
        energy_wh=_integer(plain["energy_wh"]),
    )


def _month(value: object) -> int:
    month = months.parse_month(_text(value))
    if month is None:
        raise ValueError(f"{value!r} is no month")
    return month


def _integer(value: object) -> int:
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{value!r} stands where a whole number must")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where text must")  # noqa: TRY004 - one kind to catch
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _refused(why: str) -> Refused:
    return Refused(code="statement.form", sentence=_NOT_ONE + why)
