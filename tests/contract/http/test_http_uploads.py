"""Files in parts: on from where a connection broke, checked, counted, and nobody else's."""

import base64
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from api.files import receiving
from domain.billing.retention import Keeping
from tests.support.databases import Databases
from tests.support.http_scene import HttpScene

DATA = b"0123456789" * 20_000
SHA256 = hashlib.sha256(DATA).hexdigest()
MIB = 1 << 20
EMPTY: Mapping[str, str] = {}


def begin(
    http: HttpScene, who: str = "owner", data: bytes = DATA, headers: Mapping[str, str] = EMPTY
) -> httpx2.Response:
    promise = base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
    sent = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Upload-Metadata": f"sha256 {promise}",
        **headers,
    }
    return http.post("/v1/uploads", who, headers=sent)


def send(
    http: HttpScene,
    address: str,
    offset: int,
    part: bytes,
    who: str = "owner",
    headers: Mapping[str, str] = EMPTY,
) -> httpx2.Response:
    sent = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        **headers,
    }
    return http.call("PATCH", address, who, headers=sent, content=part)


def has(http: HttpScene, sha256: str = SHA256, who: str = "owner") -> bool:
    return http.call("HEAD", f"/v1/files/{sha256}", who).status_code == 200


def test_a_file_comes_in_parts_and_is_there_with_the_last(http: HttpScene) -> None:
    begun = begin(http)
    address = begun.headers["Location"]
    first = send(http, address, 0, DATA[:70_000])
    looked = http.call("HEAD", address, "owner")
    assert not has(http)
    last = send(http, address, 70_000, DATA[70_000:])

    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "70000")
    assert looked.headers["Upload-Offset"] == "70000"
    assert looked.headers["Upload-Length"] == str(len(DATA))
    assert looked.headers["Cache-Control"] == "no-store"
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(DATA)))
    assert has(http)
    assert http.call("HEAD", address, "owner").status_code == 404


def test_an_upload_survives_the_death_of_the_server(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    url = sqlite_databases.fresh()
    first = HttpScene(url, tmp_path / "files")
    address = begin(first).headers["Location"]
    send(first, address, 0, DATA[:100_000])
    tokens = first.tokens
    first.close()

    second = HttpScene(url, tmp_path / "files")
    second.tokens = tokens
    again = begin(second)
    assert again.headers["Location"] == address
    assert again.headers["Upload-Offset"] == "100000"
    assert send(second, address, 100_000, DATA[100_000:]).status_code == 204
    assert has(second)
    second.close()


def test_what_is_complete_and_was_not_noted_is_finished_by_an_empty_part(http: HttpScene) -> None:
    address = begin(http).headers["Location"]
    reception = http.content.receive(address.rpartition("/")[2])
    reception.write(DATA)
    reception.close()

    assert begin(http).headers["Upload-Offset"] == str(len(DATA))
    assert send(http, address, len(DATA), b"").status_code == 204
    assert has(http)


def test_a_part_that_does_not_fit_on_is_refused_with_the_offset(http: HttpScene) -> None:
    address = begin(http).headers["Location"]
    send(http, address, 0, DATA[:1000])

    for offset in (0, 999, 1001):
        answer = send(http, address, offset, b"x")
        assert (answer.status_code, answer.json()["code"]) == (409, "upload.offset")
        assert answer.headers["Upload-Offset"] == "1000"


def test_two_requests_cannot_send_to_one_upload_at_once(http: HttpScene) -> None:
    address = begin(http).headers["Location"]
    busy = http.content.receive(address.rpartition("/")[2])

    answer = send(http, address, 0, DATA)
    busy.close()

    assert (answer.status_code, answer.json()["code"]) == (423, "upload.busy")
    assert send(http, address, 0, DATA).status_code == 204


def test_bytes_of_another_digest_are_not_kept(http: HttpScene) -> None:
    address = begin(http).headers["Location"]

    answer = send(http, address, 0, b"x" * len(DATA))

    assert (answer.status_code, answer.json()["code"]) == (422, "file.digest")
    assert not has(http)
    assert http.call("HEAD", address, "owner").status_code == 404
    assert begin(http).headers["Upload-Offset"] == "0"


def test_an_upload_that_grows_beyond_its_length_is_refused(http: HttpScene) -> None:
    address = begin(http).headers["Location"]

    answer = send(http, address, 0, DATA + b"more")

    assert (answer.status_code, answer.json()["code"]) == (413, "upload.too_long")


def test_an_upload_can_be_given_up(http: HttpScene) -> None:
    address = begin(http).headers["Location"]
    send(http, address, 0, DATA[:1000])

    assert http.call("DELETE", address, "owner").status_code == 204
    assert http.call("HEAD", address, "owner").status_code == 404
    assert begin(http).headers["Upload-Offset"] == "0"


def test_an_upload_is_there_for_its_tenant_alone(http: HttpScene) -> None:
    address = begin(http).headers["Location"]
    send(http, address, 0, DATA[:1000])

    assert http.call("HEAD", address, "stranger").status_code == 404
    assert send(http, address, 1000, b"x", "stranger").status_code == 404
    assert http.call("DELETE", address, "stranger").status_code == 404
    own = begin(http, "stranger")
    assert own.headers["Location"] != address
    assert own.headers["Upload-Offset"] == "0"


def test_that_a_tenant_has_a_file_changes_no_answer_to_another(http: HttpScene) -> None:
    def asked() -> list[int]:
        address = begin(http, "stranger").headers["Location"]
        return [
            http.call("HEAD", f"/v1/files/{SHA256}", "stranger").status_code,
            begin(http, "stranger").status_code,
            int(begin(http, "stranger").headers["Upload-Offset"]),
            http.put(f"/v1/files/{SHA256}", "stranger", content=b"guess").status_code,
            http.call("DELETE", address, "stranger").status_code,
        ]

    before = asked()
    http.put(f"/v1/files/{SHA256}", content=DATA)

    assert asked() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "1e9"}, 422),
        ({"Upload-Length": "9" * 400}, 422),
        ({"Upload-Metadata": ""}, 422),
        ({"Upload-Metadata": "sha256 !!!"}, 422),
        ({"Upload-Metadata": "sha256 " + base64.b64encode(b"../../etc/passwd").decode()}, 422),
        ({"Upload-Metadata": "sha256 " + base64.b64encode(b"\xff" * 64).decode()}, 422),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_a_beginning_that_makes_no_sense_is_refused(
    http: HttpScene, headers: dict[str, str], status: int
) -> None:
    answer = begin(http, headers=headers)

    assert answer.status_code == status
    assert answer.json()["title"].endswith(".")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Upload-Offset": "many"}, 422),
        ({"Tus-Resumable": "2.0.0"}, 412),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(
    http: HttpScene, headers: dict[str, str], status: int
) -> None:
    address = begin(http).headers["Location"]

    assert send(http, address, 0, b"x", headers=headers).status_code == status
    assert http.call("HEAD", address, "owner").headers["Upload-Offset"] == "0"


def test_nothing_is_unpacked_on_its_way_in(http: HttpScene) -> None:
    bomb = gzip.compress(b"\0" * (64 * MIB))
    refused = http.put(f"/v1/files/{SHA256}", content=bomb, headers={"Content-Encoding": "gzip"})
    as_it_is = hashlib.sha256(bomb).hexdigest()

    assert (refused.status_code, refused.json()["code"]) == (415, "file.encoding")
    assert http.put(f"/v1/files/{as_it_is}", content=bomb).status_code == 201


def _pieces(n_bytes: int) -> Iterator[bytes]:
    for _ in range(n_bytes // MIB):
        yield b"x" * MIB


def test_a_file_too_large_for_one_request_is_refused_and_nothing_of_it_stays(
    http: HttpScene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(receiving, "LARGEST_WHOLE_BYTES", 4 * MIB)

    answer = http.put(f"/v1/files/{SHA256}", content=_pieces(6 * MIB))

    assert (answer.status_code, answer.json()["code"]) == (413, "file.too_large")
    assert "/v1/uploads" in answer.json()["title"]
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


@pytest.fixture
def narrow(sqlite_databases: Databases, tmp_path: Path) -> Iterator[HttpScene]:
    """Tenants that may store 100 KiB each, for two days."""
    keeping = Keeping(stored_gib_per_tenant=100 / MIB, inputs_kept_days=2.0, results_kept_days=30.0)
    made = HttpScene(sqlite_databases.fresh(), tmp_path / "files", keeping)
    yield made
    made.close()


def test_more_than_the_quota_is_refused_before_anything_is_sent(narrow: HttpScene) -> None:
    whole = narrow.put(f"/v1/files/{SHA256}", content=DATA)
    in_parts = begin(narrow)

    for answer in (whole, in_parts):
        assert (answer.status_code, answer.json()["code"]) == (422, "quota.stored_bytes")
        assert "0 bytes of 100.0 KiB are used" in answer.json()["title"]
        assert "195.3 KiB more" in answer.json()["title"]
    assert not has(narrow)
    assert begin(narrow, data=DATA[:1000]).status_code == 201


def test_how_long_files_are_kept_is_said_at_submit_and_shown_after_the_end(
    narrow: HttpScene,
) -> None:
    data = b"mesh"
    sha256 = hashlib.sha256(data).hexdigest()
    narrow.put(f"/v1/files/{sha256}", content=data)
    narrow.warm_node()
    item = {"path": "mesh", "sha256": sha256, "size_bytes": len(data)}
    answer = narrow.send_job(command=["sim"], inputs=[item]).json()
    job_id = answer["job_id"]
    (key,) = narrow.start()
    before = narrow.get(f"/v1/jobs/{job_id}").json()
    narrow.finish(key)
    after = narrow.get(f"/v1/jobs/{job_id}").json()

    inputs = "Inputs are deleted 2 days after the end of the last job that uses them."
    assert inputs in answer["notes"]
    assert "Results are deleted 30 days after the end of the job." in answer["notes"]
    assert (before["inputs_kept_until_s"], before["results_kept_until_s"]) == (None, None)
    assert after["inputs_kept_until_s"] == after["finished_at_s"] + 2 * 86_400
    assert after["results_kept_until_s"] == after["finished_at_s"] + 30 * 86_400
    plain = narrow.send_job(command=["sim"]).json()
    assert not any("Inputs" in note for note in plain["notes"])
