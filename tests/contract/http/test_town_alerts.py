"""The page of alerts: each person chooses, and reads what stands and what is not known."""

from dataclasses import replace

import pytest

from domain.languages import Language
from domain.notices.rules import NoticeRules, NoticeWords, read_notice_rules
from domain.towns.alerts import AlertKind, Finding, Subject, Unknown, changes
from store.collectivities import alert_choices, alerts
from tests.support.http_scene import HttpScene
from tests.support.town import Town

PAGE = "/town/alerts"


def finding(site_id: int, *, holds: bool | None, **fields: object) -> Finding:
    usual = Finding(
        subject=Subject(
            kind=AlertKind.NO_HEAT, name=f"site/{site_id}", site_ids=frozenset({site_id})
        ),
        holds=holds,
        since_s=1_790_000_000.0,
        facts={"hours": 3.0, "heat_wh": 0, "wanted_wh": 12_345},
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def watched(http: HttpScene, *found: Finding) -> None:
    """As the worker's round leaves it."""
    with http.store.transaction() as tx:
        alerts.note(tx, changes(alerts.standing(tx.connection), found))
        alerts.keep_watch(tx, found)


def test_each_person_chooses_what_and_in_which_language(http: HttpScene) -> None:
    town = Town(http)
    town.site("Piscine")
    marie, paul = town.person(), town.person("paul@ville.fr")

    fresh = marie.read(PAGE)
    kept = marie.send(PAGE, PAGE, no_heat="yes", statement_ready="yes", language="fr")
    page = marie.read(kept.headers["location"])
    with http.database.read() as connection:
        choice = alert_choices.choice_of(connection, 1)

    assert "checked" not in fresh
    assert kept.status_code == 303
    assert "Your choice is kept" in page
    assert page.count("checked") == 2
    assert choice.kinds == {AlertKind.NO_HEAT, AlertKind.STATEMENT_READY}
    assert choice.language is Language.FRENCH
    assert "checked" not in paul.read(PAGE)
    assert marie.send(PAGE, PAGE, language="fr").status_code == 303
    assert "checked" not in marie.read(PAGE)


@pytest.mark.parametrize("form", [{"language": "xx"}, {"no_heat": "' OR 1"}, {"evil": "yes"}, {}])
def test_forms_that_no_page_has_choose_nothing(http: HttpScene, form: dict[str, str]) -> None:
    person = Town(http).person()

    assert person.send(PAGE, PAGE, **form).status_code == 303
    with http.database.read() as connection:
        choice = alert_choices.choice_of(connection, 1)
    assert choice.kinds == frozenset()
    assert choice.language is Language.ENGLISH  # that of the page


def test_the_page_says_what_stands_and_what_cannot_be_told(http: HttpScene) -> None:
    town = Town(http)
    cold, unheard = town.site("Piscine"), town.site("École")
    person = town.person()
    nobody = person.read(PAGE)
    watched(
        http,
        finding(cold, holds=True),
        finding(unheard, holds=None, unknown=Unknown.NEVER_HEARD),
    )
    page = person.read(PAGE).replace("\N{NO-BREAK SPACE}", " ")

    assert "Nobody has looked yet" in nobody
    assert "0.0 kWh came in 3 h, where 12 kWh were wanted" in page
    assert "no heat meter has ever told an index" in page
    assert "Last looked" in page


def test_nobody_reads_of_sites_that_are_not_theirs(http: HttpScene) -> None:
    town = Town(http)
    own, other = town.site("Piscine"), town.site("École")
    person = town.person(site_ids=[own])
    watched(http, finding(other, holds=True), finding(own, holds=None, unknown=Unknown.NO_READINGS))
    page = person.read(PAGE)

    assert "École" not in page
    assert "came in" not in page
    assert "too few readings" in page


def test_the_page_says_where_no_mail_goes(http: HttpScene) -> None:
    person = Town(http).person()
    without = person.read(PAGE)
    words = NoticeWords(
        mail_relay="smtp://relay.test", mail_from="a@ville.fr", mail_domains="ville.fr"
    )
    rules = read_notice_rules(words)
    assert isinstance(rules, NoticeRules)
    http.services.notice_rules = rules

    assert "has no mail sent to marie@ville.fr" in without
    assert "has no mail sent" not in person.read(PAGE)
