"""The operator describes the collectivities that buy heat."""

import pytest

from tests.support.http_scene import HttpScene
from tests.support.pictures import png

TOWN = {"name": "Ville", "siret": "217 500 016 00019", "colour": "#1A5E9A", "contact": "La mairie"}
ROOT = "/v1/collectivities"


def add(http: HttpScene, **fields: object) -> int:
    answer = http.post(ROOT, "operator", json={**TOWN, **fields})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["collectivity_id"])


def test_a_collectivity_is_described_given_sites_and_shown(http: HttpScene) -> None:
    town, site_id = add(http), http.site("Piscine")
    place = {"latitude_deg": 48.85, "longitude_deg": 2.35}

    given = http.put(f"{ROOT}/{town}/sites/{site_id}", "operator", json=place)
    changed = http.put(f"{ROOT}/{town}", "operator", json={**TOWN, "name": "Ville Neuve"})
    shown = http.get(f"{ROOT}/{town}", "operator").json()

    assert (given.status_code, changed.status_code) == (200, 200)
    assert shown["name"] == "Ville Neuve"
    assert shown["siret"] == "21750001600019"
    assert shown["colour"] == "#1a5e9a"
    assert [(site["name"], site["latitude_deg"]) for site in shown["sites"]] == [("Piscine", 48.85)]
    assert http.get(ROOT, "operator").json()["collectivities"] == [shown]
    taken = f"{ROOT}/{town}/sites/{site_id}"
    assert http.call("DELETE", taken, "operator").status_code == 200
    assert http.call("DELETE", taken, "operator").status_code == 404


def test_a_logo_is_taken_only_as_a_safe_picture(http: HttpScene) -> None:
    town = add(http)
    address = f"{ROOT}/{town}/logo"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"

    refused = http.put(address, "operator", content=svg)
    missing = http.get(address, "operator")
    kept = http.put(address, "operator", content=png())
    shown = http.get(address, "operator")
    removed = http.put(address, "operator", content=b"")

    assert (refused.status_code, refused.json()["code"]) == (422, "logo.png")
    assert missing.status_code == 404
    assert kept.json()["logo_bytes"] == len(png())
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert removed.json()["logo_bytes"] == 0
    assert http.get(address, "operator").status_code == 404


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"siret": "21750001600018"}, "siret.check"),
        ({"siret": "12"}, "siret.form"),
        ({"colour": "red"}, "colour.form"),
        ({"colour": "#7f7f7f;"}, "colour.form"),
        ({"name": "\x1b[31m"}, "request.invalid"),
        ({"contact": "a\x00b"}, "request.invalid"),
        ({"contact": "a" * 501}, "request.invalid"),
        ({"logo": "x"}, "request.invalid"),
    ],
)
def test_a_description_that_cannot_be_is_refused(
    http: HttpScene, fields: dict[str, object], code: str
) -> None:
    answer = http.post(ROOT, "operator", json={**TOWN, **fields})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_what_is_taken_or_not_there_is_said(http: HttpScene) -> None:
    town, site_id = add(http), http.site()
    other = add(http, name="Autre", siret="35600000049837")
    http.put(f"{ROOT}/{town}/sites/{site_id}", "operator")

    twice = http.post(ROOT, "operator", json=TOWN)
    stolen = http.put(f"{ROOT}/{other}/sites/{site_id}", "operator")
    nowhere = http.put(f"{ROOT}/{town}/sites/999", "operator")
    nobody = http.put(f"{ROOT}/999/sites/{site_id}", "operator")
    off_the_globe = http.put(
        f"{ROOT}/{town}/sites/{site_id}",
        "operator",
        json={"latitude_deg": 91, "longitude_deg": 0},
    )

    assert (twice.status_code, twice.json()["code"]) == (409, "collectivity.exists")
    assert (stolen.status_code, stolen.json()["code"]) == (409, "site.given")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "site.unknown")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")
    assert off_the_globe.status_code == 422
    assert http.get(f"{ROOT}/999", "operator").status_code == 404
