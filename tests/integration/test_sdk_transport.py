import time
from pathlib import Path

import pytest

from chaufferie import Client, JobRequest
from chaufferie.sdk import errors
from chaufferie.sdk.job import Job
from tests.support.scripted_server import Answer, scripted_server

BUSY = Answer(status=503, document={"title": "Starting.", "code": "http.503"})
ACCEPTED = Answer(status=201, document={"job_id": 5, "is_repeat": False, "notes": []})


def submit(answers: list[Answer], patience_s: float = 5.0) -> list[tuple[str, str, str | None]]:
    """Submit one job to a server that answers so; the requests that it took."""
    with scripted_server(answers) as server:
        with Client(server.url, "key", patience_s=patience_s) as client:
            assert client.submit(command=["true"]).id == 5
        return server.requests


@pytest.mark.parametrize("trouble", [BUSY, Answer(is_cut=True)], ids=["busy", "cut"])
def test_a_submission_is_repeated_with_its_own_key(trouble: Answer) -> None:
    requests = submit([trouble, trouble, ACCEPTED])

    assert len(requests) == 3
    assert len({key for _, _, key in requests}) == 1
    assert requests[0][2]


def test_two_submissions_have_different_keys() -> None:
    with scripted_server([ACCEPTED]) as server, Client(server.url, "key") as client:
        client.submit(command=["true"])
        client.submit(command=["true"])

        assert len({key for _, _, key in server.requests}) == 2


def test_what_must_not_be_done_twice_is_not_sent_twice() -> None:
    with (
        scripted_server([Answer(is_cut=True)]) as server,
        Client(server.url, "key") as client,
        pytest.raises(errors.ServerUnreachableError),
    ):
        client.transport.post_once("/v1/keys", {})

    assert len(server.requests) == 1


def test_patience_ends() -> None:
    began_s = time.monotonic()
    with pytest.raises(errors.ServerUnreachableError, match="cannot answer now"):
        submit([BUSY], patience_s=0.2)

    assert time.monotonic() - began_s < 60


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(status=401, document={"title": "No.", "code": "k"}), errors.NotAllowedError, "No."),
        (Answer(status=403, document={"title": "No.", "code": "k"}), errors.NotAllowedError, "No."),
        (
            Answer(status=404, document={"title": "None.", "code": "k"}),
            errors.NotFoundError,
            "None.",
        ),
        (
            Answer(status=422, document={"title": "Odd.", "code": "k", "line": 3}),
            errors.RefusedByServerError,
            "Odd.",
        ),
        (Answer(status=500, text="<html>"), errors.ServerFailedError, "status 500"),
        (Answer(text="<html>welcome</html>"), errors.ServerFailedError, "not as a Chaufferie"),
    ],
    ids=["401", "403", "404", "422", "500", "another server"],
)
def test_each_answer_is_a_typed_error(
    answer: Answer, kind: type[errors.ChaufferieError], said: str
) -> None:
    with (
        scripted_server([answer]) as server,
        Client(server.url, "key") as client,
        pytest.raises(kind, match=said),
    ):
        client.whoami()


def test_a_refusal_keeps_its_code_and_its_line() -> None:
    refusal = Answer(status=422, document={"title": "Odd.", "code": "k", "line": 3})
    with (
        scripted_server([refusal]) as server,
        Client(server.url, "key") as client,
        pytest.raises(errors.RefusedByServerError) as caught,
    ):
        client.whoami()

    assert (caught.value.status, caught.value.code, caught.value.line) == (422, "k", 3)


def test_a_batch_names_the_job_that_is_refused() -> None:
    answers = {
        "jobs": [
            {"job_id": 1, "is_repeat": False, "notes": []},
            {"title": "Too large.", "status": 422, "code": "job.too_large"},
        ]
    }
    with (
        scripted_server([Answer(document=answers)]) as server,
        Client(server.url, "key") as client,
        pytest.raises(errors.RefusedByServerError, match=r"Job 2 of 2: Too large\."),
    ):
        client.submit_many([JobRequest(command=["true"])] * 2)


def test_a_damaged_file_never_stands_under_its_name(tmp_path: Path) -> None:
    job = {
        "job_id": 1,
        "state": "succeeded",
        "files": [{"path": "a.txt", "sha256": "0" * 64, "size_bytes": 3}],
    }
    with (
        scripted_server([*[Answer(document=job)] * 2, Answer(text="abc")]) as server,
        Client(server.url, "key") as client,
        pytest.raises(errors.DamagedFileError, match=r"a\.txt"),
    ):
        Job(client.transport, 1).download(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_file_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    job = {
        "job_id": 1,
        "state": "succeeded",
        "files": [{"path": "../a.txt", "sha256": "0" * 64, "size_bytes": 3}],
    }
    with (
        scripted_server([*[Answer(document=job)] * 2, Answer(text="abc")]) as server,
        Client(server.url, "key") as client,
        pytest.raises(errors.DamagedFileError, match="inside the working directory"),
    ):
        Job(client.transport, 1).download(folder)

    assert not (folder.parent / "a.txt").exists()
