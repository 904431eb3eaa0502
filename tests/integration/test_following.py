"""Live output over real sockets: a server that starts again, lines that break, slow readers."""

import signal
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx2
import psutil
import pytest

from chaufferie import Client
from chaufferie.sdk.errors import NotFoundError, ServerFailedError
from tests.support.cluster import Cluster, until
from tests.support.command_line import CommandLine
from tests.support.cutting_proxy import Cut, cutting_proxy
from tests.support.scripted_server import Answer, scripted_server

MIB = 1 << 20
#: Writes a line, waits for a file, writes on.
_IN_TWO_PARTS = "echo first; while ! test -e {0}; do sleep 0.1; done; echo last; echo err >&2"


def _restart_api(cluster: Cluster, number: signal.Signals) -> None:
    cluster.programs["api"].send_signal(number)
    cluster.programs["api"].wait(20)
    cluster.run("api", "api")
    cluster.until_answers()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_following_survives_a_restart_of_the_server(
    typed: CommandLine, cluster: Cluster, tmp_path: Path, number: signal.Signals
) -> None:
    go_on = tmp_path / "go_on"
    job_id = typed.submit("-e", "err.txt", "--wrap", _IN_TWO_PARTS.format(go_on))
    follower = typed.start("logs", "-f", job_id)
    assert follower.stdout is not None
    first = follower.stdout.readline()

    _restart_api(cluster, number)
    go_on.touch()
    rest, said = follower.communicate(timeout=100)

    assert (first, rest, said, follower.returncode) == ("first\n", "last\n", "", 0)


def test_a_server_that_stops_does_not_wait_for_followers(
    typed: CommandLine, cluster: Cluster
) -> None:
    job_id = typed.submit("--", "sleep", "600")
    headers = {"Authorization": f"Bearer {cluster.token}"}
    address = f"{cluster.url}/v1/jobs/{job_id}/logs?follow=true"

    with httpx2.stream("GET", address, headers=headers, timeout=60) as following:
        pieces = following.iter_bytes()
        first = next(pieces)
        _restart_api(cluster, signal.SIGTERM)
        rest = b"".join(pieces)  # the server has closed the line, and not broken it
    typed.run("cancel", job_id)

    assert first.startswith(b"retry:")
    assert b"end" not in rest
    assert "Traceback" not in (cluster.data_dir / "api.log").read_text()


def test_a_line_that_breaks_loses_and_doubles_nothing(cluster: Cluster) -> None:
    lines = 200_000
    with Client(cluster.url, cluster.token) as client:
        job = client.submit(command=["seq", str(lines)], time_limit_s=300)
        job.wait(120)
    cuts = [Cut(down_bytes=1000), *[Cut(down_bytes=size) for size in (300_000, 700_000)]]
    with (
        cutting_proxy(cluster.port, cuts) as proxy,
        Client(proxy.url, cluster.token, patience_s=60) as client,
    ):
        written = b"".join(client.job(job.id).logs(follow=True))

    assert written.split() == [str(number).encode() for number in range(1, lines + 1)]
    assert proxy.connections > len(cuts)


def test_a_reader_who_does_not_read_costs_the_server_no_memory(
    typed: CommandLine, cluster: Cluster
) -> None:
    size = 14 * MIB
    job_id = typed.submit("-W", "--wrap", f"head -c {size} /dev/zero | tr '\\0' x")
    server = psutil.Process(cluster.programs["api"].pid)
    request = (
        f"GET /v1/jobs/{job_id}/logs?follow=true&stream=stdout HTTP/1.1\r\n"
        f"Host: x\r\nAuthorization: Bearer {cluster.token}\r\nConnection: close\r\n\r\n"
    )
    slow = [socket.create_connection(("127.0.0.1", cluster.port), timeout=60) for _ in range(8)]
    before = server.memory_info().rss
    for one in slow:
        one.sendall(request.encode())
    time.sleep(2.0)
    grown = server.memory_info().rss - before
    answers = httpx2.get(f"{cluster.url}/healthz", timeout=30).status_code
    with closing(slow[0]) as last:
        got = b"".join(iter(lambda: last.recv(MIB), b""))
    for one in slow[1:]:
        one.close()

    assert answers == 200
    assert grown < len(slow) * size // 2  # all of it in base64 would be 150 MiB
    assert len(got) > size * 4 // 3
    assert b"event: end" in got[-1000:]


def test_a_reader_who_hangs_up_is_forgotten(typed: CommandLine, cluster: Cluster) -> None:
    job_id = typed.submit("--", "sleep", "600")
    headers = {"Authorization": f"Bearer {cluster.token}"}
    server = psutil.Process(cluster.programs["api"].pid)
    address = f"{cluster.url}/v1/jobs/{job_id}/logs?follow=true"
    before = len(server.net_connections())

    def hang_up() -> None:
        with httpx2.stream("GET", address, headers=headers, timeout=60) as following:
            next(following.iter_bytes())

    readers = [threading.Thread(target=hang_up) for _ in range(5)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    typed.run("cancel", job_id)

    until(lambda: len(server.net_connections()) <= before)


def test_what_answers_otherwise_is_said_and_not_asked_again() -> None:
    html = Answer(text="<html>")
    gone = Answer(status=404, document={"title": "There is no such job.", "code": "not_found"})
    for answer, error in ((html, ServerFailedError), (gone, NotFoundError)):
        with (
            scripted_server([answer]) as server,
            Client(server.url, "key") as client,
            pytest.raises(error),
        ):
            list(client.job(5).logs(follow=True))
        assert len(server.requests) == 1
