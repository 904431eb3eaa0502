"""A simulation that is stopped goes on on another node, and ends with the same numbers."""

import filecmp
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
from sqlalchemy import select

from domain.commands import PreemptAttempt, Why
from store.attempts import assignments
from store.files import checkpoints
from store.tables.jobs import instance
from tests.support.cluster import ROOT, Cluster, running_cluster
from tests.support.command_line import CommandLine
from tests.support.warden import until

EXAMPLE = ROOT / "examples" / "lattice_boltzmann"
FLEX_NOW = ("--type", "flex", "--time", "5", "--deadline", "+6m")
#: A fast core takes a quarter of a minute for them: three times as long as the first copy is away.
STEPS = 50_000
SIZE = ("--ny", "32", "--nx", "160", "--steps", str(STEPS), "--checkpoint-every", "500")
_PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def typed(cluster: Cluster, tmp_path: Path) -> CommandLine:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    return CommandLine(cluster, tmp_path)


def _submit(typed: CommandLine, *options: str) -> str:
    staged = ("--stage", "channel_flow.py", *FLEX_NOW, *options)
    return typed.submit(*staged, "channel_flow.sh", *SIZE)


def _row(cluster: Cluster, job_id: str) -> tuple[int, int]:
    """On which node the job is, and in which attempt."""
    with cluster.store() as store, store.database.read() as connection:
        row = connection.execute(select(instance).where(instance.c.id == int(job_id))).one()
    return row.node_id, row.attempt


def _preempt(cluster: Cluster, job_id: str) -> None:
    """What the scheduler writes when its engine orders it."""
    node_id, number = _row(cluster, job_id)
    with cluster.store() as store, store.transaction() as tx:
        order = PreemptAttempt(
            instance_id=int(job_id), attempt=number, node_id=node_id, why=Why(code="test")
        )
        assert assignments.preempt(tx, [order]) == 1


def _operator(cluster: Cluster, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {cluster.token}"}
    httpx2.request(method, cluster.url + path, headers=headers).raise_for_status()


def _steps_printed(typed: CommandLine, job_id: str) -> int:
    lines = typed.run("logs", job_id).stdout.splitlines()
    steps = [line.split("/")[0].split()[-1] for line in lines if line.startswith("step")]
    return int(steps[-1]) if steps else 0


def _same_numbers(one: Path, other: Path) -> bool:
    """Whether two runs left the same picture, the same figures and the same state, bit for bit."""
    same_files = all(
        filecmp.cmp(one / name, other / name, shallow=False)
        for name in ("channel_flow.png", "summary.json")
    )
    with (
        np.load(one / "checkpoint" / "state.npz") as left,
        np.load(other / "checkpoint" / "state.npz") as right,
    ):
        arrays = ("populations", "forces", "steps_done")
        return same_files and all(left[name].tobytes() == right[name].tobytes() for name in arrays)


@pytest.fixture(scope="module")
def undisturbed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves that nothing interrupts."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    typed = CommandLine(cluster, folder)
    job_id = _submit(typed)
    assert typed.run("wait", job_id).returncode == 0, typed.run("logs", job_id).stdout
    assert typed.run("get", job_id, "results").returncode == 0
    return folder / "results"


def test_a_run_stopped_for_heat_goes_on_elsewhere_to_the_same_numbers(
    cluster: Cluster, typed: CommandLine, undisturbed: Path
) -> None:
    job_id = _submit(typed, "--checkpoint")
    until(lambda: _steps_printed(typed, job_id) > 0, "it computes", _PATIENCE_S)
    first_node, _ = _row(cluster, job_id)
    _operator(cluster, "POST", f"/v1/nodes/{first_node}/drain")
    try:
        _preempt(cluster, job_id)
        waited = typed.run("wait", job_id, "--timeout", "120")
    finally:
        _operator(cluster, "POST", f"/v1/nodes/{first_node}/resume")
    logs = typed.run("logs", job_id).stdout
    assert waited.returncode == 0, waited.stderr + logs
    typed.run("get", job_id, "results")

    attempts = typed.document("job", job_id)["attempts"]
    assert [item["reason"] for item in attempts] == ["preempted", "completed"]
    assert attempts[0]["node"] != attempts[1]["node"]
    assert "resumed at step" in logs
    assert _same_numbers(typed.folder / "results", undisturbed)


def _lose_node(cluster: Cluster, node_id: int) -> None:
    """The node loses its power and starts again: agent, warden and job are gone, its disk too."""
    folder = next(
        folder
        for folder in (cluster.data_dir / "nodes").iterdir()
        if json.loads((folder / "identity.json").read_text())["node_id"] == node_id
    )
    identity = json.loads((folder / "identity.json").read_text())
    for name in (f"agent-{folder.name}", f"warden-{folder.name}"):
        cluster.programs[name].kill()
        cluster.programs[name].wait()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and _belongs_to(int(entry.name), folder):
            os.kill(int(entry.name), signal.SIGKILL)
    shutil.rmtree(folder / "jobs")
    beat = {"boot_id": "another boot", "holding": [], "spooled": [], "status": {}}
    httpx2.post(
        f"{cluster.url}/v1/agent/heartbeat",
        json=beat,
        headers={"Authorization": f"Bearer {identity['token']}"},
    ).raise_for_status()


def _belongs_to(pid: int, folder: Path) -> bool:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"CHAUFFERIE_WARDEN={folder.resolve()}".encode() in entries


def test_a_run_whose_node_is_lost_goes_on_from_its_last_copy_to_the_same_numbers(
    cluster: Cluster, typed: CommandLine, undisturbed: Path
) -> None:
    job_id = _submit(typed, "--checkpoint=5s")
    until(lambda: _is_saved(cluster, job_id), "its checkpoint is copied", _PATIENCE_S)

    _lose_node(cluster, _row(cluster, job_id)[0])
    waited = typed.run("wait", job_id, "--timeout", "170")
    logs = typed.run("logs", job_id).stdout

    assert waited.returncode == 0, waited.stderr + logs
    attempts = typed.document("job", job_id)["attempts"]
    assert [item["state"] for item in attempts] == ["lost", "done"]
    assert "resumed at step" in logs
    typed.run("get", job_id, "results")
    assert _same_numbers(typed.folder / "results", undisturbed)


def _is_saved(cluster: Cluster, job_id: str) -> bool:
    with cluster.store() as store, store.database.read() as connection:
        return bool(checkpoints.files(connection, int(job_id)))
