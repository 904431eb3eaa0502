"""Files cross a line that breaks, and a server that dies, without being sent anew."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from chaufferie import Client
from chaufferie.sdk import download
from chaufferie.sdk.errors import ServerUnreachableError
from tests.support.cluster import Cluster
from tests.support.cutting_proxy import Cut, cutting_proxy
from tests.support.warden import until

MIB = 1 << 20
SIZE = 28 * MIB


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _left(cluster: Cluster, large: Path) -> int:
    """A job that left the large file and one byte more."""
    with Client(cluster.url, cluster.token) as client:
        job = client.submit(
            command=["sh", "-c", "(cat large.bin; echo) > out.bin"],
            inputs=[large.name],
            directory=large.parent,
            options=["--results=out.bin"],
            time_limit_s=300,
        )
        job.result(timeout_s=120)
    return job.id


def test_an_upload_goes_on_after_each_cut(cluster: Cluster, large: Path) -> None:
    cuts = [Cut(up_bytes=5 * MIB), Cut(up_bytes=12 * MIB), Cut(up_bytes=3 * MIB)]
    with (
        cutting_proxy(cluster.port, cuts) as proxy,
        Client(proxy.url, cluster.token, patience_s=60) as client,
    ):
        job = client.submit(
            command=["sha256sum", "large.bin"], inputs=[large.name], directory=large.parent
        )
        result = job.result(timeout_s=120)

    assert result.stdout.split()[0] == _digest(large)
    assert proxy.connections > len(cuts)
    # A part is 8 MiB: each cut costs one at the most.
    assert proxy.up_bytes < SIZE + len(cuts) * 9 * MIB


def test_an_upload_goes_on_after_the_server_was_killed(cluster: Cluster, large: Path) -> None:
    found: list[str] = []

    def submit(url: str) -> None:
        with Client(url, cluster.token, patience_s=60) as client:
            job = client.submit(
                command=["sha256sum", "large.bin"], inputs=[large.name], directory=large.parent
            )
            found.append(job.result(timeout_s=120).stdout.split()[0])

    with cutting_proxy(cluster.port, pause_s=0.01) as proxy:
        sending = threading.Thread(target=submit, args=(proxy.url,))
        sending.start()
        until(lambda: proxy.up_bytes > SIZE // 2, "half of it is sent")
        cluster.programs["api"].kill()
        cluster.programs["api"].wait()
        cluster.run("api", "api")
        cluster.until_answers()
        sending.join()

    assert found == [_digest(large)]
    assert proxy.up_bytes < SIZE + 10 * MIB


def test_a_download_goes_on_after_each_cut(cluster: Cluster, large: Path, tmp_path: Path) -> None:
    job_id = _left(cluster, large)
    cuts = [Cut(down_bytes=9 * MIB), Cut(down_bytes=10 * MIB)]
    with (
        cutting_proxy(cluster.port, cuts) as proxy,
        Client(proxy.url, cluster.token, patience_s=60) as client,
    ):
        client.job(job_id).download(tmp_path / "got")

    assert (tmp_path / "got" / "out.bin").stat().st_size == SIZE + 1
    assert proxy.down_bytes < SIZE + 8 * MIB
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["out.bin"]


def test_a_fetch_that_was_given_up_goes_on_the_next_time(
    cluster: Cluster, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PATIENCE_S", 0.5)
    job_id = _left(cluster, large)
    dead = [Cut(down_bytes=18 * MIB), *[Cut(down_bytes=1)] * 1000]
    with (
        cutting_proxy(cluster.port, dead) as proxy,
        Client(proxy.url, cluster.token, patience_s=0.5) as client,
        pytest.raises(ServerUnreachableError),
    ):
        client.job(job_id).download(tmp_path / "got")
    (partial,) = (tmp_path / "got").iterdir()
    had_bytes = partial.stat().st_size

    with cutting_proxy(cluster.port) as proxy, Client(proxy.url, cluster.token) as client:
        client.job(job_id).download(tmp_path / "got")

    assert had_bytes > 10 * MIB
    assert proxy.down_bytes < SIZE + MIB - had_bytes
    (whole,) = (tmp_path / "got").iterdir()
    assert whole.name == "out.bin"
    assert whole.stat().st_size == SIZE + 1
