"""Forms and addresses of the towns' pages, asked by somebody who wishes ill, on both databases."""

import re
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.towns.accounts import TownRole
from tests.support.databases import ENGINES
from tests.support.hostile import COUNT
from tests.support.hostile_towns import COOKIE, Held, HostileTowns
from tests.support.routes import routes_of
from tests.support.town import PASSWORD

_ODD = [
    "",
    "\0",
    "a\0b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "' OR 1=1 --",
    "9" * 30,
    "1_0",
    "\N{ARABIC-INDIC DIGIT FOUR}\N{ARABIC-INDIC DIGIT FIVE}",
    "nan",
    "-1",
    "x" * 5000,
    "%",
    "a\r\nSet-Cookie: a=b",
]
_TEXTS = st.one_of(st.sampled_from(_ODD), st.text(max_size=60))
#: What would be taken, so that some forms go further than their first field.
_GOOD: dict[str, list[str]] = {
    "warmest": ["45", "45,5", ""],
    "kind": ["closure", "works"],
    "first": ["2026-03-01"],
    "last": ["2026-03-02"],
    "note": ["vidange"],
    "entry": ["1", "2"],
    "figures": ["none", "monthly", "daily"],
    "purpose": ["le bassin"],
    "line": ["", "1"],
    "reason": ["Le compteur a été déposé trois jours."],
    "message": ["froid depuis hier"],
    "email": ["nobody@ville.fr", "zoe@autre.fr"],
    "password": [PASSWORD],
    "again": [PASSWORD],
    "old": ["not the old one"],
    "next": ["/town/alerts", "//evil.test"],
    "code": ["unknown"],
    "language": ["fr", "en"],
    "no_heat": ["yes"],
    "key": ["chf_x.y"],
}
#: The fields of each form, by the end of its address.
_FORMS: dict[str, tuple[str, ...]] = {
    "{deed}": ("warmest", "kind", "first", "last", "note", "entry", "figures", "purpose"),
    "dispute": ("line", "reason"),
    "no-heat": ("message",),
    "sign-in": ("email", "password", "next"),
    "join": ("code", "password", "again"),
    "account": ("old", "password", "again"),
    "alerts": ("no_heat", "language"),
}
_ASKED: dict[str, list[str]] = {
    "lang": ["fr", "en", "xx"],
    "span": ["day", "month", "year", "century"],
    "at": ["2026-01-15", "9999-12-31", "0001-01-01", "2026-W01-1"],
    "form": ["csv", "json", "html", "pdf", "xlsx", "exe"],
    "language": ["fr", "en", "xx"],
    "told": ["yes", "maybe"],
    "ended": ["yes"],
    "kept": ["yes"],
    "next": ["/town", "//evil.test"],
    "code": ["unknown"],
}
_ORIGINS = [None, None, "http://chaufferie.test", "https://evil.test", "null", "http://["]
_PLACE = re.compile(r"{(\w+)(?::\w+)?}")


class Asked(NamedTuple):
    """A request, before its cookie and its form token."""

    method: str
    route: str
    path: str
    fields: list[tuple[str, str]]
    kind: str  #: Of its body.
    origin: str | None


def _names(scene: HostileTowns) -> dict[str, list[str]]:
    """What the places of a path may hold, of both towns."""
    return {
        "site_id": ["1", "1", "2", "0", "99", "9" * 30],
        "number": ["CHALEUR-2026-00001", "AUTRE-2026-00001", "NO-1"],
        "code": [*scene.codes, "unknown"],
        "deed": ["set-point", "calendar", "calendar-back", "publication", "demolish"],
        "collectivity_id": ["1", "2", "99"],
        "kind": ["readings", "lines", "operat"],
        "period": ["202601", "0", "999913"],
        "version": ["1", "2"],
        "form": ["csv", "json", "exe"],
        "colour": ["1a5e9a", "e8b800", "zzzzzz", "}body{"],
    }


def _routes(scene: HostileTowns) -> list[tuple[str, str]]:
    """Every address that a browser of a town or of a passer-by may open."""
    found = [
        (method, route.path or "")
        for route in routes_of(scene.app)
        for method in sorted(route.methods or ())
        if re.match(r"/(town|t|theme|accessibility)(/|$)", route.path or "")
    ]
    assert len(found) >= 25, found
    return found


def _requests(scene: HostileTowns) -> st.SearchStrategy[Asked]:
    names = _names(scene)

    @st.composite
    def asked(draw: st.DrawFn) -> Asked:
        method, template = draw(st.sampled_from(_routes(scene)))

        def place(found: re.Match[str]) -> str:
            known = st.sampled_from(names[found[1]])
            return quote(draw(st.one_of(known, known, known, _TEXTS)), safe="")

        path = _PLACE.sub(place, template)
        query = draw(st.lists(st.sampled_from(sorted(_ASKED)), max_size=3))
        given_here = [
            (name, draw(st.one_of(st.sampled_from(_ASKED[name]), _TEXTS))) for name in query
        ]
        if given_here:
            path = f"{path}?{urlencode(given_here, errors='replace')}"
        fields = []
        if method == "POST":
            whole = list(_FORMS.get(template.rpartition("/")[2], ()))
            odd = draw(st.lists(st.sampled_from(sorted(_GOOD)), max_size=3))
            for name in draw(st.sampled_from([whole, whole, whole + odd, odd])):
                good = st.sampled_from(_GOOD[name])
                fields.append((name, draw(st.one_of(good, good, _TEXTS))))
        kind = draw(st.sampled_from(["form", "form", "form", "parts", "json", "raw", "none"]))
        return Asked(method, template, path, fields, kind, draw(st.sampled_from(_ORIGINS)))

    return asked()


def _sent(asked: Asked, token: str | None, raw: bytes) -> dict[str, Any]:
    """The body of a request in its kind."""
    fields = [*asked.fields, *([] if token is None else [("form_token", token)])]
    if asked.method != "POST" or asked.kind == "none":
        return {}
    if asked.kind == "parts":
        return {"files": {name: (None, value) for name, value in fields}}
    if asked.kind == "json":
        return {"json": dict(fields)}
    if asked.kind == "raw":
        return {"content": raw, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    body = urlencode(fields, errors="replace")
    return {"content": body, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


@pytest.mark.timeout(3600)  # `make fuzz` asks ten thousand times
def test_no_form_is_a_500_or_reaches_another_town(towns: HostileTowns) -> None:
    held: dict[TownRole, Held] = {}

    @settings(
        max_examples=COUNT // len(ENGINES),
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(asked=_requests(towns), data=st.data())
    def ask(asked: Asked, data: st.DataObject) -> None:
        role = data.draw(st.sampled_from([*TownRole, TownRole.ENERGY_MANAGER]))
        if role not in held:
            held[role] = towns.session(role)
        who = data.draw(st.sampled_from([*["signed in"] * 6, "forged", "nobody"]))
        is_formed = data.draw(st.sampled_from([True, True, True, False]))
        cookie = {"signed in": held[role].cookie, "forged": "x.y"}.get(who)
        sent = _sent(asked, held[role].form_token if is_formed else None, data.draw(st.binary()))
        headers = {
            "Accept": "text/html",
            "Accept-Language": data.draw(st.sampled_from(["fr", "en"])),
            **sent.pop("headers", {}),
        }
        if asked.origin is not None:
            headers["Origin"] = asked.origin
        if cookie is not None:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        answer = towns.ask(asked.method, asked.path, headers=headers, **sent)
        shown = f"{asked.method} {asked.path[:200]} as {who} {role} {asked.kind} {asked.fields}"
        towns.judge(asked.route, shown[:1500], answer)
        if asked.path.startswith("/town/sign-out"):
            held.clear()

    ask()

    assert not towns.faults, "\n".join(f"{what}\n    {how}" for what, how in towns.faults.items())
    assert towns.other_state() == towns.before
    assert towns.findings() == []
    assert towns.statuses[200] >= COUNT // 40, "nothing got through"
