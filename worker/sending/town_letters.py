"""Mails to the people of a collectivity in words, in the language that each chose."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from domain.calendar.paris_days import local
from domain.languages import Language
from domain.units import WH_PER_KWH, WH_PER_MWH

_PAGE, _CHOICES = "/town", "/town/alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as text."""

    subject: str
    text: str


@cache
def words_of(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Every sentence of a language."""
    text = files("worker.sending").joinpath(f"words/{language.value}.toml").read_text("utf-8")
    return tomllib.loads(text)


def letter(payload: Mapping[str, Any], public_url: str | None) -> Letter:
    """What a mail says; without a public address it names the pages only."""
    language = Language(payload["language"])
    words, lines = words_of(language), payload["lines"]
    frame = words["frame"]
    told = [_sentence(language, line) for line in lines]
    if payload["more"]:
        told.append(frame["more"].format(count=payload["more"]))
    choices = frame["no_url"] if public_url is None else f"{public_url}{_CHOICES}"
    pages = frame["no_pages"]
    if public_url is not None:
        pages = frame["pages"].format(url=f"{public_url}{_PAGE}")
    foot = [pages, frame["why"].format(url=choices)]
    return Letter(subject=_subject(language, lines, payload["more"]), text="\n\n".join(told + foot))


def _subject(language: Language, lines: Sequence[Mapping[str, Any]], more: int) -> str:
    words = words_of(language)
    if len(lines) + more > 1:
        return words["frame"]["many"].format(count=len(lines) + more)
    line = lines[0]
    name = f"{line['kind']}_over" if line["is_end"] else line["kind"]
    text = words["subject"][name].format(**_values(language, line))
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _sentence(language: Language, line: Mapping[str, Any]) -> str:
    words, values = words_of(language), _values(language, line)
    said = words["began"][line["kind"]].format(**values)
    if line["is_end"]:
        return f"{words['over'][line['closing']].format(**values)}\n{said}"
    return said


def _values(language: Language, line: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the places of a sentence."""
    facts: Mapping[str, Any] = line["facts"]
    frame = words_of(language)["frame"]
    found = {
        "since": _instant(language, line["since_s"]),
        "ended": _instant(language, line.get("ended_at_s")),
    }
    for name in ("site", "meter", "contract", "number"):
        if name in facts:
            found[name] = str(facts[name])
    for name in ("heat", "wanted", "energy"):
        if f"{name}_wh" in facts:
            found[name] = _number(language, facts[f"{name}_wh"] / WH_PER_KWH, 1)
    if "ceiling_wh" in facts:
        found["used"] = _number(language, facts["used_wh"] / WH_PER_MWH, 2)
        found["ceiling"] = _number(language, facts["ceiling_wh"] / WH_PER_MWH, 2)
        found["percent"] = _number(language, 100 * facts["used_wh"] / facts["ceiling_wh"], 0)
        found["year_from"] = _month(language, facts["year_from"])
    if "month" in facts:
        found["month"] = _month(language, facts["month"])
        found["document"] = frame["credit_note" if facts["is_credit_note"] else "statement"]
    if "hours" in facts:
        found["hours"] = _number(language, facts["hours"], 1)
    if "closes_at_s" in facts:
        there = local(facts["closes_at_s"]).date()
        found["closes"] = format_date(there, format="long", locale=language.value)
    return found


def _number(language: Language, value: float, digits: int) -> str:
    """At most so many digits behind the mark."""
    return format_decimal(round(value, digits), locale=language.value)


def _instant(language: Language, at_s: float | None) -> str:
    if at_s is None:
        return ""
    return format_datetime(local(at_s), format="d MMMM y, HH:mm", locale=language.value)


def _month(language: Language, month: int) -> str:
    first = date(month // 100, month % 100, 1)
    return format_date(first, format="LLLL y", locale=language.value)
