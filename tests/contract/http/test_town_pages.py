"""The pages of a town: only its own sites, both languages, figures with their table and files."""

import csv
import io
import re
from datetime import date

import pytest

from domain.calendar.paris_days import midnight
from domain.towns.accounts import TownRole
from tests.support.http_scene import HttpScene
from tests.support.pictures import png
from tests.support.routes import routes_of
from tests.support.town import SIRETS, Browser, Town

HOSTILE = "=cmd|' /C calc'!A0<script>alert(1)</script>"


def heated(http: HttpScene, town: Town, name: str = "Piscine", *, kwh: int = 42) -> int:
    """A site of the town whose node delivered so much heat within the last hour."""
    node_id = http.node(town.site(name), f"boiler of {name}", max_power_w=100_000.0)
    serial = f"boiler of {name}"
    http.read_instruments(node_id, serial, heat_register_wh=1000, heat_demand_w=84_000.0)
    http.clock.advance(1800.0)
    middle = 1000 + kwh * 500
    http.read_instruments(node_id, serial, heat_register_wh=middle, heat_demand_w=84_000.0)
    http.clock.advance(1800.0)
    end = 1000 + kwh * 1000
    http.read_instruments(node_id, serial, heat_register_wh=end, water_temp_c=31.0)
    sites = http.get("/v1/sites", "operator").json()["sites"]
    return int(next(site["site_id"] for site in sites if site["name"] == name))


def test_the_overview_shows_each_of_its_sites_on_the_map_and_in_the_list(http: HttpScene) -> None:
    town = Town(http)
    heated(http, town)
    town.give(http.site("Lycee outre-mer"), place=(-21.1, 55.5))
    town.give(http.site("Sans lieu"), place=None)

    page = town.person().read("/town")

    assert "Piscine" in page
    assert ">42<" in page or ">42 <" in page
    assert page.count('class="pin"') == 1
    assert "Lycee outre-mer" in page
    assert "Sans lieu" in page


def test_a_day_that_a_meter_was_not_heard_in_is_missing_and_not_nothing(http: HttpScene) -> None:
    """Also the day at whose first instant it was heard for the last time."""
    town = Town(http)
    site_id = town.site("Piscine")
    http.clock.now_s = midnight(date(2026, 1, 4))
    node_id = http.node(site_id, max_power_w=100_000.0)
    for day in (4, 5):
        http.clock.now_s = midnight(date(2026, 1, day))
        http.read_instruments(node_id, heat_register_wh=10_000 * day, time_factor=1.0)
    http.clock.now_s = midnight(date(2026, 1, 8))

    answer = town.person().get(f"/town/sites/{site_id}/readings.json?span=month&at=2026-01-07")
    steps = {step["from"][:10]: step["heat_wh"] for step in answer.json()["steps"]}

    assert (steps["2026-01-04"], steps["2026-01-05"], steps["2026-01-06"]) == (10_000, None, None)


@pytest.mark.parametrize("span", ["day", "month", "year"])
def test_a_site_is_shown_by_day_month_and_year_with_charts_and_their_table(
    http: HttpScene, span: str
) -> None:
    town = Town(http)
    site_id = heated(http, town)

    page = town.person().read(f"/town/sites/{site_id}?span={span}")

    assert page.count('<svg viewBox="0 0 640') == 2
    assert page.count("<caption>The figures of the charts</caption>") == 1
    assert "42 kWh" in page
    assert "simulated" in page


def test_a_period_that_cannot_be_shows_the_present_one(http: HttpScene) -> None:
    town = Town(http)
    site_id = heated(http, town)
    person = town.person()
    now = person.read(f"/town/sites/{site_id}?span=day")

    for at in ("yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "<script>"):
        assert person.read(f"/town/sites/{site_id}?span=day&at={at}").count("42 kWh") == 1
    assert "42 kWh" in now
    assert person.get(f"/town/sites/{site_id}?span=century").status_code == 422
    before = re.search(r'href="([^"]+)" rel="prev"', now)
    assert before is not None
    assert "42 kWh" not in person.read(before[1])


def test_files_say_what_the_page_says(http: HttpScene) -> None:
    town = Town(http)
    site_id = heated(http, town)
    person = town.person()
    address = f"/town/sites/{site_id}/readings"

    document = person.get(f"{address}.json?span=day").json()
    answer = person.get(f"{address}.csv?span=day")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert document["heat_wh"] == 42_000
    assert sum(int(row["heat_wh"] or 0) for row in rows) == 42_000
    assert len(rows) == len(document["steps"])
    assert {row["source"] for row in rows} == {"simulated"}
    assert all(re.fullmatch(r"\S+T\d\d:00:00\+0[12]:00", row["from"]) for row in rows)
    assert answer.headers["content-disposition"].startswith('attachment; filename="site-')
    assert person.get(f"{address}.xlsx").status_code == 422


def test_a_file_has_no_cell_that_a_spreadsheet_executes(http: HttpScene) -> None:
    town = Town(http)
    node_id = http.node(town.site("Piscine"))
    http.read_instruments(node_id, heat_meter_serial="=1+1", heat_register_wh=0)
    http.clock.advance(600.0)
    http.read_instruments(node_id, heat_meter_serial="=1+1", heat_register_wh=5000)
    site_id = http.get("/v1/sites", "operator").json()["sites"][0]["site_id"]

    text = town.person().get(f"/town/sites/{site_id}/readings.csv?span=day").text

    assert "'=1+1" in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_names_are_shown_as_text_whatever_they_contain(http: HttpScene) -> None:
    town = Town(http, name=HOSTILE)
    site_id = heated(http, town, HOSTILE)
    person = town.person()

    for path in ("/town", f"/town/sites/{site_id}", "/town/account"):
        text = person.get(path).text
        assert "<script>" not in text, path
        assert "&lt;script&gt;" in text, path


def test_everybody_sees_their_own_sites_and_no_other(http: HttpScene) -> None:
    """Each page of a site, for each kind of person: found where it is theirs, else nowhere."""
    ville, autre = Town(http), Town(http, name="Autre", siret=SIRETS[1])
    own, second, strange = ville.site("own"), ville.site("second"), autre.site("strange")
    people = {
        role: ville.person(f"{role.value}@ville.fr".replace("_", "-"), role) for role in TownRole
    }
    narrow = ville.person("narrow@conseil.fr", TownRole.ADVISER, [own])
    pages = [
        path.replace("{form}", "csv")
        for route in routes_of(http.app)
        if (path := route.path or "").startswith("/town/sites/{site_id}")
        and "GET" in (route.methods or ())
    ]

    assert len(pages) >= 2
    for page in pages:
        for person in people.values():
            assert person.get(page.replace("{site_id}", str(own))).status_code == 200, page
            assert person.get(page.replace("{site_id}", str(strange))).status_code == 404, page
            assert person.get(page.replace("{site_id}", "999999")).status_code == 404, page
        assert narrow.get(page.replace("{site_id}", str(own))).status_code == 200, page
        assert narrow.get(page.replace("{site_id}", str(second))).status_code == 404, page
        assert Browser(http).get(page.replace("{site_id}", str(own))).status_code == 303, page
    assert "strange" not in people[TownRole.ADVISER].read("/town")
    assert "second" not in narrow.read("/town")


def test_a_page_speaks_french_first_and_english_where_asked(http: HttpScene) -> None:
    town = Town(http)
    town.site("Piscine")
    person = town.person()
    person.client.headers["Accept-Language"] = ""

    french, english = person.get("/town"), person.get("/town?lang=en")

    assert '<html lang="fr">' in french.text
    assert "Les sites ce mois-ci" in french.text
    assert french.headers["content-language"] == "fr"
    assert '<html lang="en">' in english.text
    assert "Sites this month" in english.text
    links = re.findall(r'href="(/town/sites/[^"]+)"', english.text)
    assert links
    assert all("lang=en" in link for link in links)
    unasked = re.findall(r'href="(/town/sites/[^"]+)"', french.text)
    assert not any("lang=" in link for link in unasked)


def test_a_towns_colour_and_logo_are_on_its_pages_and_on_no_others(http: HttpScene) -> None:
    ville = Town(http, colour="#1a5e9a")
    autre = Town(http, name="Autre", siret=SIRETS[1])
    http.put(f"/v1/collectivities/{ville.number}/logo", "operator", content=png())
    site_id = ville.site("Piscine")
    marie, paul = ville.person(), autre.person("paul@autre.fr")

    page = marie.read(f"/town/sites/{site_id}")
    style = marie.get("/theme/1a5e9a.css")

    assert f'src="/town/logo/{ville.number}.png"' in page
    assert 'href="/theme/1a5e9a.css"' in page
    assert style.text == ":root{--town:#1a5e9a;--on-town:#ffffff}\n"
    assert marie.get(f"/town/logo/{ville.number}.png").content == png()
    assert paul.get(f"/town/logo/{ville.number}.png").status_code == 404
    for colour in ("red", "7f7f7f;x", "12345", "1a5e9a}body{"):
        assert marie.get(f"/theme/{colour}.css").status_code == 404


def test_no_page_asks_another_server_or_runs_a_script(http: HttpScene) -> None:
    town = Town(http)
    site_id = heated(http, town)
    person = town.person()

    for path in ("/town", f"/town/sites/{site_id}", "/town/account", "/town/sign-in"):
        answer = person.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src" not in policy
        assert policy.startswith("default-src 'none'")
        assert "<script" not in answer.text
        assert not re.search(r"(https?:)?//", answer.text.replace("http://www.w3.org", "")), path
        assert " style=" not in answer.text
        assert answer.headers["referrer-policy"] == "same-origin"


def test_a_meter_in_doubt_is_not_summed_and_this_is_said(http: HttpScene) -> None:
    town = Town(http)
    node_id = http.node(town.site("Piscine"))
    for register in (9000, 5000):
        http.read_instruments(node_id, heat_register_wh=register)
        http.clock.advance(1200.0)
    site_id = http.get("/v1/sites", "operator").json()["sites"][0]["site_id"]

    page = town.person().read(f"/town/sites/{site_id}?span=day")

    assert "A meter has said something that cannot be" in page
    assert re.search(r"In quarantine, .*: [0-9.,\s]+ kWh of heat at most", page)
    assert "went back" not in page
