import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from domain.languages import Language
from domain.registers.register import Doubt, Mark
from metering.contracts.parties import RoutingField
from metering.papers.words import words_of
from metering.statements.amounts import ChargeKind
from metering.statements.inputs import Kind
from metering.statements.meter_notes import Unlisted


def _keys(texts: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{path}{key}.")
        else:
            yield path + key


def _catalogue(language: Language) -> dict[str, Any]:
    text = files("metering.papers").joinpath(f"words/{language.value}.toml").read_text("utf-8")
    return tomllib.loads(text)


def test_every_word_is_there_in_every_language() -> None:
    keys = {language: sorted(_keys(_catalogue(language))) for language in Language}

    assert keys[Language.FRENCH] == keys[Language.ENGLISH]


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_and_mark_that_can_stand_on_a_statement_has_its_word(language: Language) -> None:
    words = words_of(language)

    assert {mark.value for mark in Mark} == {*words["marks"]} - {"title"}
    assert {doubt.value for doubt in Doubt} == {*words["doubts"]}
    assert {why.value for why in Unlisted} == {*words["unlisted"]} - {"title"}
    assert {kind.value for kind in Kind} <= {*words["title"]}
    assert {kind.value for kind in ChargeKind} <= {*words["charge"]}
    assert {field.value for field in RoutingField} <= {*words["label"]}
    assert len(words["figures"]["months"]) == 12


def test_no_word_is_left_in_the_other_language() -> None:
    french, english = (_catalogue(language) for language in Language)
    alike = [
        f"{group}.{key}"
        for group, texts in french.items()
        for key, text in texts.items()
        if text == english[group][key]
    ]

    assert sorted(alike) == [
        "label.contract_version",
        "label.siret",
        "line.site",
        "price.base_word",
    ]


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        ("1234567.5", "1\u202f234\u202f567,50\u00a0€", "1,234,567.50\u00a0€"),
        ("-0.05", "\u22120,05\u00a0€", "\u22120.05\u00a0€"),
        ("97.154", "97,154\u00a0€", "97.154\u00a0€"),  # a price is never rounded by showing it
    ],
)
def test_sums_are_written_as_people_write_them(value: str, french: str, english: str) -> None:
    assert words_of(Language.FRENCH).money(value, "EUR") == french
    assert words_of(Language.ENGLISH).money(value, "EUR") == english


def test_days_and_instants_are_written_as_people_write_them() -> None:
    french, english = words_of(Language.FRENCH), words_of(Language.ENGLISH)

    assert french.day("2026-02-01") == "1er février 2026"
    assert english.day("2026-02-01") == "1 February 2026"
    assert french.month("2026-08") == "août 2026"
    assert french.instant("2026-10-25T02:30:00+01:00") == "25/10/2026 02:30 +01:00"
    assert english.instant("2026-10-25T02:30:07.500+02:00") == "2026-10-25 02:30:07 +02:00"
