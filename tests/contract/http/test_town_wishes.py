"""A town's energy manager says how warm, when closed and what everybody sees; others look on."""

from datetime import timedelta

import pytest

from domain.calendar.paris_days import local
from domain.towns.accounts import TownRole
from tests.support.http_scene import HttpScene
from tests.support.town import SIRETS, Browser, Town


def page_of(site_id: int) -> str:
    return f"/town/sites/{site_id}/wishes"


def send(person: Browser, site_id: int, deed: str, **fields: str) -> int:
    """Send one of the page's forms; the status."""
    path = f"/town/sites/{site_id}/{deed}"
    return int(person.send(page_of(site_id), path, **fields).status_code)


def test_wishes_are_kept_shown_and_told_to_the_operator(http: HttpScene) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    person = town.person()
    day = (local(http.clock.now_s).date() + timedelta(days=3)).isoformat()

    assert send(person, site_id, "set-point", warmest="45,5") == 303
    note = "<b>vidange</b>"
    assert send(person, site_id, "calendar", kind="works", first=day, last=day, note=note) == 303
    told = http.get(f"/v1/sites/{site_id}/wishes", "operator").json()
    page = person.get(page_of(site_id)).text

    assert told["warmest_c"] == 45.5
    assert told["calendar"] == [{"kind": "works", "first_day": day, "last_day": day, "note": note}]
    assert "45.5" in page
    assert "&lt;b&gt;vidange" in page
    assert http.get("/v1/sites/999/wishes", "operator").status_code == 404


def test_an_entry_is_taken_back(http: HttpScene) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    person = town.person()
    day = local(http.clock.now_s).date().isoformat()
    send(person, site_id, "calendar", kind="closure", first=day, last=day)

    assert send(person, site_id, "calendar-back", entry="' OR 1=1") == 303
    assert len(http.get(f"/v1/sites/{site_id}/wishes").json()["calendar"]) == 1
    assert send(person, site_id, "calendar-back", entry="1") == 303
    assert http.get(f"/v1/sites/{site_id}/wishes").json()["calendar"] == []


def test_the_town_decides_what_everybody_sees(http: HttpScene) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    http.node(site_id)
    code = http.post("/v1/stickers", "operator").json()["stickers"][0]["code"]
    person = town.person()

    assert send(person, site_id, "publication", figures="daily", purpose="Le bassin") == 303

    assert "There is no figure that is a day old yet" in Browser(http).read(f"/t/{code}")
    assert "Le bassin" in Browser(http).read(f"/t/{code}")
    assert "heat of each day" in person.read(page_of(site_id))


@pytest.mark.parametrize(
    ("deed", "fields", "said"),
    [
        ("set-point", {"warmest": "51"}, "outside what the site allows"),
        ("set-point", {"warmest": "nan"}, "outside what the site allows"),
        ("set-point", {"warmest": "warm"}, "such as 27.5"),
        ("set-point", {"warmest": "4_5"}, "such as 27.5"),
        ("set-point", {"warmest": "\N{ARABIC-INDIC DIGIT FOUR}"}, "such as 27.5"),
        ("set-point", {"warmest": "45." + "0" * 30 + "x"}, "such as 27.5"),
        ("publication", {"figures": "hourly"}, "which figures everybody sees"),
        ("publication", {"figures": "daily", "purpose": "x" * 201}, "200 characters"),
        ("calendar", {"kind": "works", "note": "x" * 201}, "200 characters"),
        ("calendar", {"kind": "party", "first": "2026-01-01", "last": "2026-01-01"}, "closure or"),
        ("calendar", {"kind": "works", "first": "tomorrow", "last": ""}, "such as 2026-07-31"),
        ("calendar", {"kind": "works", "first": "2001-01-01", "last": "2001-01-02"}, "are over"),
        ("calendar", {"kind": "works", "first": "9999-12-31", "last": "9999-12-31"}, "two years"),
    ],
)
def test_what_cannot_be_is_refused_on_the_page(
    http: HttpScene, deed: str, fields: dict[str, str], said: str
) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    person = town.person()

    answer = person.send(page_of(site_id), f"/town/sites/{site_id}/{deed}", **fields)

    assert answer.status_code == 422
    assert said in answer.text
    assert http.get(f"/v1/sites/{site_id}/wishes").json()["calendar"] == []


def test_what_was_typed_into_a_refused_form_is_still_there(http: HttpScene) -> None:
    town = Town(http)
    site_id, person = town.site("Piscine"), town.person()
    typed = {"kind": "works", "first": "2026-07-31", "last": "2026-07-01", "note": 'vidange "B"'}

    calendar = person.send(page_of(site_id), f"/town/sites/{site_id}/calendar", **typed).text
    set_point = person.send(page_of(site_id), f"/town/sites/{site_id}/set-point", warmest="510")

    assert 'value="2026-07-31"' in calendar
    assert 'value="2026-07-01"' in calendar
    assert 'value="vidange &#34;B&#34;"' in calendar
    assert '<option value="works" selected>' in calendar
    assert 'value="510"' in set_point.text
    assert "From 16.5 to 50.0 °C" in set_point.text


@pytest.mark.parametrize("role", [TownRole.ACCOUNTANT, TownRole.ADVISER])
def test_other_roles_look_and_do_not_steer(http: HttpScene, role: TownRole) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    person = town.person(role=role)

    assert 'name="warmest"' not in person.read(page_of(site_id))
    assert send(person, site_id, "set-point", warmest="45") == 422
    assert send(person, site_id, "publication", figures="daily") == 422
    assert http.get(f"/v1/sites/{site_id}/wishes").json()["warmest_c"] is None
    address = f"/v1/sites/{site_id}/publication"
    assert http.get(address, "operator").json()["figures"] == "none"


def test_nobody_steers_another_towns_site_or_by_a_form_from_elsewhere(http: HttpScene) -> None:
    ville, autre = Town(http), Town(http, name="Autre", siret=SIRETS[1])
    own, strange = ville.site("own"), autre.site("strange")
    person = ville.person()
    fields = {"warmest": "45"}

    other = person.send(page_of(own), f"/town/sites/{strange}/set-point", **fields)
    forged = person.post(f"/town/sites/{own}/set-point", fields)
    unknown = person.send(page_of(own), f"/town/sites/{own}/demolish", **fields)
    stranger = Browser(http).post(f"/town/sites/{own}/set-point", fields)

    assert [answer.status_code for answer in (other, forged, unknown, stranger)] == [
        404,
        403,
        404,
        303,
    ]
    for site_id in (own, strange):
        assert http.get(f"/v1/sites/{site_id}/wishes").json()["warmest_c"] is None


def test_no_work_is_sent_to_a_site_while_people_work_on_it(http: HttpScene) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    node_id = http.node(site_id)
    person = town.person()
    day = local(http.clock.now_s).date().isoformat()
    send(person, site_id, "calendar", kind="works", first=day, last=day)
    http.read_instruments(node_id)
    http.submit()

    during = http.start()
    send(person, site_id, "calendar-back", entry="1")
    http.clock.advance(1.0)
    http.read_instruments(node_id)

    assert during == []
    assert len(http.start()) == 1
