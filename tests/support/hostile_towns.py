"""Two towns whose heat is sold, the people of one of them, and what nobody of it may ever see."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from domain.calendar.months import begin_of
from domain.registers.declaration import Act, Declaration, Evidence
from domain.towns.accounts import TownRole
from domain.towns.collectivities import Collectivity
from domain.towns.deliverables import DeliverableKind
from metering.keeping.closing import close_month
from scheduler.doctor import examine
from store.access.browser_sessions import Session
from store.collectivities import town_sessions
from store.deliverables import deliverables
from store.deliverables.deliverables import Key
from store.ledger.meters import declare, known_meters
from tests.support.http_scene import HOST, HttpScene
from tests.support.metered import FEBRUARY, JANUARY
from tests.support.statements import contract_terms
from tests.support.town import SIRETS, Browser, Town

COOKIE = "chaufferie_town"
OWN, OTHER = "Saint-Rémy", "Autrelieu"
#: What stands in the rows of the other town alone: none of it may be in an answer to this one.
SECRETS = ("Autrelieu", "Lavoir", "M-2026-99", "zoe@autre.fr", "secret-note", "secret-purpose")
_LANGUAGE = re.compile(r'<html lang="(\w\w)">')
_ALERT = re.compile(r'role="alert">([^<]*)</p>')
_UNTOLD = re.compile(r"\([a-z_]+\.[a-z0-9_]+\)|\((internal|not_found)\)")
_MOVED, _REFUSED, _SERVER_ERROR = 300, 400, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the browser of somebody signed in holds, and what each of its forms carries."""

    cookie: str
    form_token: str


class HostileTowns(HttpScene):
    """The town that asks is the first; all that it may not touch is of the second."""

    def __init__(self, url: str, directory: Path) -> None:
        super().__init__(url, directory)
        self.statuses: Counter[int] = Counter()
        self.faults: dict[str, str] = {}
        self.clock.now_s = begin_of(JANUARY)
        self.towns = [
            self._town(OWN, SIRETS[0], "Piscine", "M-2026-17", "CHALEUR"),
            self._town(OTHER, SIRETS[1], "Lavoir", "M-2026-99", "AUTRE"),
        ]
        self._account_of = {
            role: self._account(self.towns[0], f"{role.value.replace('_', '-')}@ville.fr", role)
            for role in TownRole
        }
        self._account(self.towns[1], "zoe@autre.fr", TownRole.ENERGY_MANAGER)
        self._wish_for_the_other()
        made = self.post("/v1/stickers", "operator").json()["stickers"]
        self.codes = [str(item["code"]) for item in made]
        self.before = self.other_state()

    def _town(self, name: str, siret: str, site: str, reference: str, prefix: str) -> Town:
        """A town with a site, a contract, a statement of January and a file."""
        town = Town(self, name, siret, colour="1a5e9a")
        site_id = town.site(site)
        node_id = self.node(site_id, name=prefix, is_simulated=False, max_power_w=5_000.0)
        began_s = self.clock.now_s
        for number, month in enumerate((JANUARY, FEBRUARY), start=1):
            self.clock.now_s = max(began_s, begin_of(month))
            self.read_instruments(
                node_id,
                prefix,
                simulated=False,
                taken_at_s=begin_of(month),
                heat_register_wh=1_000_000 * number,
                electricity_register_wh=1_000_000 * number,
            )
        self._confirm(site_id)
        described = Collectivity(name=name, siret=siret)
        buyer = {"name": name, "address": "Place 1\n38000 Ville", "siret": described.siret}
        terms = contract_terms(
            reference=reference,
            number_prefix=prefix,
            buyer=buyer,
            deliveries=[{"site_id": site_id}],
        )
        answer = self.post("/v1/contracts", "operator", json=terms)
        assert answer.status_code == 201, answer.text
        self.clock.now_s = max(self.clock.now_s, begin_of(FEBRUARY) + 2 * 86_400.0)
        assert isinstance(close_month(self.store, site_id, JANUARY, "test"), int)
        body = {"month": "2026-01"}
        answer = self.post(f"/v1/contracts/{reference}/statements", "operator", json=body)
        assert answer.status_code == 201, answer.text
        root = f"/v1/collectivities/{town.number}/deliverables/readings"
        assert self.put(root, "operator", json={"day": 5}).status_code == 200
        key = Key(collectivity_id=town.number, kind=DeliverableKind.READINGS, period=JANUARY)
        with self.store.transaction() as tx:
            assert deliverables.keep(tx, key, "source", f"meter;{name}".encode(), b"PK")
        return town

    def _confirm(self, site_id: int) -> None:
        """A person looked at the display of every meter of a site."""
        with self.store.transaction() as tx:
            for known in known_meters(tx.connection, [site_id]):
                seen = Declaration(
                    act=Act.CONFIRM,
                    at_s=tx.now_s,
                    index_wh=2_000_000,
                    evidence=Evidence(note="seen"),
                    actor="test",
                )
                declare(tx, known.facts.meter_id, seen)

    def _account(self, town: Town, email: str, role: TownRole) -> int:
        town.person(email, role)
        people = self.get(f"/v1/collectivities/{town.number}/people", "operator").json()["people"]
        return int(next(item["account_id"] for item in people if item["email"] == email))

    def _wish_for_the_other(self) -> None:
        zoe = Browser(self)
        assert zoe.sign_in("zoe@autre.fr").status_code == 303
        page, here = "/town/sites/2/wishes", "/town/sites/2"
        days = {"first": "2026-03-01", "last": "2026-03-02", "note": "secret-note"}
        sent = [
            zoe.send(page, f"{here}/set-point", warmest="45"),
            zoe.send(page, f"{here}/calendar", kind="works", **days),
            zoe.send(page, f"{here}/publication", figures="daily", purpose="secret-purpose"),
        ]
        assert [item.status_code for item in sent] == [303] * 3

    def other_state(self) -> Mapping[str, Any]:
        """What the first town must never change."""
        other = self.towns[1].number
        people = self.get(f"/v1/collectivities/{other}/people", "operator").json()["people"]
        return {
            "wishes": self.get("/v1/sites/2/wishes", "operator").json(),
            "publication": self.get("/v1/sites/2/publication", "operator").json(),
            "people": [(item["account_id"], item["email"]) for item in people],
            "disputes": [
                item
                for item in self.get("/v1/disputes", "operator").json()["disputes"]
                if item["number"].startswith("AUTRE")
            ],
        }

    def session(self, role: TownRole) -> Held:
        """Somebody of the first town, newly signed in."""

        def opened() -> Session:
            with self.store.transaction() as tx:
                return town_sessions.open_session(tx, self._account_of[role])

        cookie = opened().token
        page = self.ask("GET", "/town", headers={"Cookie": f"{COOKIE}={cookie}"}).text
        (token,) = set(re.findall(r'name="form_token" value="([0-9a-f]+)"', page))
        return Held(cookie=cookie, form_token=token)

    def ask(self, method: str, path: str, **arguments: Any) -> httpx2.Response:  # noqa: ANN401
        """A request of a browser that remembers nothing by itself and goes nowhere by itself."""
        self.client.cookies.clear()
        answer: httpx2.Response = self.client.request(
            method, path, follow_redirects=False, **arguments
        )
        return answer

    def judge(self, route: str, shown: str, answer: httpx2.Response) -> None:
        """Count an answer, and keep what is wrong with it, once for each route."""
        self.statuses[answer.status_code] += 1
        # A page says again what was typed into its own form.
        secrets = [] if route.startswith("/t/") else [it for it in SECRETS if it not in shown]
        for wrong in _wrong(answer, secrets):
            self.faults.setdefault(f"{route}: {wrong}", shown)

    def findings(self) -> list[str]:
        """What the doctor says of a store that took all this."""
        return [str(item) for item in examine(self.database) if item.offenders]


def _wrong(answer: httpx2.Response, secrets: Sequence[str]) -> list[str]:
    """Why an answer is none that a person should get."""
    found, text = [], html.unescape(answer.text) if _is_text(answer) else ""
    if answer.status_code >= _SERVER_ERROR:
        found.append("500")
    found += [f"tells {secret!r}" for secret in secrets if secret in text]
    if _MOVED <= answer.status_code < _REFUSED:
        # A slash too many at the end is taken away by the framework, with the host named.
        place = answer.headers.get("location", "").removeprefix(HOST)
        if re.match(r"/(town|t/|$)", place) is None:
            found.append(f"sent on to {place!r}")
    if answer.status_code >= _REFUSED and answer.request.method != "HEAD":
        found += _unclear(answer, text)
    return found


def _is_text(answer: httpx2.Response) -> bool:
    kind = answer.headers.get("content-type", "")
    return kind.startswith("text/") or "json" in kind


def _unclear(answer: httpx2.Response, text: str) -> list[str]:
    """Why a page that refuses does not say so in its own language."""
    if answer.request.url.path.startswith("/theme/"):  # a style: nobody reads it
        return []
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return [f"{answer.status_code} is no page"]
    language, told = _LANGUAGE.search(text), _ALERT.findall(text)
    if language is None or answer.headers.get("content-language") != language[1]:
        return ["says no language"]
    if not told or not all(item.strip().endswith(".") for item in told):
        return [f"{answer.status_code} without a sentence"]
    return [f"untold code: {item}" for item in told if _UNTOLD.search(item)]
