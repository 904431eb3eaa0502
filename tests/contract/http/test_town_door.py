"""The door of the towns' pages: invitations, passwords, lock-out, forms from elsewhere."""

import re

import pytest

from store.access.browser_sessions import SESSION_LIFE_S
from store.collectivities.town_sessions import LOCKED_FOR_S, TRIES
from tests.support.http_scene import HttpScene
from tests.support.town import PASSWORD, Browser, Town

MARIE = "marie@ville.fr"


def test_an_invited_person_chooses_a_password_and_is_in(http: HttpScene) -> None:
    town = Town(http)
    town.site("Piscine")
    path = town.invite()
    browser = Browser(http)

    asked = browser.read(path)
    code = path.partition("code=")[2]
    joined = browser.post("/town/join", {"code": code, "password": PASSWORD, "again": PASSWORD})

    assert MARIE in asked
    assert joined.status_code == 303
    cookie = joined.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/town" in cookie
    assert "Piscine" in browser.read("/town")
    form = {"code": code, "password": PASSWORD, "again": PASSWORD}
    again = Browser(http).post("/town/join", form)
    assert again.status_code == 410
    assert "used before" in again.text


def test_a_stranger_is_shown_the_door_and_brought_back(http: HttpScene) -> None:
    town = Town(http)
    site_id = town.site("Piscine")
    town.person()
    stranger = Browser(http)

    turned_away = stranger.get(f"/town/sites/{site_id}")
    door = turned_away.headers["location"]
    signed_in = stranger.sign_in(MARIE, next=f"/town/sites/{site_id}")

    assert turned_away.status_code == 303
    assert door == f"/town/sign-in?next=%2Ftown%2Fsites%2F{site_id}"
    assert f'value="/town/sites/{site_id}"' in stranger.read(door)
    assert signed_in.headers["location"] == f"/town/sites/{site_id}"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test", "//evil.test", "/town/../v1", "/town\\evil", "/", "/town//x"]
)
def test_nobody_is_sent_on_to_another_place(http: HttpScene, elsewhere: str) -> None:
    Town(http).person()

    answer = Browser(http).sign_in(MARIE, next=elsewhere)

    assert (answer.status_code, answer.headers["location"]) == (303, "/town")


def test_a_wrong_password_and_an_unknown_address_look_the_same(http: HttpScene) -> None:
    Town(http).person()
    browser = Browser(http)

    wrong = browser.sign_in(MARIE, "not the right one at all")
    nobody = browser.sign_in("nobody@ville.fr", PASSWORD)
    empty = browser.post("/town/sign-in", {})

    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace(MARIE, "x") == nobody.text.replace("nobody@ville.fr", "x")
    assert empty.status_code == 401
    assert "set-cookie" not in wrong.headers


def test_an_address_that_is_none_stays_in_its_field_as_it_was_typed(http: HttpScene) -> None:
    answer = Browser(http).sign_in("marie chez ville.fr")

    assert answer.status_code == 401
    assert "no e-mail address" in answer.text
    assert 'value="marie chez ville.fr"' in answer.text


def test_guessing_is_locked_out_for_a_while_even_with_the_right_password(http: HttpScene) -> None:
    Town(http).person()
    browser = Browser(http)
    for _ in range(TRIES):
        assert browser.sign_in(MARIE, "guess after guess").status_code == 401

    locked = browser.sign_in(MARIE)
    http.clock.advance(LOCKED_FOR_S + 1.0)
    later = browser.sign_in(MARIE)

    assert locked.status_code == 429
    assert locked.headers["retry-after"] == "900"
    assert "too many tries" in locked.text
    assert later.status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "12 to 128 characters"),
        ("marie " * 4, "marie " * 4, "easy to guess"),
        (PASSWORD, PASSWORD + "!", "not the same"),
    ],
)
def test_a_weak_or_mistyped_password_is_refused_and_the_invitation_stays(
    http: HttpScene, password: str, again: str, said: str
) -> None:
    code = Town(http).invite().partition("code=")[2]
    browser = Browser(http)

    refused = browser.post("/town/join", {"code": code, "password": password, "again": again})
    good = browser.post("/town/join", {"code": code, "password": PASSWORD, "again": PASSWORD})

    assert refused.status_code == 422
    assert said in refused.text
    assert good.status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.test", "http://[", "null"])
def test_forms_from_another_site_are_refused(http: HttpScene, origin: str) -> None:
    person = Town(http).person()
    evil = {"Origin": origin}

    forged_door = Browser(http).post(
        "/town/sign-in", {"email": MARIE, "password": PASSWORD}, headers=evil
    )
    no_token = person.post("/town/sign-out", {})
    wrong_token = person.post("/town/sign-out", {"form_token": "0" * 64})
    from_elsewhere = person.post("/town/sign-out", {}, headers=evil)

    answers = (forged_door, no_token, wrong_token, from_elsewhere)
    assert [answer.status_code for answer in answers] == [403] * 4
    assert person.get("/town").status_code == 200


def test_the_token_of_a_form_is_good_for_its_own_session_only(http: HttpScene) -> None:
    town = Town(http)
    marie, paul = town.person(), town.person("paul@ville.fr")
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', marie.get("/town").text)
    assert token is not None

    assert paul.post("/town/sign-out", {"form_token": token[1]}).status_code == 403
    assert marie.send("/town", "/town/sign-out").status_code == 303
    assert marie.get("/town").status_code == 303


def test_a_session_ends_by_itself_and_with_the_account(http: HttpScene) -> None:
    town = Town(http)
    marie, paul = town.person(), town.person("paul@ville.fr")
    people = http.get(f"/v1/collectivities/{town.number}/people", "operator").json()["people"]
    (number,) = (item["account_id"] for item in people if item["email"] == "paul@ville.fr")

    address = f"/v1/collectivities/{town.number}/people/{number}"
    assert http.call("DELETE", address, "operator").status_code == 200
    assert http.call("DELETE", address, "operator").status_code == 404
    assert paul.get("/town").status_code == 303
    assert marie.get("/town").status_code == 200
    http.clock.advance(SESSION_LIFE_S + 1.0)
    assert marie.get("/town").status_code == 303


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(http: HttpScene) -> None:
    town = Town(http)
    here = town.person()
    elsewhere = Browser(http)
    assert elsewhere.sign_in(MARIE).status_code == 303
    new = {"password": "un autre matin bien froid", "again": "un autre matin bien froid"}

    wrong = here.send("/town/account", "/town/account", old="not the old one", **new)
    changed = here.send("/town/account", "/town/account", old=PASSWORD, **new)

    assert wrong.status_code == 422
    assert changed.status_code == 303
    assert here.get("/town").status_code == 200
    assert elsewhere.get("/town").status_code == 303
    assert elsewhere.sign_in(MARIE).status_code == 401
    assert elsewhere.sign_in(MARIE, new["password"]).status_code == 303


def test_neither_a_key_nor_an_operators_session_opens_a_towns_pages(http: HttpScene) -> None:
    town = Town(http)
    town.person()
    http.get(http.post("/v1/sessions", "operator").json()["path"], None)

    assert http.get("/town", "operator", follow_redirects=False).status_code == 303
    assert http.get("/town", None, follow_redirects=False).status_code == 303


def test_a_towns_session_opens_nothing_of_the_api(http: HttpScene) -> None:
    person = Town(http).person()

    for path in ("/v1/whoami", "/v1/heat", "/v1/sites", "/v1/collectivities", "/metrics"):
        assert person.get(path).status_code == 401, path
    assert person.get("/").status_code == 401


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "x/y"])
def test_a_form_of_another_kind_is_refused_and_does_nothing(http: HttpScene, kind: str) -> None:
    http.node(Town(http).site("Piscine"))
    code = http.post("/v1/stickers", "operator").json()["stickers"][0]["code"]
    headers = {"Content-Type": kind, "Accept": "text/html"}
    browser = Browser(http, "fr")

    answer = browser.get(f"/t/{code}")
    told = browser.client.post(f"/t/{code}/no-heat", content=b"message=froid", headers=headers)

    assert (answer.status_code, told.status_code) == (200, 415)
    assert "ou ce formulaire est illisible" in told.text
    assert http.get("/v1/reports", "operator").json()["reports"] == []


def test_a_form_too_long_or_with_too_many_fields_is_refused(http: HttpScene) -> None:
    browser = Browser(http)

    long = browser.post("/town/sign-in", {"email": MARIE, "password": "x" * 20_000})
    many = browser.post("/town/sign-in", {f"f{number}": "x" for number in range(50)})

    assert (long.status_code, many.status_code) == (413, 422)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"email": "no address"}, "email.form"),
        ({"role": "mayor"}, "request.invalid"),
        ({"site_ids": [999]}, "account.site"),
        ({"name": "\x00"}, "request.invalid"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(
    http: HttpScene, fields: dict[str, object], code: str
) -> None:
    town = Town(http)
    body = {"email": MARIE, "name": "Marie", "role": "adviser", **fields}

    answer = http.post(f"/v1/collectivities/{town.number}/people", "operator", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
