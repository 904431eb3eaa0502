"""Job scripts and options of any kind, through the route that people submit by, to their end."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.sbatch.options import OPTIONS
from domain.sbatch.precedence import VARIABLES
from tests.support.databases import ENGINES
from tests.support.hostile import COUNT, HostileScene, Told

_SUBMIT, _CHECK, _BATCH = "/v1/jobs", "/v1/jobs/check", "/v1/jobs/batch"
_ODD = ["\0", "\u202e", "\u2028", "\ufeff", "\U0001f4a5", "\x7f", "\x1b[2J", "é" * 99, "٣", "\r"]
_NUMBERS = ["0", "-1", "1e309", "nan", "inf", str(2**31), str(2**63), "9" * 400, "٣", "0x10", "1_0"]
_MEANT = [
    *("1", "2", "4G", "1:00", "0-3%2", "now+1hour", "16:00", "ALL,A=1", "gpu:a100:2", "flex", "x"),
    *("UNLIMITED", "99999999-23:59:59", "0-99999", "0-999999999", "1-9:0", "5-1", "afterok:1"),
    *("afterok:9999999999999999999", "singleton", "after:1+99999999999", "afterok:@a", "B:USR1@9"),
    *("9999-12-31T23:59:59", "0001-01-01", "2026-02-30", "now-9999999weeks", "../../etc/passwd"),
    *("/dev/zero", "%j/%A_%a-%x", "%999999999j", "a" * 5000, "**/*", "[!", "{", "((((a", "a|b&c"),
]
_NAMES = st.sampled_from([option.name for option in OPTIONS])
_SHORT = st.sampled_from([option.short for option in OPTIONS if option.short])
_ANY_TEXT = st.one_of(st.text(max_size=20), st.sampled_from(_ODD))
_VALUES = st.one_of(
    st.sampled_from(_MEANT),
    st.sampled_from(_NUMBERS),
    st.text(alphabet="0123456789:-,%@+GMK=/.~$AN ", max_size=12),
    _ANY_TEXT,
)
_OPTION = st.one_of(
    st.builds("--{}={}".format, _NAMES, _VALUES),
    st.builds("--{}".format, _NAMES),
    st.builds("-{}{}".format, _SHORT, _VALUES),
)
_LINE = st.one_of(
    st.builds("#SBATCH {}".format, _OPTION),
    st.builds("#SBATCH {} {}".format, _OPTION, _OPTION),
    st.builds("#SBATCH {}".format, _ANY_TEXT),
    st.text(alphabet="#SBATCH -=\"'\\\t\r,:nNtmex1", max_size=30),
    _ANY_TEXT,
)
_SCRIPT = st.builds(
    "{}{}".format,
    st.sampled_from(["#!/bin/sh\n", "#!/bin/sh\n", "#!/bin/bash -l\n", "", "\ufeff#!/bin/sh\r\n"]),
    st.lists(_LINE, max_size=5).map("\n".join),
)
_WORDS = st.lists(st.one_of(_ANY_TEXT, st.sampled_from(_MEANT)), max_size=3)
_ENVIRONMENT = st.dictionaries(
    st.one_of(
        st.sampled_from(sorted(VARIABLES)),
        st.text(alphabet=string.ascii_letters + "_= \0", max_size=8),
    ),
    _VALUES,
    max_size=2,
)
_INPUT = st.fixed_dictionaries(
    {
        "path": st.one_of(st.sampled_from(["a", "../a", "/a", "a/", ".", "a/b", "CON"]), _ANY_TEXT),
        "sha256": st.sampled_from(["ab" * 32, "AB" * 32, "zz", ""]),
        "size_bytes": st.sampled_from([0, 1, -1, 2**50, 2**63, 10**400]),
    }
)
_WHAT = st.one_of(
    st.fixed_dictionaries({"script": _SCRIPT}, optional={"script_name": _ANY_TEXT}),
    st.fixed_dictionaries({"command": _WORDS}),
    st.just({"command": ["true"]}),
)
_HOW = st.fixed_dictionaries(
    {},
    optional={
        "options": st.lists(_OPTION, max_size=3),
        "environment": _ENVIRONMENT,
        "arguments": _WORDS,
        "inputs": st.lists(_INPUT, max_size=2),
        "label": st.sampled_from(["a", "b", "", "é", "a b", "@a"]),
        "utc_offset_s": st.sampled_from([0, 3600, -86_399, 86_400, 10**400]),
        "utc_offset_changes": st.lists(
            st.tuples(st.sampled_from([0, 1.8e9, 2e11, 1e300, "x"]), st.integers(-90_000, 90_000)),
            max_size=3,
        ),
        "submit_dir": _ANY_TEXT,
        "submit_host": _ANY_TEXT,
    },
)
_BODIES = st.builds(lambda what, how: {**what, **how}, _WHAT, _HOW)


def _ask(scene: HostileScene, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401
    """The answer's document; a fault is shown with the request that brought it."""
    answer = scene.call(method, path, "owner", **arguments)
    told = Told(answer.status_code, answer.headers.get("content-type", ""), answer.content)
    route = f"{method} {path.translate({ord(digit): None for digit in string.digits})}"
    scene.judge(route, json.dumps(arguments.get("json"))[:1500], told)
    return answer.json() if answer.status_code < 400 else None


def _unclear(notes: list[str]) -> list[str]:
    """Notes that are no line for a terminal."""
    return [note for note in notes if not note.isprintable() or len(note) > 500]


def _look_at(scene: HostileScene, job_id: int) -> None:
    for what in ("", "/explain", "/timeline", "/instances"):
        _ask(scene, "GET", f"/v1/jobs/{job_id}{what}")


def _run_what_waits(scene: HostileScene) -> None:
    """The scheduler places what was accepted, and the node reads it and ends it."""
    for key in scene.start():
        scene.finish(key)
    for page in ("/", "/fragment"):
        assert scene.get(page, "operator").status_code == 200


@pytest.mark.timeout(3600)  # `make fuzz` asks ten thousand times
def test_no_job_script_is_a_500_or_stops_the_scheduler(scene: HostileScene) -> None:
    accepted: list[int] = []

    @settings(
        max_examples=COUNT // len(ENGINES),
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies=st.lists(_BODIES, min_size=1, max_size=3), is_check=st.sampled_from([0, 0, 1]))
    def submit(bodies: list[dict[str, Any]], is_check: int) -> None:
        if len(bodies) > 1:
            answer = _ask(scene, "POST", _BATCH, json={"jobs": bodies})
            told = [] if answer is None else answer["jobs"]
        else:
            answer = _ask(scene, "POST", _CHECK if is_check else _SUBMIT, json=bodies[0])
            told = [] if answer is None else [answer]
        for item in told:
            for note in _unclear(item.get("notes", [])):
                scene.faults.setdefault(f"a note: {note[:300]!r}", json.dumps(bodies)[:1500])
        fresh = [item["job_id"] for item in told if "job_id" in item]
        for job_id in fresh:
            _look_at(scene, job_id)
        accepted.extend(fresh)
        if fresh and len(accepted) % 5 == 0:
            _run_what_waits(scene)

    submit()

    _ask(scene, "GET", "/v1/jobs", params={"limit": 200})
    assert not scene.faults, "\n".join(f"{what}\n    {how}" for what, how in scene.faults.items())
    assert scene.findings() == []
    assert len(accepted) >= COUNT // 40, "nothing was accepted"
