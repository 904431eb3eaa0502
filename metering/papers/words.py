"""The words of a statement in each language, and how numbers and days are written there."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from domain.languages import Language

_KWH_PLACES, _MWH_PLACES = 3, 6
_WIDE_SPACE, _MINUS = "\u00a0", "\u2212"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language: ``words["label"]["month"]``, and its way to write figures."""

    language: Language
    texts: Mapping[str, Any]

    def __getitem__(self, group: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.texts[group]
        return found

    def number(self, value: str | int | Decimal, least_places: int = 0) -> str:
        """A number with its thousands apart and at least so many decimals; it is never rounded."""
        number = Decimal(value)
        shown = format(abs(number), ",f")
        whole, _, rest = shown.partition(".")
        figures = self["figures"]
        whole = whole.replace(",", figures["thousands"])
        rest = rest.rstrip("0").ljust(least_places, "0")
        text = f"{whole}{figures['decimal']}{rest}" if rest else whole
        return f"{_MINUS}{text}" if number < 0 else text

    def money(self, value: str, currency: str) -> str:
        """A sum, to the cent."""
        sign = "€" if currency == "EUR" else currency
        return f"{self.number(value, 2)}{_WIDE_SPACE}{sign}"

    def kwh(self, energy_wh: int) -> str:
        """Watt-hours as kWh, exactly."""
        return self.number(Decimal(energy_wh).scaleb(-_KWH_PLACES), _KWH_PLACES)

    def mwh(self, energy_wh: int) -> str:
        """Watt-hours as MWh, exactly."""
        return self.number(Decimal(energy_wh).scaleb(-_MWH_PLACES))

    def percent(self, value: str | Decimal) -> str:
        """A rate in percent."""
        return f"{self.number(value)}{_WIDE_SPACE}%"

    def frac(self, value: str) -> str:
        """A share as percent."""
        return self.percent(Decimal(value).scaleb(2))

    def month(self, text: str) -> str:
        """``2026-01`` as people say it."""
        year, number = text.split("-")
        return f"{self['figures']['months'][int(number) - 1]} {year}"

    def day(self, text: str) -> str:
        """``2026-02-01`` as people say it."""
        day = date.fromisoformat(text)
        first = self["figures"]["first_day"] if day.day == 1 else str(day.day)
        return f"{first} {self['figures']['months'][day.month - 1]} {day.year}"

    def instant(self, text: str) -> str:
        """An instant, with its distance to UTC."""
        there = datetime.fromisoformat(text)
        seconds = there.strftime(":%S") if there.second or there.microsecond else ""
        zone = there.isoformat()[-len("+01:00") :]
        return there.strftime(self["figures"]["instant"]) + f"{seconds} {zone}"


@cache
def words_of(language: Language) -> Words:
    """Every word of a language."""
    text = files("metering.papers").joinpath(f"words/{language.value}.toml").read_text("utf-8")
    return Words(language=language, texts=tomllib.loads(text))
