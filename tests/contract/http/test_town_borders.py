"""Every address of the towns' pages, by somebody of one town, for what belongs to another."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.towns.accounts import TownRole
from tests.support.databases import Databases
from tests.support.hostile_towns import COOKIE, SECRETS, HostileTowns
from tests.support.routes import routes_of

#: What stands in the places of an address, all of it the other town's.
_OTHERS = {
    "site_id": ("2",),
    "number": ("AUTRE-2026-00001",),
    "deed": ("set-point", "calendar", "calendar-back", "publication"),
    "collectivity_id": ("2",),
    "kind": ("readings",),
    "period": ("202601",),
    "version": ("1",),
    "form": ("csv", "json"),
}
#: What would be taken of the other town's own people.
_FORM = {"warmest": "46", "kind": "works", "first": "2026-04-01", "last": "2026-04-02"}
_MORE = {"entry": "1", "figures": "none", "line": "1", "reason": "Rien de tout cela."}
_PLACE = re.compile(r"{(\w+)(?::\w+)?}")


@pytest.fixture
def towns(sqlite_databases: Databases, tmp_path: Path) -> Iterator[HostileTowns]:
    made = HostileTowns(sqlite_databases.fresh(), tmp_path / "files")
    yield made
    made.close()


def addresses(towns: HostileTowns) -> list[tuple[str, str]]:
    """Every address with a place in it, written for the other town."""
    found = []
    for route in routes_of(towns.app):
        path = route.path or ""
        if not path.startswith("/town/") or "{" not in path:
            continue
        written = [path]
        for place in _PLACE.findall(path):
            written = [
                re.sub(rf"{{{place}(:\w+)?}}", value, item)
                for item in written
                for value in _OTHERS[place]
            ]
        found += [(method, item) for method in sorted(route.methods or ()) for item in written]
    return found


@pytest.mark.parametrize("role", list(TownRole))
def test_what_is_another_towns_is_nowhere_and_stays_as_it_is(
    towns: HostileTowns, role: TownRole
) -> None:
    held = towns.session(role)
    headers = {"Cookie": f"{COOKIE}={held.cookie}", "Accept": "text/html"}
    form = {"form_token": held.form_token, **_FORM, **_MORE}

    answers = {
        (method, path): towns.ask(
            method, path, headers=headers, data=form if method == "POST" else None
        )
        for method, path in addresses(towns)
    }

    assert len(answers) >= 12
    assert {address: item.status_code for address, item in answers.items()} == dict.fromkeys(
        answers, 404
    )
    assert [text for item in answers.values() for text in SECRETS if text in item.text] == []
    assert towns.other_state() == towns.before


def test_the_same_addresses_lead_a_stranger_and_a_forger_to_the_door(towns: HostileTowns) -> None:
    for cookie in ({}, {"Cookie": f"{COOKIE}=forged.session"}, {"Cookie": f"{COOKIE}=%00"}):
        for method, path in addresses(towns):
            answer = towns.ask(method, path, headers={"Accept": "text/html", **cookie})

            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/town/sign-in?"), (method, path)
    assert towns.other_state() == towns.before


def test_pages_without_a_place_tell_nothing_of_the_other_town(towns: HostileTowns) -> None:
    for role in TownRole:
        cookie = {"Cookie": f"{COOKIE}={towns.session(role).cookie}"}
        for path in ("/town", "/town/statements", "/town/files", "/town/alerts", "/town/account"):
            page = towns.ask("GET", path, headers=cookie)

            assert page.status_code == 200, path
            assert [text for text in SECRETS if text in page.text] == [], path
            assert "/theme/1a5e9a.css" in page.text, path  # each in the town's own colour


def test_what_is_saved_has_a_name_that_every_system_takes(towns: HostileTowns) -> None:
    """Windows refuses more signs than others, a point at the end, and the names of its devices."""
    cookie = {"Cookie": f"{COOKIE}={towns.session(TownRole.ENERGY_MANAGER).cookie}"}
    number = "CHALEUR-2026-00001"
    files = [f"/town/statements/{number}/document?form={form}" for form in ("csv", "json")]
    files += [f"/town/sites/1/readings.{form}?span=day&at=2026-01-02" for form in ("csv", "json")]
    files += [f"/town/files/1/readings/202601/1?form={form}" for form in ("csv", "xlsx")]
    operators = ["/v1/contracts/M-2026-17/years/2026"]
    answers = [towns.ask("GET", path, headers=cookie) for path in files]
    answers += [towns.get(path, "operator") for path in operators]

    for answer in answers:
        assert answer.status_code == 200, answer.request.url
        found = re.fullmatch(
            r'attachment; filename="([A-Za-z0-9._-]+\.[a-z]+)"',
            answer.headers["content-disposition"],
        )
        assert found is not None, answer.headers["content-disposition"]
        assert re.match(r"(con|prn|aux|nul|(com|lpt)[0-9])\.", found[1], re.IGNORECASE) is None
        assert answer.headers["x-content-type-options"] == "nosniff"
