"""Requests made after our own OpenAPI description, right and wrong, by every kind of caller."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok, Result
from schemathesis.errors import InvalidSchema

from domain.access import Scope
from tests.support.databases import ENGINES
from tests.support.hostile import COUNT, HostileScene, Told
from tests.support.routes import routes_of, scope_of

_ALLOWED = 30  #: So many times more often than anybody else asks somebody who may.
_LONGEST_CURL = 1000
_PATIENCE_S = 100.0  # no timing is asserted: the machine may be busy


@pytest.mark.timeout(3600)  # `make fuzz` asks ten thousand times
def test_no_described_request_is_a_500_or_answered_unclearly(scene: HostileScene) -> None:
    described = schemathesis.openapi.from_asgi("/v1/openapi.json", scene.app)
    operations = [_described(found) for found in described.get_all_operations()]
    scopes = _scopes(scene)
    requests = st.one_of(
        [
            operation.as_strategy(generation_mode=mode)
            for operation in operations
            for mode in GenerationMode
        ]
    )

    # What fails is shown as a request to repeat; the store has changed too much to shrink it.
    @settings(
        max_examples=COUNT // len(ENGINES),
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests, data=st.data())
    def ask(case: Case[Any], data: st.DataObject) -> None:
        scope = scopes[case.operation.label]
        may = None if scope is Scope.PUBLIC else scene.who_may(scope)
        who = data.draw(st.sampled_from([*[may] * _ALLOWED, *sorted(scene.tokens), None]))
        _name_what_is_there(case, scene, data)
        _do_not_wait(case)
        headers = {} if who is None else {"Authorization": f"Bearer {scene.tokens[who]}"}
        shown = f"{who}: {case.as_curl_command()[:_LONGEST_CURL]}"
        try:
            answer = case.call(headers=headers, timeout=_PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            scene.fail(error, case.operation.label, shown)
        else:
            kind = answer.headers.get("content-type", [""])[0]
            body = b"" if case.method == "HEAD" else answer.content
            scene.judge(case.operation.label, shown, Told(answer.status_code, kind, body))

    ask()

    assert not scene.faults, "\n".join(f"{what}\n    {how}" for what, how in scene.faults.items())
    assert scene.findings() == []
    assert len(operations) >= 60
    assert scene.statuses[200] + scene.statuses[201] >= COUNT // 40, "nothing got through"


def _described(found: Result[Any, InvalidSchema]) -> Any:  # noqa: ANN401
    assert isinstance(found, Ok), found
    return found.ok()


def _scopes(scene: HostileScene) -> dict[str, Scope]:
    return {
        f"{method} {_as_described(route.path or '')}": scope_of(route)
        for route in routes_of(scene.app)
        for method in route.methods or ()
    }


def _as_described(path: str) -> str:
    """The path as the description has it: without converters."""
    return re.sub(r":\w+}", "}", path)


def _name_what_is_there(case: Case[Any], scene: HostileScene, data: st.DataObject) -> None:
    """Half of the paths name something that exists; the others lead nowhere."""
    if data.draw(st.booleans()):
        for name in case.path_parameters:
            if name in scene.known:
                case.path_parameters[name] = data.draw(st.sampled_from(scene.known[name]))


def _do_not_wait(case: Case[Any]) -> None:
    """A request that may wait is answered at once, one that follows ends where there is no more."""
    if "follow" in case.query:
        case.query["follow"] = "false"
    if "wait_s" in case.query:
        case.query["wait_s"] = "0"
    if isinstance(case.body, dict) and "wait_s" in case.body:
        case.body["wait_s"] = 0
