"""A town with sites and people, on the scene of the API, seen through a browser without scripts."""

import html
import re
from collections.abc import Sequence

import httpx2
from fastapi.testclient import TestClient

from domain.towns.accounts import TownRole
from tests.support.http_scene import HOST, HttpScene

SIRETS = ("21750001600019", "21990012300007", "21990012300015")
PASSWORD = "les bassins sont chauds ce matin"
_FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


class Town:
    """One collectivity, as its operator made it."""

    def __init__(
        self, http: HttpScene, name: str = "Ville", siret: str = SIRETS[0], **fields: object
    ) -> None:
        self.http = http
        body = {"name": name, "siret": siret, **fields}
        answer = http.post("/v1/collectivities", "operator", json=body)
        assert answer.status_code == 201, answer.text
        self.number = int(answer.json()["collectivity_id"])

    def give(self, site_id: int, *, place: tuple[float, float] | None = (48.85, 2.35)) -> int:
        """A site is this town's."""
        body = None
        if place is not None:
            body = {"latitude_deg": place[0], "longitude_deg": place[1]}
        address = f"/v1/collectivities/{self.number}/sites/{site_id}"
        assert self.http.put(address, "operator", json=body).status_code == 200
        return site_id

    def site(self, name: str) -> int:
        """A new site of this town."""
        return self.give(self.http.site(name))

    def invite(
        self,
        email: str = "marie@ville.fr",
        role: TownRole = TownRole.ENERGY_MANAGER,
        site_ids: Sequence[int] | None = None,
        name: str = "Marie",
    ) -> str:
        """The path of an invitation."""
        body = {"email": email, "name": name, "role": role.value, "site_ids": site_ids}
        address = f"/v1/collectivities/{self.number}/people"
        answer = self.http.post(address, "operator", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["path"])

    def person(
        self,
        email: str = "marie@ville.fr",
        role: TownRole = TownRole.ENERGY_MANAGER,
        site_ids: Sequence[int] | None = None,
    ) -> "Browser":
        """Somebody of this town, signed in."""
        code = self.invite(email, role, site_ids).partition("code=")[2]
        browser = Browser(self.http)
        form = {"code": code, "password": PASSWORD, "again": PASSWORD}
        answer = browser.post("/town/join", form)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/town")
        return browser


class Browser:
    """A browser of its own: cookies, no scripts, no key."""

    def __init__(self, http: HttpScene, language: str = "en") -> None:
        self.client = TestClient(http.app, base_url=HOST, raise_server_exceptions=False)
        self.client.headers["Accept-Language"] = language

    def get(self, path: str, **arguments: object) -> httpx2.Response:
        answer: httpx2.Response = self.client.get(path, follow_redirects=False, **arguments)  # type: ignore[arg-type]
        return answer

    def read(self, path: str) -> str:
        """The text of a page that must be there, as a person reads it."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return html.unescape(answer.text)

    def post(self, path: str, form: dict[str, str], **arguments: object) -> httpx2.Response:
        answer: httpx2.Response = self.client.post(
            path,
            data=form,
            follow_redirects=False,
            **arguments,  # type: ignore[arg-type]
        )
        return answer

    def send(self, page: str, path: str, **fields: str) -> httpx2.Response:
        """Send a form that stands on a page, with the token that it carries."""
        token = _FORM_TOKEN.search(self.get(page).text)
        assert token is not None
        return self.post(path, {"form_token": token[1], **fields})

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> httpx2.Response:
        return self.post("/town/sign-in", {"email": email, "password": password, **fields})
