"""Which files come back, when, how large they may be, and what is said of those that do not."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import running_cluster
from tests.support.command_line import CommandLine
from tests.support.warden import until

MIB = 1 << 20
LARGE = 300 * MIB
#: What any program of ours may have held in memory at any time while the large file passed.
MEMORY_BOUND = 200 * MIB


def _peak_bytes(pid: int) -> int:
    """The most that a process ever held in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # A process that has ended has no memory.


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_only_what_the_patterns_name_comes_back(typed: CommandLine) -> None:
    typed.write(
        "job.sh",
        "#!/bin/sh\nmkdir -p out/deep\n"
        "for name in out/a.dat out/b.tmp out/deep/c.dat run.log core\n"
        "do echo $name > $name; done\n",
    )

    job_id = typed.submit("--results", "out,*.log", "--exclude-results=**/*.tmp", "-W", "job.sh")
    fetched = typed.run("get", job_id, "got")

    assert fetched.returncode == 0, fetched.stderr
    found = {
        str(path.relative_to(typed.folder / "got")) for path in (typed.folder / "got").rglob("*")
    }
    assert found == {"out", "out/a.dat", "out/deep", "out/deep/c.dat", "run.log"}


def test_patterns_that_climb_out_are_refused_before_anything_is_sent(typed: CommandLine) -> None:
    refused = typed.run("submit", "--results", "../../*", "--", "true")

    assert refused.returncode == 2
    assert "patterns of names inside the working directory" in refused.stderr


def test_a_running_job_is_looked_into_by_its_copies(typed: CommandLine) -> None:
    typed.write(
        "job.sh",
        "#!/bin/sh\necho first > done.txt\n"
        "while [ ! -e stop ]; do head -c 3000000 /dev/urandom | sha256sum > busy.txt; done\n",
    )
    job_id = typed.submit("--copy-results-every", "5s", "--results=done.txt,busy.txt", "job.sh")
    until(lambda: bool(typed.document("job", job_id)["files"]), "a copy is there", 60)

    fetched = typed.run("get", job_id, "got")

    assert fetched.returncode == 0, fetched.stderr
    assert (typed.folder / "got" / "done.txt").read_text() == "first\n"
    assert f"Job {job_id} is running; more may come" in fetched.stderr
    assert typed.run("cancel", job_id).returncode == 0


def test_what_stays_behind_is_said(typed: CommandLine) -> None:
    typed.write(
        "job.sh",
        "#!/bin/sh\necho good > good\nln -s /etc/passwd link\nmkfifo pipe\n"
        "printf x > 'two\nlines'\nprintf x > \"$(printf 'na\\357ve')\"\n",
    )

    job_id = typed.submit("-W", "--results=**", "job.sh")
    job = typed.document("job", job_id)

    assert "good" in {file["path"] for file in job["files"]}
    assert not {"link", "pipe"} & {file["path"] for file in job["files"]}
    assert "2 files stayed behind: their names" in job["detail"]


def test_a_job_that_tricks_with_its_own_output_gives_nothing_away(typed: CommandLine) -> None:
    typed.write("secret", "secret of the machine\n")
    typed.write(
        "job.sh",
        f"#!/bin/sh\necho before\nsleep 2\nrm out.txt\nln -s {typed.folder}/secret out.txt\n",
    )
    typed.write("gone.sh", '#!/bin/sh\necho before\nsleep 1\nrm -rf "$SLURM_SUBMIT_DIR"\n')

    linked = typed.submit("-W", "-o", "out.txt", "job.sh")
    gone = typed.submit("-W", "gone.sh")

    assert "secret" not in typed.run("logs", linked).stdout
    assert typed.document("job", linked)["files"] == []
    assert typed.document("job", gone)["state"] == "succeeded"


def test_how_long_inputs_are_kept_is_said(typed: CommandLine) -> None:
    typed.write("mesh", "mesh\n")

    said = typed.run("submit", "--stage", "mesh", "-W", "--", "cat", "mesh")
    job_id = said.stdout.split()[-1]

    assert "Inputs are deleted 7 days after the end of the last job" in said.stderr
    assert "Inputs kept" in typed.run("job", job_id).stdout


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[CommandLine]:
    """The command line of a cluster whose nodes have room for large files."""
    data_dir = tmp_path / "cluster"
    data_dir.mkdir()
    with running_cluster(data_dir, sites=1, disk_limit_mib=2000) as cluster:
        yield CommandLine(cluster, tmp_path)


def test_a_file_larger_than_any_memory_passes_through(roomy: CommandLine) -> None:
    typed, cluster = roomy, roomy.cluster
    large = typed.folder / "large.bin"
    with large.open("wb") as file:
        for _ in range(LARGE // MIB):
            file.write(os.urandom(MIB))
    typed.write("job.sh", "#!/bin/sh\n(cat large.bin; echo) > out.bin\n")

    peaks: dict[str, int] = {}

    def run(*words: str) -> str:
        command = typed.start(*words)
        while command.poll() is None:
            with contextlib.suppress(OSError):  # It has just ended.
                peaks[words[0]] = max(peaks.get(words[0], 0), _peak_bytes(command.pid))
            time.sleep(0.1)
        printed, said = command.communicate()
        assert command.returncode == 0, said
        return printed.strip()

    job_id = run(
        "submit", "--parsable", "--wait", "--results=out.bin", "--stage=large.bin", "job.sh"
    )
    run("get", job_id, "got")

    expected = hashlib.sha256(large.read_bytes() + b"\n").hexdigest()
    assert _digest(typed.folder / "got" / "out.bin") == expected
    names = [name for name in cluster.programs if name.startswith(("api", "agent"))]
    peaks |= {name: _peak_bytes(cluster.programs[name].pid) for name in names}
    assert {name: peak for name, peak in peaks.items() if peak > MEMORY_BOUND} == {}
