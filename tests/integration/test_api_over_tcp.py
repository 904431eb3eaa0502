"""The API as a process: what only a real socket can ask of it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import pytest

from api.body_limit import LARGEST_BODY_BYTES
from tests.support.ports import free_port

_START_WITHIN_S = 30.0
_POST = b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\n"
_PIECE = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, str]]:
    """Host, port and an operator's key of a running API."""
    data = tmp_path_factory.mktemp("api")
    port = free_port()
    env = {**os.environ, "CHAUFFERIE_DATA_DIR": str(data), "CHAUFFERIE_PORT": str(port)}
    key = data / "operator.key"
    program = [sys.executable, "-m", "api"]
    subprocess.run([*program, "init", "--key-file", str(key)], env=env, check=True)
    with (data / "api.log").open("wb") as log:
        process = subprocess.Popen(program, env=env, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(port, process, data / "api.log")
        yield "127.0.0.1", port, key.read_text().strip()
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, log.read_text()
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the API did not answer: {log.read_text()}")


def _status(address: tuple[str, int, str], head: str, pieces: list[bytes]) -> str:
    """The status line that a hand-made request brings."""
    host, port, token = address
    request = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\n{head}\r\n\r\n"
    )
    with closing(socket.create_connection((host, port), timeout=20)) as connection:
        connection.sendall(request.encode())
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it answered and hung up before it had read everything
        with connection.makefile("rb") as answer:
            return answer.readline().decode().strip()


def test_a_long_promise_is_refused_before_a_byte_of_it_came(
    address: tuple[str, int, str],
) -> None:
    head = f"Content-Length: {LARGEST_BODY_BYTES + 1}"

    assert _status(address, head, []) == "HTTP/1.1 413 Request Entity Too Large"


def test_a_chunked_body_is_counted_as_it_comes(address: tuple[str, int, str]) -> None:
    pieces = [_PIECE] * (LARGEST_BODY_BYTES // 0x1000 + 1)

    status = _status(address, "Transfer-Encoding: chunked", pieces)

    assert status.startswith("HTTP/1.1 413")


def test_bytes_beyond_the_promised_length_end_the_connection(
    address: tuple[str, int, str],
) -> None:
    body = b'{"command":["true"]}'

    status = _status(address, f"Content-Length: {len(body)}", [body + b"x" * LARGEST_BODY_BYTES])

    assert status.startswith("HTTP/1.1 400")


def test_the_first_operator_key_is_for_its_owner_only(
    address: tuple[str, int, str], tmp_path: Path
) -> None:
    host, port, token = address
    answer = httpx2.get(
        f"http://{host}:{port}/v1/whoami", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json()["role"] == "operator"
    env = {**os.environ, "CHAUFFERIE_DATA_DIR": str(tmp_path)}
    key = tmp_path / "operator.key"
    init = [sys.executable, "-m", "api", "init", "--key-file", str(key)]
    subprocess.run(init, env=env, check=True)
    first = key.read_text()
    subprocess.run(init, env=env, check=True)
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() == first


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/jobs\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
        _POST + b"Content-Length: 9e9\r\n\r\n",
        _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
        _POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\0" * 1000,
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_what_is_hardly_http_is_refused_and_others_are_served(
    address: tuple[str, int, str], request_bytes: bytes
) -> None:
    host, port, _ = address
    with closing(socket.create_connection((host, port), timeout=20)) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError), connection.makefile("rb") as answer:
            status = answer.readline().decode()
            assert status == "" or status.split()[1].startswith("4"), status

    assert httpx2.get(f"http://{host}:{port}/healthz").status_code == 200
