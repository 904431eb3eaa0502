"""Ends of jobs without an answer, as a server tells of them on a bad day."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from chaufferie.sdk import errors, remote_call
from chaufferie.sdk.answers import fetch_answer
from chaufferie.sdk.endpoint import Endpoint
from chaufferie.sdk.transport import Transport
from tests.support.scripted_server import Answer, scripted_server


def document(state: str, reason: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "job_id": 5,
        "ref": "5",
        "state": state,
        "reason": reason,
        "exit_code": None,
        "node": "boiler",
        "files": [],
        **more,
    }


def fetch(answers: list[Answer], folder: Path) -> object:
    with scripted_server(answers) as server:
        transport = Transport(Endpoint(url=server.url, token="key"), 1.0)
        try:
            return fetch_answer(transport, 5, folder)
        finally:
            transport.close()


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("failed", "time_limit", "longer than its time limit"),
        ("failed", "memory_limit", "more memory"),
        ("failed", "lease_ended", "node was not heard of"),
        ("failed", "node_restarted", "node restarted"),
        ("failed", "not_started", "could not be started"),
        ("cancelled", "queue_limit", "--max-queue-time"),
        ("failed", "something_new", "It is something new"),
    ],
)
def test_each_end_is_said_in_words(state: str, reason: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(errors.JobFailedError, match=said) as caught:
        fetch([Answer(document=document(state, reason))], tmp_path)

    assert caught.value.job_id == 5


def test_a_job_that_was_cancelled_has_no_answer(tmp_path: Path) -> None:
    assert fetch([Answer(document=document("cancelled", "cancelled"))], tmp_path) is None


def test_an_answer_with_other_bytes_is_not_unpickled(tmp_path: Path) -> None:
    text = '{"outcome": "returned"}\nI42.'
    digest = hashlib.sha256(b"something else").hexdigest()
    file = {"path": remote_call.ANSWER, "sha256": digest, "size_bytes": len(text)}
    ended = document("succeeded", "completed", exit_code=0, files=[file])

    with pytest.raises(errors.DamagedFileError):
        fetch([Answer(document=ended), Answer(document=ended), Answer(text=text)], tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = Answer(status=404, document={"title": "There is no such job.", "code": "not_found"})

    with pytest.raises(errors.NotFoundError):
        fetch([gone], tmp_path)
