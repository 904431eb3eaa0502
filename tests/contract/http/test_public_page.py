"""The page behind the code on a boiler, seen by a stranger who brings nothing."""

import re
import xml.etree.ElementTree as ET

import pytest

from domain.disclosure import SHOWER, Disclosure
from store.collectivities.publications import REPORTS_AN_HOUR
from tests.support.http_scene import HttpScene
from tests.support.pictures import png
from tests.support.town import Browser, Town

DAY_S = 86_400.0
LARGEST_PAGE_BYTES = 50_000


class Boiler:
    """One at a town's pool, with a sticker on it."""

    def __init__(self, http: HttpScene) -> None:
        self.http = http
        self.town = Town(http, colour="#e8b800", contact="Mairie, 01 02 03 04 05")
        self.site_id = self.town.site("Piscine")
        self.node_id = http.node(self.site_id, max_power_w=100_000.0)
        made = http.post("/v1/stickers", "operator").json()["stickers"]
        self.code = str(made[0]["code"])
        self.path = f"/t/{self.code}"

    def publish(self, figures: str, purpose: str | None = None) -> None:
        body = {"figures": figures, "purpose": purpose}
        address = f"/v1/sites/{self.site_id}/publication"
        assert self.http.put(address, "operator", json=body).status_code == 200

    def heat(self, days: int, kwh: int = 24) -> None:
        """So many days of so much heat each, read every hour."""
        for hour in range(24 * days):
            self.http.read_instruments(
                self.node_id, heat_register_wh=hour * kwh * 1000 // 24, time_factor=1.0
            )
            self.http.clock.advance(3600.0)


@pytest.fixture
def boiler(http: HttpScene) -> Boiler:
    return Boiler(http)


def test_a_stranger_reads_what_is_measured_in_either_language(boiler: Boiler) -> None:
    boiler.http.services.disclosure = Disclosure(
        operator="Chaleur SAS", contact="aide@chaleur.fr", hosting="Lyon, France"
    )
    boiler.publish("none", "Chauffer le grand bassin")
    stranger = Browser(boiler.http)

    english, french = stranger.read(boiler.path), stranger.read(f"{boiler.path}?lang=fr")

    for said in ("Ville", "Mairie, 01 02 03 04 05", "Lyon, France", "Chaleur SAS", boiler.code):
        assert said in english
        assert said in french
    assert "Chauffer le grand bassin" in english
    assert "Each reading for 90 days" in english
    assert "Pas de caméra" in french
    assert "DTPR" in french


def test_no_cookie_no_script_and_a_light_page(boiler: Boiler) -> None:
    logo = f"/v1/collectivities/{boiler.town.number}/logo"
    boiler.http.put(logo, "operator", content=png(100, 100))
    boiler.publish("daily")
    boiler.heat(3)
    stranger = Browser(boiler.http)

    answer = stranger.get(boiler.path)
    parts = re.findall(r'(?:href|src)="(/(?:static|theme|t)/[^"]+\.(?:css|png))"', answer.text)
    weight = len(answer.content) + sum(len(stranger.get(part).content) for part in parts)

    assert len(parts) == 3
    assert weight <= LARGEST_PAGE_BYTES
    assert "set-cookie" not in answer.headers
    assert not stranger.client.cookies
    assert "<script" not in answer.text


def test_figures_are_shown_only_where_published_and_a_day_old(boiler: Boiler) -> None:
    boiler.heat(5)
    stranger = Browser(boiler.http)
    unpublished = stranger.read(boiler.path)
    boiler.publish("daily")

    published = stranger.read(boiler.path)
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>', published)

    assert "kWh" not in unpublished.partition("What is measured here")[0]
    assert 2 <= len(rows) <= 4
    showers = round(24_000 / SHOWER.heat_wh)
    assert f">{showers}<" in published
    assert "1.07 kWh" in published


def test_months_are_shown_a_day_after_they_ended(boiler: Boiler) -> None:
    boiler.publish("monthly")
    stranger = Browser(boiler.http)
    boiler.heat(1)
    assert "There is no figure that is a day old yet" in stranger.read(boiler.path)
    boiler.http.clock.advance(35 * DAY_S)
    boiler.http.read_instruments(boiler.node_id, heat_register_wh=5_000_000)
    boiler.http.clock.advance(2 * DAY_S)

    page = stranger.read(boiler.path)

    assert len(re.findall(r'<tr><th scope="row">', page)) >= 1


def test_a_boiler_taken_away_still_answers_and_says_so(boiler: Boiler) -> None:
    boiler.publish("daily")
    boiler.heat(3)
    http = boiler.http
    assert http.call("DELETE", f"/v1/stickers/{boiler.code}", "operator").status_code == 200
    assert http.call("DELETE", f"/v1/stickers/{boiler.code}", "operator").status_code == 404
    stranger = Browser(http)

    page = stranger.read(boiler.path)

    assert "was taken away" in page
    assert "no-heat" not in page
    assert "<caption>" not in page
    assert stranger.post(f"{boiler.path}/no-heat", {}).status_code == 404


def test_no_heat_is_told_to_the_operator_who_answers(boiler: Boiler) -> None:
    stranger = Browser(boiler.http)
    told = stranger.post(
        f"{boiler.path}/no-heat", {"message": " <b>froid</b>\r\ndepuis\thier " + "x" * 900}
    )
    (listed,) = boiler.http.get("/v1/reports", "operator").json()["reports"]
    address = f"/v1/reports/{listed['report_id']}/close"
    closed = boiler.http.post(address, "operator", json={"answer": "pompe changée"})

    assert told.status_code == 303
    assert "the operator has been told" in stranger.read(told.headers["location"].split("#")[0])
    assert listed["message"].startswith("<b>froid</b> depuis hier xxx")
    assert len(listed["message"]) == 500
    assert closed.status_code == 200
    assert boiler.http.get("/v1/reports?open_only=true", "operator").json()["reports"] == []
    assert boiler.http.post(address, "operator", json={"answer": "x"}).status_code == 404


def test_a_flood_of_reports_is_turned_away(boiler: Boiler) -> None:
    stranger = Browser(boiler.http)
    statuses = [
        stranger.post(f"{boiler.path}/no-heat", {}).status_code for _ in range(REPORTS_AN_HOUR + 1)
    ]
    forged = stranger.post(f"{boiler.path}/no-heat", {}, headers={"Origin": "https://evil.test"})

    kept = stranger.post(f"{boiler.path}/no-heat", {"message": "froid <b>"})

    assert statuses == [303] * REPORTS_AN_HOUR + [429]
    assert "froid &lt;b&gt;</textarea>" in kept.text
    assert forged.status_code == 403


@pytest.mark.parametrize("code", ["nothing", "%00", "a" * 5000, "..%2Fv1", "' OR 1=1 --"])
def test_a_code_that_no_boiler_carries_is_not_found(boiler: Boiler, code: str) -> None:
    assert Browser(boiler.http).get(f"/t/{code}").status_code == 404


def test_the_sheet_is_a_picture_with_the_address_of_each_boiler(boiler: Boiler) -> None:
    boiler.http.node(boiler.http.site("Lycée <b>"), "other")
    boiler.http.services.disclosure = Disclosure(public_url="https://chaleur.example/")
    boiler.http.post("/v1/stickers", "operator")

    answer = boiler.http.get("/v1/stickers/sheet.svg", "operator")
    tree = ET.fromstring(answer.text)  # noqa: S314 - our own
    only = boiler.http.get(f"/v1/stickers/sheet.svg?site_id={boiler.site_id}", "operator")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert f"chaleur.example/t/{boiler.code}" in "".join(tree.itertext())
    assert "Lycée <b>" in "".join(tree.itertext())
    assert len(tree.findall(".//{*}path")) == 2
    assert only.text.count("<path") == 1


def test_what_is_wrong_for_a_publication_is_refused(boiler: Boiler) -> None:
    address = f"/v1/sites/{boiler.site_id}/publication"
    hourly = boiler.http.put(address, "operator", json={"figures": "hourly"})
    nowhere = boiler.http.put("/v1/sites/999/publication", "operator", json={"figures": "daily"})

    assert (hourly.status_code, nowhere.status_code) == (422, 404)
    assert boiler.http.get(address, "operator").json()["figures"] == "none"
