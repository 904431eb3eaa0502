"""The towns' pages in a real browser: a person is invited by the command line and looks around."""

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import Visit, chromium
from tests.support.command_line import CommandLine
from tests.support.pictures import png

TOWN = "Saint-Rémy-des-Bains"
SIRET = "21990012300023"
PASSWORD = "les bassins sont chauds ce matin"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def town(typed: CommandLine) -> Iterator[CommandLine]:
    """A town with a colour, a logo and, for the time of a test, both sites of the cluster."""
    known = typed.document("collectivities", "list")["collectivities"]
    if all(item["name"] != TOWN for item in known):
        logo = typed.folder / "logo.png"
        logo.write_bytes(png(40, 40))
        words = ("--siret", SIRET, "--colour", "e8b800", "--contact", "Mairie, 01 02 03")
        assert typed.run("collectivities", "add", TOWN, *words).returncode == 0
        assert typed.run("collectivities", "change", TOWN, "--logo", str(logo)).returncode == 0
    for site, place in (("site0", ("--at", "44.84,-0.58")), ("site1", ())):
        assert typed.run("collectivities", "give-site", TOWN, site, *place).returncode == 0
    yield typed
    for site in ("site0", "site1"):
        assert typed.run("collectivities", "take-site", TOWN, site).returncode == 0


def invite(town: CommandLine, email: str) -> str:
    words = ("collectivities", "invite", TOWN, email, "--role", "energy_manager")
    return str(town.document(*words)["url"])


@pytest.mark.parametrize(
    ("language", "keep", "leave"),
    [
        ("fr-FR", "Enregistrer", "Se déconnecter"),
        ("en-GB", "Keep this password", "Sign out"),
    ],
)
def test_every_page_is_accessible_and_asks_nobody_else(
    browser: Browser, town: CommandLine, language: str, keep: str, leave: str
) -> None:
    visit = Visit(browser, language)
    link = invite(town, f"marie-{language[:2]}@bains.fr")
    base = town.cluster.url
    visit.open(link)
    found = {"join": visit.violations()}
    for name in ("password", "again"):
        visit.page.fill(f"#{name}", PASSWORD)
    visit.page.get_by_role("button", name=keep).click()
    visit.page.wait_for_url("**/town")
    sites = town.document("collectivities", "show", TOWN)["sites"]
    pages = ["/town", "/town/account", "/town/sites/999999", "/town/sign-in"]
    pages += [f"/town/sites/{sites[0]['site_id']}?span={span}" for span in ("day", "month", "year")]
    pages += ["/town/statements", "/accessibility"]
    pages.append(f"/town/sites/{sites[0]['site_id']}/wishes")
    weights = {}
    for path in pages:
        weights[path] = visit.open(base + path)
        found[path] = visit.violations()
        hosts = {urlsplit(request.url).netloc for request in visit.requests}
        assert hosts == {urlsplit(base).netloc}, path
        assert visit.page.locator("html").get_attribute("lang") == language[:2]
    visit.open(f"{base}/town")
    visit.page.get_by_role("button", name=leave).click()
    visit.page.wait_for_url("**/town/sign-in*")
    sys.stderr.write(f"\npage weights [bytes] in {language}: {weights}\n")

    assert {path: faults for path, faults in found.items() if faults} == {}
    assert max(weights.values()) <= 150_000
    assert [text for text in visit.complaints if "Content Security Policy" in text] == []
    visit.context.close()


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
    looking = Visit(browser, language)
    looking.open(town.cluster.url + path)
    sys.stderr.write(f"\npublic page in {language}: {weight} bytes\n")

    assert printed["stickers"][0]["code"] in sheet.read_text(encoding="utf-8")
    assert f"froid, {language}" in told
    assert looking.violations() == []
    assert weight <= 50_000
    assert visit.context.cookies() == []
    for item in (visit, looking):
        item.context.close()


def test_an_operator_signs_in_with_a_key_and_out(browser: Browser, town: CommandLine) -> None:
    visit = Visit(browser, "en-GB")
    visit.open(town.cluster.url)
    visit.page.fill("#key", town.cluster.token)
    visit.page.get_by_role("button", name="Sign in").click()

    visit.page.get_by_role("button", name="Sign out").click()

    visit.page.get_by_role("heading", name="Sign in").wait_for()
    visit.context.close()


def test_everything_works_without_scripts(browser: Browser, town: CommandLine) -> None:
    visit = Visit(browser, "fr-FR", scripts=False)
    visit.open(invite(town, "sans-script@bains.fr"))
    for name in ("password", "again"):
        visit.page.fill(f"#{name}", PASSWORD)
    visit.page.get_by_role("button", name="Enregistrer").click()
    visit.page.wait_for_url("**/town")

    visit.page.get_by_role("link", name="1: site0").click()
    visit.page.get_by_role("link", name="Jour").click()
    visit.page.get_by_role("link", name="English").click()

    assert visit.page.get_by_role("heading", level=1).inner_text() == "site0"
    assert visit.page.get_by_role("link", name="Day").get_attribute("aria-current") == "page"
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    visit.context.close()
