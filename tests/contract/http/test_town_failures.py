"""What goes wrong on the towns' pages: a page for a browser, a problem document for a program."""

import html

import httpx2
import pytest

from api.town.failures import prefers_page
from store.access.browser_sessions import SESSION_LIFE_S
from tests.support.http_scene import HttpScene
from tests.support.town import Browser, Town

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
JSON = {"Accept": "application/json"}
COLOUR = "1a5e9a"


@pytest.fixture
def town(http: HttpScene) -> Town:
    return Town(http, "Saint-Rémy", colour=COLOUR)


def is_ours(answer: httpx2.Response, language: str = "en") -> bool:
    """A page in the town's colour and name, in this language."""
    text = html.unescape(answer.text)
    return (
        answer.headers["content-type"].startswith("text/html")
        and f'<html lang="{language}">' in text
        and f"/theme/{COLOUR}.css" in text
        and "Saint-Rémy" in text
    )


def is_problem(answer: httpx2.Response, code: str) -> bool:
    is_document = answer.headers["content-type"] == "application/problem+json"
    return is_document and answer.json()["code"] == code


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/town/nothing", 404, "http.404"),
        ("/town/sites/abc", 422, "request.invalid"),
        ("/town/sites/99999999999999999999", 422, "request.invalid"),
        ("/town/sites/-1", 422, "request.invalid"),
        ("/town/sites/7", 404, "not_found"),
        ("/town/sites/7/wishes", 404, "not_found"),
        ("/town/sites/1/readings.exe", 422, "request.invalid"),
        ("/town/sites/1/set-point", 405, "http.405"),
        ("/town/statements/%00", 422, "request.invalid"),
        ("/town/statements/F-1", 404, "not_found"),
        ("/town/statements/F-1/document?form=exe", 422, "request.invalid"),
        ("/town/logo/77.png", 404, "not_found"),
        ("/town/sites/7?span=century", 422, "request.invalid"),
    ],
)
def test_a_wrong_address_is_answered_as_the_caller_reads(
    town: Town, path: str, status: int, code: str
) -> None:
    town.site("Piscine")
    person = town.person()

    page = person.get(path, headers={"Accept": CHROMIUM, "Accept-Language": "fr"})
    told = person.get(path, headers=JSON)

    assert (page.status_code, told.status_code) == (status, status)
    assert is_ours(page, "fr")
    assert "(http." not in page.text  # each code has its own sentence
    assert "(request." not in page.text
    assert "Se déconnecter" in html.unescape(page.text)
    assert is_problem(told, code)


def test_passers_by_are_answered_in_the_theme_of_the_boiler(http: HttpScene, town: Town) -> None:
    site_id = town.site("Piscine")
    http.node(site_id)
    code = http.post("/v1/stickers", "operator").json()["stickers"][0]["code"]
    browser = Browser(http)

    nothing = browser.get(f"/t/{code}/nothing")
    unknown = browser.get("/t/unknown")

    assert (nothing.status_code, unknown.status_code) == (404, 404)
    assert is_ours(nothing)
    assert f'href="/t/{code}"' in nothing.text
    assert "Chaufferie" in unknown.text
    assert "set-cookie" not in nothing.headers
    assert is_problem(browser.get("/t/unknown", headers=JSON), "not_found")
    assert is_problem(browser.get("/v1/nothing", headers={"Accept": CHROMIUM}), "http.404")


def test_the_code_of_a_boiler_that_was_taken_away_still_answers(
    http: HttpScene, town: Town
) -> None:
    site_id = town.site("Piscine")
    http.node(site_id)
    code = http.post("/v1/stickers", "operator").json()["stickers"][0]["code"]
    assert http.call("DELETE", f"/v1/stickers/{code}", "operator").status_code == 200
    browser = Browser(http, "fr")

    page = browser.get(f"/t/{code}")
    report = browser.post(f"/t/{code}/no-heat", {"message": "froid"})

    assert page.status_code == 200
    assert is_ours(page, "fr")
    assert "no-heat" not in page.text
    assert report.status_code == 404
    assert is_ours(report, "fr")


def test_an_ended_session_leads_to_the_door_and_back_to_the_page_of_the_form(
    http: HttpScene, town: Town
) -> None:
    site_id = town.site("Piscine")
    person = town.person()
    page = f"/town/sites/{site_id}/wishes"
    form = {"form_token": "0" * 64, "warmest": "45"}
    http.clock.advance(SESSION_LIFE_S + 1.0)

    sent = person.post(
        f"/town/sites/{site_id}/set-point", form, headers={"Referer": f"http://x{page}"}
    )
    looked = person.get(page)
    program = person.get(page, headers=JSON)
    evil = person.post(f"/town/sites/{site_id}/set-point", form, headers={"Referer": "http://["})

    door = f"/town/sign-in?next={page.replace('/', '%2F')}&ended=yes"
    assert (sent.status_code, sent.headers["location"]) == (303, door)
    assert looked.headers["location"] == door
    assert "Your session has ended" in person.read(door)
    assert (program.status_code, is_problem(program, "session.missing")) == (401, True)
    assert evil.status_code == 303


def test_a_refused_form_is_answered_by_a_page(town: Town) -> None:
    site_id = town.site("Piscine")
    person = town.person()
    path = f"/town/sites/{site_id}/set-point"
    back = {"Referer": f"http://chaufferie.test/town/sites/{site_id}/wishes"}

    forged = person.post(path, {"form_token": "0"}, headers=back)
    long = person.post(path, {"note": "x" * 20_000}, headers=back)
    longer = person.post(path, {"note": "x" * 2_000_000}, headers=back)
    many = person.post(path, {f"f{number}": "" for number in range(50)}, headers=back)

    statuses = [item.status_code for item in (forged, long, longer, many)]
    assert statuses == [403, 413, 413, 422]
    for item in (forged, long, longer, many):
        assert is_ours(item)
        assert f'href="/town/sites/{site_id}/wishes?lang=fr"' in item.text  # no form's address
    assert is_problem(
        person.post(path, {"note": "x" * 2_000_000}, headers={**back, **JSON}), "http.413"
    )


def test_too_many_reports_are_answered_by_the_page(http: HttpScene, town: Town) -> None:
    http.node(town.site("Piscine"))
    code = http.post("/v1/stickers", "operator").json()["stickers"][0]["code"]
    browser = Browser(http)
    for _ in range(6):
        assert browser.post(f"/t/{code}/no-heat", {"message": ""}).status_code == 303

    told = browser.post(f"/t/{code}/no-heat", {"message": ""})

    assert told.status_code == 429
    assert is_ours(told)
    assert f'href="/t/{code}?lang=fr"' in told.text or "lang=fr" in told.text


def test_a_failure_of_the_server_is_a_page_without_its_reason(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_id = town.site("Piscine")
    person = town.person()

    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("api.routes.towns.sites.figures", broken)
    page = person.get(f"/town/sites/{site_id}", headers={"Accept-Language": "fr"})
    told = person.get(f"/town/sites/{site_id}", headers=JSON)

    assert (page.status_code, told.status_code) == (500, 500)
    assert "Le serveur a échoué" in html.unescape(page.text)
    assert "secret" not in page.text + told.text
    assert is_problem(told, "internal")


@pytest.mark.parametrize("count", [3, 51, 2000])
def test_an_address_may_have_any_number_of_parameters(town: Town, count: int) -> None:
    person = town.person()

    answer = person.get("/town?" + "&".join(f"p{number}=1" for number in range(count)))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (CHROMIUM, True),
        ("", True),
        ("*/*", True),
        ("application/json", False),
        ("application/json, */*;q=0.1", False),
        ("application/problem+json", False),
        ("text/html;q=0.2, application/json;q=0.1", True),
        ("text/html;q=x, application/json;q=0.1", False),
        ("image/*", False),
        ("," * 5000, False),
    ],
)
def test_what_is_accepted_decides(accept: str, *, page: bool) -> None:
    assert prefers_page(accept) is page
