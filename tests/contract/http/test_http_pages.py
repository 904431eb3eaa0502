"""The page for people: signed in by a link that works once, and nothing from elsewhere."""

import re
from urllib.parse import urlsplit

import pytest

from domain.access import Role
from store.access.keys import revoke_key
from tests.support.http_scene import HOST, HttpScene


def sign_in(http: HttpScene, who: str = "operator") -> str:
    """Follow a fresh link; the link."""
    path = str(http.post("/v1/sessions", who).json()["path"])
    answer = http.get(path, None, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return path


def test_a_stranger_is_told_how_to_sign_in_and_shown_nothing(http: HttpScene) -> None:
    http.warm_node("Bassin-7")

    answer = http.get("/", None)

    assert answer.status_code == 401
    assert "chaufferie up" in answer.text
    assert "Bassin-7" not in answer.text
    assert http.get("/fragment", None).status_code == 401


def test_a_link_signs_in_once(http: HttpScene) -> None:
    link = sign_in(http)
    assert "Sign out" in http.get("/", None).text
    http.client.cookies.clear()

    again = http.get(link, None)

    assert again.status_code == 401
    assert "used before" in again.text


def test_a_link_grows_old(http: HttpScene) -> None:
    path = http.post("/v1/sessions", "operator").json()["path"]
    http.clock.advance(3601.0)

    assert http.get(path, None).status_code == 401


def test_the_cookie_is_no_key_and_no_script_reads_it(http: HttpScene) -> None:
    path = http.post("/v1/sessions", "operator").json()["path"]
    cookie = http.get(path, None, follow_redirects=False).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert http.tokens["operator"] not in cookie


def test_a_session_can_only_look(http: HttpScene) -> None:
    sign_in(http, "owner")

    assert http.get("/v1/jobs", None).status_code == 200
    assert http.post("/v1/jobs", None, json={"command": ["true"]}).status_code == 401


def test_a_session_ends_with_its_key_and_with_time(http: HttpScene) -> None:
    sign_in(http)
    http.clock.advance(12 * 3600.0 + 1.0)
    assert http.get("/", None).status_code == 401

    http.client.cookies.clear()
    sign_in(http)
    with http.store.transaction() as tx:
        revoke_key(tx, 1, "test")
    assert http.get("/", None).status_code == 401


def test_a_key_typed_into_the_form_signs_in(http: HttpScene) -> None:
    answer = http.post("/enter", None, data={"key": http.tokens["owner"]}, follow_redirects=False)

    assert answer.status_code == 303
    assert http.get("/", None).status_code == 200
    assert http.post("/enter", None, data={"key": "wrong"}).status_code == 401


def test_a_form_sent_from_another_site_is_refused(http: HttpScene) -> None:
    for path in ("/enter", "/leave"):
        answer = http.post(path, None, headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403, path
    assert http.post("/leave", None, headers={"Origin": HOST}).status_code == 401


def test_signing_out_ends_the_session_itself(http: HttpScene) -> None:
    sign_in(http)
    cookie = dict(http.client.cookies)

    http.post("/leave", None)
    http.client.cookies.clear()
    http.client.cookies.update(cookie)

    assert http.get("/", None).status_code == 401


def test_the_page_shows_water_register_jobs_and_why_they_wait(http: HttpScene) -> None:
    http.warm_node("boiler", water_temp_c=24.1, heat_register_wh=51_000)
    http.submit(command=["sim"], options=["-J", "channel-flow", "-n", "8"])
    http.submit(command=["sim"], options=["-J", "beam"])
    http.start()
    sign_in(http, "owner")

    text = http.get("/", None).text

    assert "site of boiler" in text
    assert "24.1" in text
    assert "51.000" in text
    assert "simulated" in text
    assert "channel-flow" in text
    assert "It needs 1 core; none is free" in text


def test_a_tenant_sees_its_own_jobs_only(http: HttpScene) -> None:
    http.submit("owner", command=["sim"], options=["-J", "secret-project"])
    sign_in(http, "stranger")

    assert "secret-project" not in http.get("/", None).text


def test_a_buyer_sees_its_site_and_no_jobs(http: HttpScene) -> None:
    mine = http.site("mine")
    http.site("other place")
    http.tokens["buyer"] = http.key(Role.BUYER, site_ids=(mine,))
    sign_in(http, "buyer")

    text = http.get("/", None).text

    assert "mine" in text
    assert "other place" not in text
    assert "<h2>Jobs</h2>" not in text


def test_a_name_is_text_and_never_markup(http: HttpScene) -> None:
    http.submit(command=["sim"], options=["-J", "<script>alert(1)</script>"])
    sign_in(http, "owner")

    assert "<script>alert" not in http.get("/fragment", None).text


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/static/page.js"])
def test_nothing_comes_from_elsewhere(http: HttpScene, path: str) -> None:
    sign_in(http)
    answer = http.get(path, None)

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    addresses = re.findall(r"""(?:src|href|action|url\()\s*=?\s*["']?([^"'\s>)]+)""", answer.text)
    assert [found for found in addresses if urlsplit(found).netloc] == []
    assert "//cdn" not in answer.text


def test_without_a_script_the_page_still_refreshes_itself(http: HttpScene) -> None:
    sign_in(http)

    assert '<noscript><meta http-equiv="refresh"' in http.get("/", None).text


def test_an_empty_store_makes_a_page(http: HttpScene) -> None:
    sign_in(http)

    text = http.get("/", None).text

    assert "No site yet." in text
    assert "No job yet." in text
