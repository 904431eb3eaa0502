"""The languages of the buyers' pages: sentences, figures and dates, French first.

The templates are written in English; ``locale/fr.po`` has every sentence of them in French, and a
test fails where one is missing. What a refusal says on a page is translated by its code.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from domain.calendar.months import first_day
from domain.calendar.paris_days import Period, Span, local
from domain.units import WH_PER_KWH

if TYPE_CHECKING:
    from gettext import NullTranslations

LANGUAGES: Mapping[str, str] = {"fr": "Français", "en": "English"}
DEFAULT = "fr"
LOCALE_FOLDER = Path(__file__).parents[1] / "locale"
_LONGEST_HEADER = 200
_NOTHING = "-"


def language_of(asked: str | None, accepted: str) -> str:
    """The language of an answer: what the address asks for, else what the browser prefers."""
    if asked in LANGUAGES:
        return str(asked)
    best, weight = DEFAULT, 0.0
    for part in accepted[:_LONGEST_HEADER].split(","):
        name, _, quality = part.strip().partition(";q=")
        language = name.strip().lower().split("-")[0]
        try:
            found = float(quality) if quality else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and weight < found <= 1.0:
            best, weight = language, found
    return best


@cache
def translations(language: str) -> "NullTranslations":
    """The sentences of a language; those of English are the keys themselves."""
    path = LOCALE_FOLDER / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    packed = io.BytesIO()
    write_mo(packed, catalog)
    packed.seek(0)
    return gettext.GNUTranslations(packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one language writes figures and dates; handed to every page."""

    language: str

    @property
    def locale(self) -> Locale:
        """Babel's own name of it."""
        return Locale(self.language)

    def text(self, sentence: str) -> str:
        """A sentence in this language."""
        return translations(self.language).gettext(sentence)

    def number(self, value: float | None, digits: int = 0) -> str:
        """A figure with so many digits behind the mark; a dash where there is none."""
        if value is None:
            return _NOTHING
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.locale)

    def kwh(self, energy_wh: float | None) -> str:
        """An energy in kWh: whole ones from ten on, else tenths."""
        if energy_wh is None:
            return _NOTHING
        value = energy_wh / WH_PER_KWH
        return self.number(value, 0 if abs(value) >= 10 else 1)  # noqa: PLR2004 - two digits

    def index(self, index_wh: int) -> str:
        """An index, or a difference of two, in kWh to the watt-hour: as the statement has it."""
        return self.number(index_wh / WH_PER_KWH, 3)

    def euros(self, amount: str) -> str:
        """A sum of money as a document has it, with its currency."""
        return format_currency(Decimal(amount), "EUR", locale=self.locale)

    def day(self, day: date) -> str:
        """A day in full: 23 novembre 2026."""
        return format_date(day, format="long", locale=self.locale)

    def instant(self, at_s: float | None) -> str:
        """An instant by the clock in Paris, to the minute."""
        if at_s is None:
            return _NOTHING
        there = local(at_s)
        return f"{self.day(there.date())}, {there:%H:%M}"

    def month(self, month: int) -> str:
        """A month as bills count them (202601): janvier 2026."""
        return format_date(first_day(month), format="LLLL y", locale=self.locale)

    def period(self, period: Period) -> str:
        """A day, a month or a year as a heading."""
        match period.span:
            case Span.DAY:
                return self.day(period.first_day)
            case Span.MONTH:
                return format_date(period.first_day, format="LLLL y", locale=self.locale)
            case Span.YEAR:
                return str(period.first_day.year)

    def step(self, span: Span, from_s: float) -> str:
        """An hour, a day or a month as the label of a row."""
        there = local(from_s)
        match span:
            case Span.DAY:
                return f"{there:%H:%M}"
            case Span.MONTH:
                return format_date(there.date(), format="d MMM", locale=self.locale)
            case Span.YEAR:
                return format_date(there.date(), format="LLLL", locale=self.locale)
