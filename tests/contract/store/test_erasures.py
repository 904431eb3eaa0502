"""What is forgotten is gone from every table, and only what billing must keep stays."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from domain.billing.quota import stored_bytes_quota
from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import JobState
from domain.jobs.job_spec import InputFile, JobSpec
from domain.refusal import Refused
from store.erasures import node_shares, receipts
from store.erasures.asking import Scope, ask
from store.erasures.erasing import Shelves, erase_some, unfinished
from store.files import stored_files
from store.files.content import ContentKey
from store.files.local_content import LocalContentStore
from store.files.outputs import LocalOutputStore, output_name
from store.jobs import job_inputs, job_steering
from store.jobs.new_job import Accepted
from store.jobs.requeue import requeue
from store.metadata import metadata
from store.transaction import Transaction
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene

SECRET = "cold-fusion"  # in every text that a submitter may write
ROOMY = stored_bytes_quota(10**9)


class House:
    """A scene with files."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.content = LocalContentStore(folder)
        self.outputs = LocalOutputStore(folder)
        self.folder = folder

    @property
    def shelves(self) -> Shelves:
        return Shelves(
            remove_content=self.content.remove,
            remove_output=self.outputs.remove,
            discard_upload=self.content.discard,
        )

    def keep(self, text: str) -> InputFile:
        """A file of the tenant, here already."""
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        reception = self.content.receive("one")
        reception.write(data)
        reception.seal()
        key = ContentKey(tenant_id=self.scene.tenant_id, sha256=sha256)
        with self.scene.store.transaction() as tx:
            assert stored_files.keep(tx, key, len(data), ROOMY) is None
            reception.keep(key)
        reception.close()
        return InputFile(path=f"{SECRET}.dat", sha256=sha256, size_bytes=len(data))

    def submit(self, spec: JobSpec, key: str | None = None) -> int:
        with self.scene.store.transaction() as tx:
            (answer,) = job_inputs.submit(tx, [self.scene.submission(spec, key)])
        assert isinstance(answer, Accepted)
        return answer.job_id

    def run(self, spec: JobSpec, node_id: int, key: str | None = None) -> AttemptKey:
        """A job that ran, printed, and left a file."""
        job_id = self.submit(spec, key)
        self.scene.assign(job_id, node_id)
        self.scene.claim(node_id)
        its = AttemptKey(instance_id=job_id, attempt=1)
        left = self.keep(f"result of {job_id}: {SECRET}")
        self.outputs.append(output_name(job_id, 1, "stdout"), 0, SECRET.encode())
        file = ResultFile(path=f"{SECRET}.out", sha256=left.sha256, size_bytes=left.size_bytes)
        self.scene.report(node_id, its, files=(file,), detail=f"about {SECRET}")
        return its

    def ask(self, **scope: Any) -> int | Refused:  # noqa: ANN401 - fields of a scope
        with self.scene.store.transaction() as tx:
            return ask(tx, Scope(tenant_id=self.scene.tenant_id, **scope), "key/1")

    def forget(self, **scope: Any) -> int:  # noqa: ANN401 - likewise
        number = self.ask(**scope)
        assert isinstance(number, int), number
        while erase_some(self.scene.store, number, self.shelves):
            pass
        return number

    def receipt(self, number: int) -> dict[str, Any]:
        with self.scene.database.read() as connection:
            (found,) = receipts.erasures(connection, self.scene.tenant_id, number)
        return found

    def texts(self) -> dict[str, str]:
        """Everything in the database, by table."""
        with self.scene.database.read() as connection:
            return {
                table.name: "\n".join(str(tuple(row)) for row in connection.execute(select(table)))
                for table in metadata.sorted_tables
            }

    def files(self) -> list[bytes]:
        return [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def house(scene: Scene, tmp_path: Path) -> House:
    return House(scene, tmp_path / "files")


def _spec(**fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    usual = {
        "name": f"{SECRET} run",
        "script": f"#!/bin/sh\n: {SECRET}\n",
        "arguments": (SECRET,),
        "environment": {"KEY": SECRET},
        "comment": SECRET,
        "submit_user": SECRET,
        "submit_host": SECRET,
        "results": (f"{SECRET}*",),
        "mail_to": (f"{SECRET}@lab.example",),
        "mail_types": ("end",),
        "notes": (SECRET,),
        "chdir": SECRET,
    }
    return job_spec(**{**usual, **fields})


def _check_seal(line: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(line)
    digest = document.pop("sha256")
    text = json.dumps(document, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    return {**document, "sha256": digest}


def test_nothing_of_a_forgotten_job_is_left_but_what_was_used(house: House) -> None:
    node_id = house.scene.node()
    mesh = house.keep(f"mesh {SECRET}")
    key = house.run(_spec(inputs=(mesh,)), node_id, key=f"once-{SECRET}")
    assert any(SECRET in text for text in house.texts().values())
    assert len([data for data in house.files() if SECRET.encode() in data]) == 3
    used = house.scene.usage()
    subject = f"job/{key.instance_id}"
    with house.scene.store.transaction() as tx:
        tx.audited(actor="key/1", action="job.modify", subject=subject, detail=f"-J {SECRET}")

    number = house.forget(job_id=key.instance_id)

    assert {name for name, text in house.texts().items() if SECRET in text} == set()
    assert house.files() == []
    assert house.scene.usage() == used
    assert house.scene.state(key.instance_id) is JobState.SUCCEEDED
    found = house.receipt(number)
    line = _check_seal(found["receipt"][0])
    assert (line["jobs"], line["job_ids"], line["files"]) == (1, str(key.instance_id), 2)
    assert line["bytes"] == sum(
        len(text) for text in (f"mesh {SECRET}", f"result of {key.instance_id}: {SECRET}")
    )
    assert SECRET not in found["receipt"][0]
    assert unfinished(house.scene.store) == []


def test_a_file_that_another_job_uses_stays_and_is_counted(house: House) -> None:
    node_id = house.scene.node()
    mesh = house.keep("shared mesh")
    first = house.run(_spec(inputs=(mesh,)), node_id)
    house.run(job_spec(inputs=(mesh,)), node_id)

    number = house.forget(job_id=first.instance_id)

    line = _check_seal(house.receipt(number)["receipt"][0])
    assert (line["files"], line["files_other_jobs_use"]) == (1, 1)
    assert b"shared mesh" in house.files()


def test_the_nodes_confirm_and_the_receipt_gets_its_second_line(house: House) -> None:
    here, there = house.scene.node("here"), house.scene.node("there")
    first = house.run(_spec(), here)
    second = house.run(_spec(), there)
    number = house.forget()
    with house.scene.database.read() as connection:
        asked = {node: node_shares.to_erase(connection, node) for node in (here, there)}
    before = house.receipt(number)
    with house.scene.store.transaction() as tx:
        node_shares.confirm(tx, there, [first])  # not its own
        node_shares.confirm(tx, here, [first])
        node_shares.confirm(tx, here, [first])
    half = house.receipt(number)
    house.scene.clock.advance(5.0)
    with house.scene.store.transaction() as tx:
        node_shares.confirm(tx, there, [second])
    after = house.receipt(number)

    assert asked == {here: [first], there: [second]}
    assert [item["confirmed_at_s"] is None for item in before["nodes"]] == [True, True]
    assert [item["confirmed_at_s"] is None for item in half["nodes"]] == [False, True]
    assert (len(before["receipt"]), len(half["receipt"]), len(after["receipt"])) == (1, 1, 2)
    lines = [_check_seal(line) for line in after["receipt"]]
    assert lines[1]["of"] == lines[0]["sha256"]
    assert lines[1]["confirmed_at_s"] == house.scene.clock.now_s
    trail = house.texts()["audit"]
    assert all(line["sha256"] in trail for line in lines)


def test_a_job_that_never_ran_needs_no_node(house: House) -> None:
    job_id = house.submit(_spec())
    house.scene.cancel(job_id)

    number = house.forget(job_id=job_id)

    assert len(house.receipt(number)["receipt"]) == 2
    assert {name for name, text in house.texts().items() if SECRET in text} == set()


def test_what_has_not_ended_is_refused_as_a_whole(house: House) -> None:
    node_id = house.scene.node()
    ended = house.run(_spec(project="cfd"), node_id)
    waiting = house.submit(_spec(project="cfd"))

    for refused, said in (
        (house.ask(job_id=waiting), f"Job {waiting} has not ended"),
        (house.ask(project="cfd"), f"have not ended: {waiting}"),
        (house.ask(), f"have not ended: {waiting}"),
    ):
        assert isinstance(refused, Refused)
        assert refused.code == "erasure.not_ended"
        assert said in refused.sentence
    assert house.files() != []
    house.forget(job_id=ended.instance_id)


def test_a_project_is_forgotten_and_others_stay(house: House) -> None:
    node_id = house.scene.node()
    house.run(_spec(project="cfd"), node_id)
    other = house.run(job_spec(name="other", project="fem"), node_id)

    number = house.forget(project="cfd")
    again = house.ask(project="cfd")

    assert house.receipt(number)["jobs"] == 1
    assert isinstance(again, Refused)
    assert again.code == "not_found"
    assert "other" in house.texts()["job"]
    assert house.scene.state(other.instance_id) is JobState.SUCCEEDED
    assert sorted(row["project"] for row in house.scene.usage()) == ["cfd", "fem"]


def test_everything_goes_with_all_also_files_that_no_job_uses(house: House) -> None:
    house.keep(f"loose {SECRET}")
    house.submit(job_spec())
    house.scene.cancel(1)

    house.forget()

    assert house.files() == []


def test_an_array_is_forgotten_whole(house: House) -> None:
    node_id = house.scene.node()
    whole = house.submit(_spec(array=array_spec("0-149")))
    house.scene.run_all([whole + 1, whole + 2], node_id)
    with pytest.raises(AssertionError):
        house.forget(job_id=whole)
    from store.jobs import array_steering  # noqa: PLC0415 - only here

    with house.scene.store.transaction() as tx:
        array_steering.cancel(tx, house.scene.target(str(whole)), "test")

    number = house.forget(job_id=whole)

    line = _check_seal(house.receipt(number)["receipt"][0])
    assert (line["jobs"], line["instances"]) == (1, 150)
    assert {name for name, text in house.texts().items() if SECRET in text} == set()


def test_an_erasure_that_was_cut_short_is_taken_up_again(house: House) -> None:
    node_id = house.scene.node()
    house.run(_spec(), node_id)
    number = house.ask()
    assert isinstance(number, int)

    def fail(_key: ContentKey) -> None:
        raise OSError

    broken = Shelves(
        remove_content=fail,
        remove_output=house.outputs.remove,
        discard_upload=house.content.discard,
    )
    with pytest.raises(OSError):  # noqa: PT011 - ours
        erase_some(house.scene.store, number, broken)
    assert unfinished(house.scene.store) == [number]
    while erase_some(house.scene.store, number, house.shelves):
        pass

    line = _check_seal(house.receipt(number)["receipt"][0])
    assert (line["jobs"], line["files"]) == (1, 1)
    assert {name for name, text in house.texts().items() if SECRET in text} == set()
    assert house.files() == []


def test_many_jobs_are_forgotten_in_steps(house: House) -> None:
    jobs = [house.submit(_spec()) for _ in range(120)]
    for job_id in jobs:
        house.scene.cancel(job_id)

    number = house.forget()

    line = _check_seal(house.receipt(number)["receipt"][0])
    assert (line["jobs"], line["job_ids"]) == (120, f"{jobs[0]}-{jobs[-1]}")
    assert {name for name, text in house.texts().items() if SECRET in text} == set()


def test_what_was_forgotten_does_not_run_again(house: House) -> None:
    node_id = house.scene.node()
    key = house.run(_spec(), node_id)
    house.forget()

    with house.scene.store.transaction() as tx:
        refused = requeue(tx, key.instance_id, house.scene.tenant_id, "test")

    assert isinstance(refused, Refused)
    assert refused.code == "job.forgotten"
    assert house.scene.state(key.instance_id) is JobState.SUCCEEDED


@pytest.mark.parametrize("goes_first", ["forget", "requeue"])
def test_a_job_is_never_forgotten_and_run_again_at_once(house: House, goes_first: str) -> None:
    """The one who comes second waits until the first is done, and is refused."""
    scene = house.scene
    number = house.run(_spec(), scene.node()).instance_id

    def forget(tx: Transaction) -> object:
        return ask(tx, Scope(tenant_id=scene.tenant_id), "key/1")

    def run_again(tx: Transaction) -> object:
        return requeue(tx, number, scene.tenant_id, "test")

    first, second = (forget, run_again) if goes_first == "forget" else (run_again, forget)

    def do_second() -> object:
        with scene.store.transaction() as tx:
            return second(tx)

    with ThreadPoolExecutor(1) as pool:
        with scene.store.transaction() as tx:
            done = first(tx)
            later = pool.submit(do_second)
            # It does not end before this one does; where it did, nobody would be refused.
            wait([later], timeout=1.0)
        refused = later.result(timeout=60.0)

    assert not isinstance(done, Refused)
    assert isinstance(refused, Refused)
    codes = {"forget": "job.forgotten", "requeue": "erasure.not_ended"}
    assert refused.code == codes[goes_first]


def test_forgetting_and_running_again_together_end_in_one_of_them(house: House) -> None:
    scene = house.scene
    node_id = scene.node()
    for _ in range(6):
        number = house.run(_spec(), node_id).instance_id
        together = Barrier(2)

        def forget(number: int = number, together: Barrier = together) -> object:
            together.wait(timeout=60.0)
            return house.ask(job_id=number)

        def run_again(number: int = number, together: Barrier = together) -> object:
            together.wait(timeout=60.0)
            with scene.store.transaction() as tx:
                return requeue(tx, number, scene.tenant_id, "test")

        with ThreadPoolExecutor(2) as pool:
            answers = [one.result() for one in (pool.submit(forget), pool.submit(run_again))]

        assert sum(isinstance(answer, Refused) for answer in answers) == 1, answers
        with scene.store.transaction() as tx:
            job_steering.cancel(tx, number, scene.tenant_id, "test")
