"""The reference page and the application name the same routes, scopes and figures."""

import re
from pathlib import Path

from fastapi.routing import iter_route_contexts

from domain.access import ROLE_SCOPES
from tests.support.http_scene import HttpScene
from tests.support.routes import scope_of

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "http.md").read_text()
_ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| `([a-z:]+)` \|", re.MULTILINE)


def test_the_reference_lists_every_route_with_its_scope(http: HttpScene) -> None:
    served = {
        (method, route.path, scope_of(route).value)
        for route in iter_route_contexts(http.app.routes)
        for method in route.methods or ()
    }

    assert set(_ROW.findall(PAGE)) == served


def test_the_reference_lists_the_scopes_of_each_role() -> None:
    for role, scopes in ROLE_SCOPES.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{role.value}` |"))
        assert {scope.value for scope in scopes} <= set(re.findall(r"`([a-z:]+)`", line))


def test_the_reference_lists_every_figure(http: HttpScene) -> None:
    served = re.findall(r"^# TYPE (\S+)", http.get("/metrics", "operator").text, re.MULTILINE)

    assert set(re.findall(r"`(chaufferie_[a-z_]+)`", PAGE)) == set(served)
