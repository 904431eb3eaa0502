"""Mails to a town's people, in both languages: the same sentences, every place filled."""

import re
import string
from collections.abc import Mapping
from typing import Any

import pytest

from domain.languages import Language
from domain.towns.alerts import AlertKind, Closing
from worker.sending.town_letters import letter, words_of

AT_S = 1_790_000_000.0
FACTS: Mapping[str, dict[str, Any]] = {
    AlertKind.NO_HEAT: {
        "site": "Piscine\nNord",
        "site_id": 1,
        "hours": 3.0,
        "heat_wh": 1234,
        "wanted_wh": 56_789,
    },
    AlertKind.METER_SILENT: {"site": "École", "site_id": 2, "meter": "H-7"},
    AlertKind.VOLUME_NEAR: {
        "contract": "M-1",
        "used_wh": 45_500_000,
        "ceiling_wh": 50_000_000,
        "year_from": 202601,
    },
    AlertKind.STATEMENT_READY: {
        "number": "F-2026-00001",
        "contract": "M-1",
        "month": 202601,
        "energy_wh": 669_600,
        "is_credit_note": False,
    },
    "account_unused": {"closes_at_s": AT_S + 30 * 86_400.0},
}


def payload(language: Language, *lines: dict[str, Any], more: int = 0) -> dict[str, Any]:
    return {"occasion": "town", "language": language.value, "lines": list(lines), "more": more}


def line(kind: str, closing: Closing | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "is_end": closing is not None,
        "since_s": AT_S,
        "ended_at_s": None if closing is None else AT_S + 7200.0,
        "closing": closing,
        "facts": FACTS[kind],
    }


def test_both_languages_have_the_same_sentences_and_places() -> None:
    def places(language: Language) -> dict[str, set[str]]:
        return {
            f"{group}.{name}": {part[1] for part in string.Formatter().parse(text) if part[1]}
            for group, texts in words_of(language).items()
            for name, text in texts.items()
        }

    assert places(Language.FRENCH) == places(Language.ENGLISH)


def test_every_kind_and_every_closing_word_has_its_sentence() -> None:
    for language in Language:
        assert set(words_of(language)["began"]) == set(FACTS)
        assert set(words_of(language)["over"]) == {item.value for item in Closing}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(FACTS))
def test_no_place_stays_empty(language: Language, kind: str) -> None:
    endings: list[Closing | None] = [None]
    if kind in {AlertKind.NO_HEAT, AlertKind.METER_SILENT, AlertKind.VOLUME_NEAR}:
        endings += list(Closing)
    for closing in endings:
        told = letter(payload(language, line(kind, closing)), "https://chaleur.ville.fr")

        assert "{" not in told.subject + told.text
        assert "\n" not in told.subject
        assert "https://chaleur.ville.fr/town/alerts" in told.text
        assert not re.search(r"  |\(\)", told.text)


def test_figures_are_written_as_each_language_does() -> None:
    french = letter(payload(Language.FRENCH, line(AlertKind.VOLUME_NEAR)), None)
    english = letter(payload(Language.ENGLISH, line(AlertKind.VOLUME_NEAR)), None)

    assert "45,5 MWh ont été livrés depuis janvier 2026, soit 91 %" in french.text
    assert "45.5 MWh were delivered since January 2026, 91 %" in english.text
    assert "http" not in french.text + english.text


def test_several_things_are_one_mail() -> None:
    told = letter(
        payload(Language.ENGLISH, line(AlertKind.NO_HEAT), line(AlertKind.METER_SILENT), more=3),
        None,
    )

    assert told.subject == "5 pieces of news of your sites"
    assert "And 3 more, on the page." in told.text
