"""A round of the worker, with real files: what nobody has any more is dropped, and nothing else."""

import hashlib
from pathlib import Path

import pytest

from domain.billing.quota import stored_bytes_quota
from domain.files.job_files import ResultFile
from domain.jobs.job import EndReason
from domain.jobs.job_spec import InputFile
from domain.refusal import Refused
from store.files import stored_files, uploads
from store.files.content import ContentKey
from store.files.local_content import LocalContentStore
from store.files.stored_files import DROPPED_AFTER_S
from store.jobs import job_inputs
from tests.support.builders import job_spec
from tests.support.scene import Scene
from worker.rounds.retention import run_retention
from worker.settings import WorkerSettings

DAY_S = 86_400.0
ROOMY = stored_bytes_quota(10**9)


@pytest.fixture
def content(tmp_path: Path) -> LocalContentStore:
    return LocalContentStore(tmp_path / "files")


def _keep(scene: Scene, content: LocalContentStore, data: bytes) -> ContentKey:
    key = ContentKey(tenant_id=scene.tenant_id, sha256=hashlib.sha256(data).hexdigest())
    reception = content.receive("one")
    reception.write(data)
    reception.seal()
    with scene.store.transaction() as tx:
        assert stored_files.keep(tx, key, len(data), ROOMY) is None
        reception.keep(key)
    reception.close()
    return key


def _is_there(content: LocalContentStore, key: ContentKey) -> bool:
    file = content.open(key)
    if file is not None:
        file.close()
    return file is not None


def _rounds(
    scene: Scene, content: LocalContentStore, tmp_path: Path, **settings: float
) -> dict[str, int]:
    """Two rounds, an hour and more between them."""
    found = WorkerSettings(data_dir=tmp_path, **settings)  # type: ignore[arg-type]
    run_retention(scene.store, content, found)
    scene.clock.advance(DROPPED_AFTER_S + 1)
    return run_retention(scene.store, content, found)


def test_inputs_go_after_their_time_and_results_stay(
    scene: Scene, content: LocalContentStore, tmp_path: Path
) -> None:
    node_id = scene.node()
    mesh, field = (_keep(scene, content, data) for data in (b"mesh", b"field"))
    item = InputFile(path="mesh", sha256=mesh.sha256, size_bytes=4)
    with scene.store.transaction() as tx:
        (answer,) = job_inputs.submit(tx, [scene.submission(job_spec(inputs=(item,)))])
    assert not isinstance(answer, Refused)
    scene.assign(answer.job_id, node_id)
    (claimed,) = scene.claim(node_id).claimed
    left = (ResultFile(path="field", sha256=field.sha256, size_bytes=5),)
    scene.report(node_id, claimed.key, EndReason.COMPLETED, files=left)

    scene.clock.advance(6.5 * DAY_S)
    _rounds(scene, content, tmp_path)
    assert _is_there(content, mesh)
    scene.clock.advance(DAY_S)
    _rounds(scene, content, tmp_path)

    assert not _is_there(content, mesh)
    assert _is_there(content, field)
    _rounds(scene, content, tmp_path, results_kept_days=1.0)
    assert not _is_there(content, field)


def test_an_upload_that_nobody_completes_goes(
    scene: Scene, content: LocalContentStore, tmp_path: Path
) -> None:
    key = ContentKey(tenant_id=scene.tenant_id, sha256="a" * 64)
    with scene.store.transaction() as tx:
        begun = uploads.begin(tx, key, 60, None, ROOMY)
    assert not isinstance(begun, Refused)
    reception = content.receive(begun.upload_id)
    reception.write(b"some")
    reception.close()
    scene.clock.advance(6 * DAY_S)
    _rounds(scene, content, tmp_path)
    assert content.received_bytes(begun.upload_id) == 4

    scene.clock.advance(DAY_S)
    _rounds(scene, content, tmp_path)

    assert content.received_bytes(begun.upload_id) == 0
    with scene.store.transaction() as tx:
        assert stored_files.used_bytes(tx, scene.tenant_id) == 0


def test_a_round_goes_through_more_files_than_fit_in_a_step(
    scene: Scene, content: LocalContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store.files.stored_files", "worker.rounds.retention"):
        monkeypatch.setattr(f"{module}.MOST_AT_ONCE", 2)
    kept = [_keep(scene, content, b"%d" % number) for number in range(5)]
    scene.clock.advance(8 * DAY_S)

    taken = _rounds(scene, content, tmp_path)

    assert not any(_is_there(content, key) for key in kept)
    assert taken["content"] == 3
