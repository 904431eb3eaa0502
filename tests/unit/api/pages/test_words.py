"""The languages of the towns' pages: every sentence in both, and figures as each writes them."""

import re
from datetime import date

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from api.pages.rendering import TEMPLATES
from api.pages.words import LANGUAGES, LOCALE_FOLDER, Words, language_of, translations
from domain.calendar.paris_days import Span, period_of

_PLACE = re.compile(r"%\((\w+)\)s|%%|%")
_READER = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
FRENCH, ENGLISH = Words(language="fr"), Words(language="en")


def sentences() -> set[str]:
    """Every sentence of the templates that is to be translated."""
    found = extract_from_dir(
        TEMPLATES / "town",
        method_map=[("**.html", "jinja2.ext:babel_extract")],
        options_map={"**.html": _READER},
    )
    return {str(message) for _, _, message, _, _ in found}


def french() -> Catalog:
    with (LOCALE_FOLDER / "fr.po").open("rb") as file:
        return read_po(file, locale="fr", abort_invalid=True)


def test_every_sentence_is_translated_and_no_translation_is_left_over() -> None:
    translated = {str(entry.id) for entry in french() if entry.id and entry.string}

    assert sentences() - translated == set()
    assert translated - sentences() == set()
    assert len(translated) > 60


def test_translations_are_finished_and_keep_their_places() -> None:
    for entry in french():
        if entry.id:
            assert not entry.fuzzy, entry.id
            assert set(_PLACE.findall(str(entry.id))) == set(_PLACE.findall(str(entry.string)))


def test_templates_have_no_word_outside_a_translated_sentence() -> None:
    """Letters between tags that no function translates would be the same in both languages."""
    plain = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
    allowed = {"kWh", "CSV", "JSON", "PDF", "XML", "°C"}
    for path in sorted((TEMPLATES / "town").glob("*.html")):
        text = plain.sub(" ", path.read_text(encoding="utf-8"))
        between = re.sub(r"<[^>]*>", " ", text)
        words = set(re.findall(r"[^\W\d_]{2,}|°C", between)) - allowed
        assert words == set(), path.name


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, "", "fr"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "de,en;q=0.5,fr;q=0.4", "en"),
        (None, "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        (None, "es,de", "fr"),
        (None, "en;q=0,fr;q=0.1", "fr"),
        ("en", "fr", "en"),
        ("fr", "en", "fr"),
        ("xx", "en", "en"),
        ("../etc", "", "fr"),
    ],
)
def test_the_address_comes_before_the_browser_and_french_before_nothing(
    asked: str | None, accepted: str, language: str
) -> None:
    assert language_of(asked, accepted) == language


@given(accepted=st.text(max_size=300))
def test_no_header_breaks_the_choice(accepted: str) -> None:
    assert language_of(None, accepted) in LANGUAGES


def test_figures_and_dates_are_written_as_each_language_does() -> None:
    month = period_of(Span.MONTH, date(2026, 2, 3))

    assert FRENCH.number(12345.67, 1) == "12\u202f345,7"
    assert ENGLISH.number(12345.67, 1) == "12,345.7"
    assert (FRENCH.kwh(1_234_000), FRENCH.kwh(950), FRENCH.kwh(None)) == ("1\u202f234", "1,0", "-")
    assert FRENCH.period(month) == "février 2026"
    assert ENGLISH.period(month) == "February 2026"
    assert FRENCH.day(date(2026, 11, 23)) == "23 novembre 2026"
    assert FRENCH.instant(month.from_s) == "1 février 2026, 00:00"
    assert translations("fr").gettext("Sign in") == "Se connecter"
