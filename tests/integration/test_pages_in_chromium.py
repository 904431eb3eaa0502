"""The towns' pages in a real browser, on a telephone and a desk: people invited look and act."""

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from domain.refusal import Refused
from domain.towns.collectivities import Collectivity
from metering.books import contracting, issuing
from tests.support.chromium import Visit, chromium
from tests.support.cluster import Cluster, running_cluster
from tests.support.command_line import CommandLine
from tests.support.metered import JANUARY
from tests.support.past import SITE, sold_past
from tests.support.pictures import png
from tests.support.statements import contract

TOWN = Collectivity(name="Saint-Rémy-des-Bains", siret="21750001600019")
STATEMENT = "CHALEUR-2026-00001"
PASSWORD = "les bassins sont chauds ce matin"
PHONE_PX = 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One server for all of these tests: one boiler tells of now, the heat of another is sold."""
    with running_cluster(tmp_path_factory.mktemp("pages"), sites=1) as running:
        with running.store() as store:
            site_id = sold_past(store, TOWN)
            with store.transaction() as tx:
                terms = contract(deliveries=[{"site_id": site_id}])
                assert isinstance(contracting.add_contract(tx, terms, "test"), int)
                made = issuing.issue(tx, "M-2026-17", JANUARY, "test")
                assert not isinstance(made, Refused), made.sentence
                assert made.number == STATEMENT
        yield running


@pytest.fixture(scope="module")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The town with a colour, a logo and both sites, as its operator describes it."""
    typed = CommandLine(cluster, tmp_path_factory.mktemp("operator"))
    (typed.folder / "logo.png").write_bytes(png(40, 40))
    words = ("--logo", "logo.png", "--colour", "e8b800", "--contact", "Mairie, 01 02 03")
    for command in (
        ("change", TOWN.name, *words),
        ("give-site", TOWN.name, "site0", "--at", "44.84,-0.58"),
    ):
        ran = typed.run("collectivities", *command)
        assert ran.returncode == 0, ran.stderr
    return typed


def invite(town: CommandLine, email: str) -> str:
    words = ("collectivities", "invite", TOWN.name, email, "--role", "energy_manager")
    return str(town.document(*words)["url"])


def join(visit: Visit, link: str) -> None:
    """Follow an invitation."""
    visit.open(link)
    for name in ("password", "again"):
        visit.page.fill(f"#{name}", PASSWORD)
    visit.page.locator("main button").click()
    visit.page.wait_for_url("**/town")


def pages_of(town: CommandLine, language: str) -> list[str]:
    """Every page that an energy manager can open, and some that are not there."""
    sites = town.document("collectivities", "show", TOWN.name)["sites"]
    here = next(f"/town/sites/{item['site_id']}" for item in sites if item["name"] == "site0")
    sold = next(f"/town/sites/{item['site_id']}" for item in sites if item["name"] == SITE)
    return [
        *("/town", "/town/account", "/town/alerts", "/town/sign-in?ended=yes", "/accessibility"),
        *(f"{here}?span={span}" for span in ("day", "month", "year")),
        *(f"{sold}?span=year&at=2026-02-01", f"{here}/wishes"),
        *("/town/files", "/town/statements", f"/town/statements/{STATEMENT}"),
        f"/town/statements/{STATEMENT}/document?form=html&language={language}",
        *("/town/sites/999999", "/town/sites/x", "/town/nothing", "/town/join?code=old"),
    ]


@pytest.mark.timeout(900)  # axe looks at twenty pages
@pytest.mark.parametrize(
    ("language", "leave"), [("fr-FR", "Se déconnecter"), ("en-GB", "Sign out")]
)
def test_every_page_is_accessible_fits_a_telephone_and_asks_nobody_else(
    browser: Browser, town: CommandLine, language: str, leave: str
) -> None:
    visit = Visit(browser, language, width_px=PHONE_PX)
    link, base = invite(town, f"marie-{language[:2]}@bains.fr"), town.cluster.url
    visit.open(link)
    found, wide, weights = {"join": visit.violations()}, {"join": visit.overflow_px()}, {}
    join(visit, link)
    for path in pages_of(town, language[:2]):
        weights[path] = visit.open(f"{base}{path}{'&' if '?' in path else '?'}lang={language[:2]}")
        found[path], wide[path] = visit.violations(), visit.overflow_px()
        hosts = {urlsplit(request.url).netloc for request in visit.requests}
        assert hosts == {urlsplit(base).netloc}, path
        assert visit.page.locator("html").get_attribute("lang") == language[:2]
    wishes = next(path for path in found if path.endswith("/wishes"))
    found["refused"], wide["refused"] = _refused_by_keyboard(visit, f"{base}{wishes}")
    visit.open(f"{base}/town")
    visit.page.get_by_role("button", name=leave).click()
    visit.page.wait_for_url("**/town/sign-in*")
    sys.stderr.write(f"\npage weights [bytes] in {language}: {weights}\n")

    faults = {path: item for path, item in found.items() if item}
    assert (faults, {path: more for path, more in wide.items() if more > 0}) == ({}, {})
    assert max(weights.values()) <= 60_000
    assert [text for text in visit.complaints if "Content Security Policy" in text] == []
    visit.context.close()


def _refused_by_keyboard(visit: Visit, url: str) -> tuple[list[str], int]:
    """A form filled in wrongly without a mouse: what was typed is still there, beside why not."""
    visit.open(url)
    visit.page.locator("#warmest").focus()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.type("150")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("alert").wait_for()
    assert visit.page.locator("#warmest").input_value() == "150"
    return visit.violations(), visit.overflow_px()


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_whoever_scans_a_boiler_reads_its_page_and_says_that_there_is_no_heat(
    browser: Browser, town: CommandLine, language: str
) -> None:
    sheet = town.folder / "stickers.svg"
    printed = town.document("stickers", "print", str(sheet), "--site", "site0")
    assert town.run("stickers", "publish", "site0", "--figures", "daily").returncode == 0
    path = printed["stickers"][0]["path"]
    visit = Visit(browser, language, scripts=False)

    weight = visit.open(town.cluster.url + path)
    visit.page.fill("#message", f"froid, {language}")
    visit.page.locator("main button").click()
    visit.page.get_by_role("status").wait_for()
    told = [item["message"] for item in town.document("reports", "list")["reports"]]
    looking = Visit(browser, language, width_px=PHONE_PX)
    looking.open(town.cluster.url + path)
    sys.stderr.write(f"\npublic page in {language}: {weight} bytes\n")

    assert printed["stickers"][0]["code"] in sheet.read_text(encoding="utf-8")
    assert f"froid, {language}" in told
    assert looking.violations() == []
    assert looking.overflow_px() <= 0
    assert weight <= 50_000
    assert visit.context.cookies() == []
    for item in (visit, looking):
        item.context.close()


def test_an_operator_signs_in_with_a_key_and_out(browser: Browser, town: CommandLine) -> None:
    visit = Visit(browser, "en-GB")
    visit.open(town.cluster.url)
    visit.page.fill("#key", town.cluster.token)
    visit.page.get_by_role("button", name="Sign in").click()
    visit.page.get_by_role("link", name="Quarantine").click()
    visit.page.get_by_role("heading", name="Quarantine").wait_for()
    found = visit.violations()
    visit.page.get_by_role("link", name="Sites and jobs").click()
    found += visit.violations()

    visit.page.get_by_role("button", name="Sign out").click()

    visit.page.get_by_role("heading", name="Sign in").wait_for()
    found += visit.violations()
    assert found == []
    visit.context.close()


def test_everything_works_without_scripts(browser: Browser, town: CommandLine) -> None:
    visit = Visit(browser, "fr-FR", scripts=False)
    join(visit, invite(town, "sans-script@bains.fr"))

    visit.page.get_by_role("link", name="site0").first.click()
    visit.page.get_by_role("link", name="Jour", exact=True).click()
    visit.page.get_by_role("link", name="English").click()

    assert visit.page.get_by_role("heading", level=1).inner_text() == "site0"
    assert visit.page.get_by_role("link", name="Day").get_attribute("aria-current") == "page"
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    visit.context.close()


def test_without_scripts_somebody_signs_in_wishes_chooses_and_disputes(
    browser: Browser, town: CommandLine
) -> None:
    visit, page_url = Visit(browser, "fr-FR", scripts=False), town.cluster.url
    page = visit.page
    join(visit, invite(town, "paul@bains.fr"))
    page.get_by_role("button", name="Se déconnecter").click()
    page.fill("#email", "paul@bains.fr")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/town")

    page.get_by_role("link", name="site0").first.click()
    page.get_by_role("link", name="Souhaits").click()
    page.fill("#warmest", "38,5")
    page.get_by_role("button", name="consigne").click()
    page.get_by_text("38,5 °C ; le site permet").wait_for()
    visit.open(f"{page_url}/town/alerts")
    page.get_by_label("Un compteur de chaleur est muet").check()
    page.get_by_role("button", name="Enregistrer ce choix").click()
    page.get_by_role("status").wait_for()
    assert page.get_by_label("Un compteur de chaleur est muet").is_checked()
    visit.open(f"{page_url}/town/statements")
    page.get_by_role("link", name=STATEMENT).click()
    page.select_option("#line", "1")
    page.fill("#reason", "Le compteur a été déposé trois jours.")
    page.get_by_role("button", name="Contester").click()
    page.get_by_text("Le compteur a été déposé trois jours.").wait_for()

    disputes = town.document("disputes", "list")["disputes"]
    assert [(item["number"], item["line"]) for item in disputes] == [(STATEMENT, 1)]
    visit.context.close()
