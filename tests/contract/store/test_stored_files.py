"""Whose files are whose, what they count, and when they go."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import select

from domain.billing.quota import Quota, stored_bytes_quota
from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason
from domain.jobs.job_spec import InputFile, JobSpec
from domain.refusal import Refused
from store.access import keys
from store.checks.invariants import look_at_all
from store.files import results, stored_files, uploads
from store.files.content import ContentKey
from store.files.results import Left
from store.files.stored_files import DROPPED_AFTER_S
from store.jobs import job_inputs
from store.jobs.new_job import Accepted
from store.tables.access import tenant
from store.tables.files import job_input
from tests.support.builders import job_spec
from tests.support.scene import Scene

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
ROOMY = stored_bytes_quota(10**9)


def _keep(
    scene: Scene,
    sha256: str,
    size_bytes: int = 100,
    quota: Quota = ROOMY,
    tenant_id: int | None = None,
) -> Refused | None:
    key = ContentKey(tenant_id=tenant_id or scene.tenant_id, sha256=sha256)
    with scene.store.transaction() as tx:
        return stored_files.keep(tx, key, size_bytes, quota)


def _owned(scene: Scene, tenant_id: int | None = None) -> set[str]:
    with scene.database.read() as connection:
        return stored_files.owned(connection, tenant_id or scene.tenant_id, [A, B, C])


def _counted(scene: Scene) -> int:
    with scene.database.read() as connection:
        statement = select(tenant.c.stored_bytes).where(tenant.c.id == scene.tenant_id)
        return int(connection.execute(statement).scalar_one())


def _let_go(scene: Scene, *digests: str) -> int:
    with scene.store.transaction() as tx:
        return stored_files.let_go(tx, scene.tenant_id, digests)


def _round(scene: Scene, older_than_s: float = WEEK_S) -> None:
    with scene.store.transaction() as tx:
        stored_files.let_go_of_old(tx, older_than_s)


def _dropped(scene: Scene) -> list[str]:
    """What a round of the worker drops now."""
    gone: list[str] = []
    with scene.store.transaction() as tx:
        for key in stored_files.to_drop(tx, DROPPED_AFTER_S):
            stored_files.drop(tx, key, lambda one: gone.append(one.sha256))
    return gone


def _submit(scene: Scene, *digests: str) -> int | Refused:
    inputs = tuple(
        InputFile(path=f"in/{sha256[0]}", sha256=sha256, size_bytes=100) for sha256 in digests
    )
    with scene.store.transaction() as tx:
        (answer,) = job_inputs.submit(tx, [scene.submission(job_spec(inputs=inputs))])
    return answer.job_id if isinstance(answer, Accepted) else answer


def _run(scene: Scene, job_id: int, node_id: int, files: Sequence[str] = ()) -> AttemptKey:
    scene.assign(job_id, node_id)
    scene.claim(node_id)
    key = AttemptKey(instance_id=job_id, attempt=1)
    left = tuple(ResultFile(path=sha256[0], sha256=sha256, size_bytes=100) for sha256 in files)
    scene.report(node_id, key, EndReason.COMPLETED, files=left)
    return key


@pytest.fixture(autouse=True)
def _counts_stay_true(scene: Scene) -> Iterator[None]:
    yield
    findings = look_at_all(scene.database, role="scheduler")
    assert [one for one in findings if one.offenders] == []


def test_content_counts_once_however_often_it_is_sent(scene: Scene) -> None:
    assert _keep(scene, A) is None
    assert _keep(scene, A) is None
    assert _keep(scene, B, 50) is None

    assert _owned(scene) == {A, B}
    assert _counted(scene) == 150


def test_another_tenant_has_not_what_one_has(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        other = keys.add_tenant(tx, "another lab", "test")
    _keep(scene, A)

    assert _owned(scene, other) == set()
    # It needs the same room for it as for any file that nobody has.
    assert isinstance(_keep(scene, A, 100, stored_bytes_quota(99), other), Refused)
    assert _keep(scene, A, 100, stored_bytes_quota(100), other) is None


def test_more_than_the_quota_is_refused_naming_quota_use_and_limit(scene: Scene) -> None:
    small = stored_bytes_quota(3 << 20)
    _keep(scene, A, 2 << 20, small)

    refused = _keep(scene, B, (1 << 20) + 1, small)

    assert isinstance(refused, Refused)
    assert refused.code == "quota.stored_bytes"
    assert "quota of stored bytes" in refused.sentence
    assert "2.0 MiB of 3.0 MiB are used" in refused.sentence
    assert "1.0 MiB more" in refused.sentence
    assert _owned(scene) == {A}
    assert _keep(scene, A, 2 << 20, small) is None  # What is there needs no more room.


def test_an_open_upload_holds_the_room_it_was_promised(scene: Scene) -> None:
    small = stored_bytes_quota(100)
    key = ContentKey(tenant_id=scene.tenant_id, sha256=A)
    with scene.store.transaction() as tx:
        begun = uploads.begin(tx, key, 60, None, small)
        again = uploads.begin(tx, key, 60, None, small)
        refused = uploads.begin(tx, ContentKey(tenant_id=1, sha256=B), 60, None, small)
    assert not isinstance(begun, Refused)
    assert begun == again
    assert isinstance(refused, Refused)

    with scene.store.transaction() as tx:
        assert uploads.end(tx, begun.upload_id)
        assert not uploads.end(tx, begun.upload_id)
    assert _keep(scene, B, 60, small) is None


def test_an_upload_is_for_its_sender_alone(scene: Scene) -> None:
    node_id = scene.node()
    key = ContentKey(tenant_id=scene.tenant_id, sha256=A)
    with scene.store.transaction() as tx:
        own = uploads.begin(tx, key, 60, None, ROOMY)
        of_node = uploads.begin(tx, key, 60, node_id, ROOMY)
    assert not isinstance(own, Refused)
    assert not isinstance(of_node, Refused)
    assert own.upload_id != of_node.upload_id

    with scene.database.read() as connection:
        assert uploads.find(connection, own.upload_id, tenant_id=1, node_id=None) == own
        assert uploads.find(connection, own.upload_id, tenant_id=2, node_id=None) is None
        assert uploads.find(connection, own.upload_id, tenant_id=None, node_id=node_id) is None
        assert uploads.find(connection, of_node.upload_id, tenant_id=1, node_id=None) is None


def test_uploads_that_nobody_completes_are_forgotten(scene: Scene) -> None:
    key = ContentKey(tenant_id=scene.tenant_id, sha256=A)
    with scene.store.transaction() as tx:
        begun = uploads.begin(tx, key, 60, None, ROOMY)
    assert not isinstance(begun, Refused)
    scene.clock.advance(DAY_S)

    with scene.store.transaction() as tx:
        assert uploads.end_old(tx, 2 * DAY_S, 10) == []
        assert uploads.end_old(tx, DAY_S / 2, 10) == [begun.upload_id]


def test_what_is_let_go_frees_its_room_at_once_and_its_bytes_later(scene: Scene) -> None:
    _keep(scene, A)

    assert _let_go(scene, A) == 1

    assert (_owned(scene), _counted(scene), _dropped(scene)) == (set(), 0, [])
    scene.clock.advance(DROPPED_AFTER_S + 1)
    assert _dropped(scene) == [A]
    assert _dropped(scene) == []


def test_what_is_sent_again_meanwhile_is_not_dropped(scene: Scene) -> None:
    _keep(scene, A)
    _let_go(scene, A)
    scene.clock.advance(DROPPED_AFTER_S + 1)

    assert _keep(scene, A) is None

    assert (_owned(scene), _counted(scene), _dropped(scene)) == ({A}, 100, [])


def test_what_is_listed_meanwhile_is_not_dropped(scene: Scene) -> None:
    node_id = scene.node()
    _keep(scene, A)
    _let_go(scene, A)
    scene.clock.advance(DROPPED_AFTER_S + 1)

    _run(scene, scene.submit(), node_id, [A])

    assert (_owned(scene), _counted(scene), _dropped(scene)) == ({A}, 100, [])


def test_inputs_of_a_job_stay_until_a_week_after_its_end(scene: Scene) -> None:
    node_id = scene.node()
    _keep(scene, A)
    job_id = _submit(scene, A)
    assert isinstance(job_id, int)
    scene.clock.advance(30 * DAY_S)
    _round(scene)
    assert _owned(scene) == {A}
    assert _let_go(scene, A) == 0

    _run(scene, job_id, node_id)
    scene.clock.advance(WEEK_S - 60)
    _round(scene)
    assert _owned(scene) == {A}

    scene.clock.advance(120)
    _round(scene)
    assert _owned(scene) == set()
    with scene.database.read() as connection:
        assert connection.execute(select(job_input)).all() == []


def test_the_last_job_that_uses_an_input_decides(scene: Scene) -> None:
    node_id = scene.node()
    _keep(scene, A)
    first = _submit(scene, A)
    assert isinstance(first, int)
    _run(scene, first, node_id)
    scene.clock.advance(WEEK_S - DAY_S)
    second = _submit(scene, A)
    assert isinstance(second, int)
    scene.clock.advance(2 * DAY_S)
    _round(scene)
    assert _owned(scene) == {A}

    _run(scene, second, node_id)
    scene.clock.advance(WEEK_S + 60)
    _round(scene)
    assert _owned(scene) == set()


def test_a_file_that_no_job_used_goes_a_week_after_it_was_sent(scene: Scene) -> None:
    _keep(scene, A)
    scene.clock.advance(WEEK_S - 60)
    _round(scene)
    assert _owned(scene) == {A}

    scene.clock.advance(120)
    _round(scene)
    assert _owned(scene) == set()


def test_a_job_whose_input_is_gone_is_refused_and_its_neighbours_are_not(scene: Scene) -> None:
    _keep(scene, A)
    _keep(scene, B)
    _let_go(scene, B)

    with scene.store.transaction() as tx:
        specs = [_spec_with(A), _spec_with(B), job_spec(), _spec_with(A)]
        answers = job_inputs.submit(tx, [scene.submission(spec) for spec in specs])

    kinds = [type(answer) for answer in answers]
    assert kinds == [Accepted, Refused, Accepted, Accepted]
    refused = answers[1]
    assert isinstance(refused, Refused)
    assert refused.code == "file.not_sent"


def _spec_with(sha256: str) -> JobSpec:
    return job_spec(inputs=(InputFile(path="mesh", sha256=sha256, size_bytes=100),))


def test_only_a_node_that_runs_the_job_is_told_where_an_input_is(scene: Scene) -> None:
    _keep(scene, A)
    job_id = _submit(scene, A)
    assert isinstance(job_id, int)
    key = AttemptKey(instance_id=job_id, attempt=1)
    with scene.database.read() as connection:
        found = job_inputs.content_for(connection, key, A)
        assert found == ContentKey(tenant_id=scene.tenant_id, sha256=A)
        assert job_inputs.content_for(connection, key, B) is None


def test_results_stay_for_ever_unless_the_operator_says_how_long(scene: Scene) -> None:
    node_id = scene.node()
    _keep(scene, A)
    _keep(scene, B)
    _run(scene, scene.submit(), node_id, [A])
    scene.clock.advance(DAY_S)
    young = _run(scene, scene.submit(), node_id, [A, B])
    scene.clock.advance(30 * DAY_S)
    _round(scene)
    assert _owned(scene) == {A, B}

    with scene.store.transaction() as tx:
        assert not results.let_go_of_old_results(tx, 30.5 * DAY_S)
    assert _owned(scene) == {A, B}  # The younger job still lists both.
    with scene.store.transaction() as tx:
        results.let_go_of_old_results(tx, DAY_S)
        assert results.tenant_of_live(tx.connection, young, node_id) is None
    assert _owned(scene) == set()


def test_a_newer_copy_takes_the_place_of_the_one_before(scene: Scene) -> None:
    node_id = scene.node()
    for sha256 in (A, B, C):
        _keep(scene, sha256)
    key = scene.running(node_id, job_spec(copy_results_every_s=60))

    def copy(*digests: str) -> None:
        files = [ResultFile(path=f"f{n}", sha256=d, size_bytes=100) for n, d in enumerate(digests)]
        with scene.store.transaction() as tx:
            left = Left(key=key, tenant_id=scene.tenant_id, files=files)
            results.replace_results(tx, left)

    copy(A, B)
    copy(A, C)
    assert _owned(scene) == {A, C}

    final = (ResultFile(path="f0", sha256=C, size_bytes=100),)
    scene.report(node_id, key, files=final)
    assert _owned(scene) == {C}
