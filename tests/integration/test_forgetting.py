"""*Delete my data now*, typed by a person: the server, and the disks of real nodes."""

import hashlib
import json
from pathlib import Path
from typing import Any

from store.erasures.asking import Scope, ask
from tests.support.cluster import until
from tests.support.command_line import CommandLine
from worker.rounds.erasures import erase_unfinished

SECRET = "cold-fusion-recipe"


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def _holders(folder: Path) -> list[str]:
    """Files of the cluster that hold the secret, but for the logs of SQLite."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith(("-wal", "-shm")):
            try:
                if SECRET.encode() in path.read_bytes() or SECRET in path.name:
                    found.append(str(path.relative_to(folder)))
            except OSError:
                continue
    return found


def test_a_job_is_forgotten_on_the_server_and_on_its_node(typed: CommandLine) -> None:
    script = typed.write("job.sh", f"#!/bin/sh\necho {SECRET}\necho {SECRET} > {SECRET}.out\n")
    job_id = typed.submit("-W", "-J", SECRET, "--comment", SECRET, script.name)
    document = typed.document("job", job_id)
    # What a node that died in the middle would have left.
    data = typed.cluster.data_dir
    local = data / "nodes" / document["node"] / "jobs" / f"{job_id}-1"
    local.mkdir(parents=True)
    (local / "field.dat").write_text(SECRET)
    assert len(_holders(data)) >= 3

    forgot = typed.run("forget", job_id, "--yes")
    until(lambda: typed.document("receipts", _receipt(forgot.stdout))["confirmed_at_s"] is not None)
    receipt = typed.run("receipts", _receipt(forgot.stdout))
    shown = typed.run("job", job_id)

    assert forgot.returncode == 0, forgot.stderr
    assert _holders(data) == []
    assert not local.exists()
    first, second = _lines(receipt.stdout)
    assert first["job_ids"] == job_id
    assert first["files"] == 1
    assert second["nodes"][0]["node"] == document["node"]
    for line, text in zip((first, second), receipt.stdout.splitlines(), strict=True):
        digest = line.pop("sha256")
        plain = text.replace(f',"sha256":"{digest}"}}', "}")
        assert hashlib.sha256(plain.encode()).hexdigest() == digest
    assert "forgotten" in shown.stdout
    assert SECRET not in shown.stdout
    for gone in (typed.run("logs", job_id), typed.run("get", job_id), typed.run("forget", job_id)):
        assert (gone.returncode, gone.stdout) == (3, "")
        assert f"Job {job_id} was forgotten at 20" in gone.stderr
        assert "Forget job" not in gone.stderr
    listed = typed.run("receipts").stdout
    assert f"job {job_id}" in listed
    assert "{" not in listed


def _receipt(text: str) -> str:
    return str(_lines(text)[0]["receipt"])


def test_a_running_job_is_not_forgotten(typed: CommandLine) -> None:
    job_id = typed.submit("--", "sleep", "600")

    refused = typed.run("forget", job_id, "--yes")
    unclear = typed.run("forget", "--yes")
    unsure = typed.run("forget", job_id)
    unknown = typed.run("forget", "999999")
    nothing = typed.run("forget", "--project", "no-such")
    element = typed.run("forget", f"{job_id}_1", "--yes")

    assert refused.returncode == 1
    assert f"Job {job_id} has not ended; cancel it" in refused.stderr
    assert unclear.returncode == 2
    # It is looked at before anybody is asked.
    assert (unsure.returncode, unsure.stderr) == (1, refused.stderr)
    assert (unknown.returncode, nothing.returncode) == (3, 3)
    assert "?" not in unknown.stderr + nothing.stderr
    assert (element.returncode, element.stderr.count("by its number")) == (2, 1)
    assert typed.document("job", job_id)["state"] in {"queued", "assigned", "running"}
    typed.run("cancel", job_id)
    typed.run("wait", job_id)


def test_the_worker_finishes_what_an_api_that_died_began(typed: CommandLine) -> None:
    job_id = typed.submit("-W", "--wrap", f"echo {SECRET}")
    with typed.cluster.store() as store:
        with store.transaction() as tx:
            number = ask(tx, Scope(tenant_id=1, job_id=int(job_id)), "test")
        finished = erase_unfinished(store, typed.cluster.data_dir / "files")

    assert finished == 1
    assert typed.document("receipts", str(number))["erased_at_s"] is not None
    assert SECRET not in typed.run("logs", job_id).stdout


def test_a_person_is_asked_how_much_is_meant_and_may_say_no(typed: CommandLine) -> None:
    number = typed.submit("-W", "-A", "unsure", "--", "true")

    no = typed.run("forget", "--project", "unsure", stdin="n\n")
    yes = typed.run("forget", number, stdin="y\n")

    assert (no.returncode, "Forget 1 job of project unsure for ever?" in no.stderr) == (1, True)
    assert (yes.returncode, f"Forget job {number} for ever?" in yes.stderr) == (0, True)
