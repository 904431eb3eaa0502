"""The warden with real processes: it starts, limits, stops and outlives."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.fleet.cpu_count import CPU_COUNT_FILE, read_cpu_count
from node_agent.warden.processes import all_processes, variable_of
from node_agent.warden.protocol import WARDEN_VARIABLE, StartOrder, boot_now_s
from tests.support.warden import WardenClient, WardenProcess, an_order, until


@pytest.fixture
def warden(tmp_path: Path) -> Iterator[WardenProcess]:
    found = WardenProcess(tmp_path / "node")
    yield found
    found.process.kill()
    found.process.wait()
    for item in all_processes():
        if variable_of(item.pid, WARDEN_VARIABLE) == str(found.directory):
            os.kill(item.pid, signal.SIGKILL)


@pytest.fixture
def client(warden: WardenProcess) -> Iterator[WardenClient]:
    found = WardenClient(warden.directory)
    yield found
    found.close()


def _processes_of(warden: WardenProcess) -> list[int]:
    mark = str(warden.directory.resolve())
    return [p.pid for p in all_processes() if variable_of(p.pid, WARDEN_VARIABLE) == mark]


def test_reports_exit_code_output_and_use(client: WardenClient, tmp_path: Path) -> None:
    client.start(an_order(tmp_path, "sh", "-c", "echo hello; echo oops >&2; exit 3"))
    end = client.next_end()
    assert (end.key, end.reason, end.exit_code) == ((1, 1), "program_failed", 3)
    assert (tmp_path / "out").read_text() == "hello\noops\n"
    assert end.wall_s > 0
    assert end.max_rss_bytes > 0


def test_keeps_stderr_apart_when_asked(client: WardenClient, tmp_path: Path) -> None:
    order = an_order(tmp_path, "sh", "-c", "echo a; echo b >&2", stderr=str(tmp_path / "err"))
    client.start(order)
    assert client.next_end().reason == "completed"
    assert (tmp_path / "out").read_text() == "a\n"
    assert (tmp_path / "err").read_text() == "b\n"


def test_program_that_cannot_start_says_why(client: WardenClient, tmp_path: Path) -> None:
    client.start(an_order(tmp_path, "/no/such/program"))
    end = client.next_end()
    assert end.reason == "not_started"
    assert end.detail == "It could not be started: /no/such/program: No such file or directory."


def test_a_bare_name_is_looked_for_on_the_jobs_path(client: WardenClient, tmp_path: Path) -> None:
    """Not on the warden's, which knows nothing of profiles, and not in the working directory."""
    for folder, says in (("near", "near"), ("far", "far"), (".", "here")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "solver").write_text(f"#!/bin/sh\necho {says} $0\n")
        (tmp_path / folder / "solver").chmod(0o755)
    (tmp_path / "near" / "solver").chmod(0o644)  # Passed over, as a shell does.
    order = an_order(tmp_path, "solver", env={"PATH": f"{tmp_path}/near:{tmp_path}/far:/bin"})

    client.start(order)

    assert client.next_end().reason == "completed"
    assert (tmp_path / "out").read_text() == f"far {tmp_path}/far/solver\n"


@pytest.mark.parametrize("word", ["cat", "out", "tests"])
def test_a_name_that_is_not_on_the_jobs_path_is_said(
    client: WardenClient, tmp_path: Path, word: str
) -> None:
    (tmp_path / "bin" / "tests").mkdir(parents=True)  # A directory is no program.

    client.start(an_order(tmp_path, word, env={"PATH": str(tmp_path / "bin")}))

    end = client.next_end()
    assert end.reason == "not_started"
    assert end.detail == (
        f"It could not be started: {word}: no program of this name is on the job's PATH."
    )


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("#!/opt/nowhere/bash -l\n", 0o755, "its first line names /opt/nowhere/bash, which is not"),
        ("echo hello\n", 0o755, "no script with a #! line"),
        ("#!/bin/sh\n", 0o644, "the file is not executable"),
    ],
)
def test_a_file_that_cannot_start_says_why(
    client: WardenClient, tmp_path: Path, text: str, mode: int, said: str
) -> None:
    (tmp_path / "job.sh").write_text(text)
    (tmp_path / "job.sh").chmod(mode)

    client.start(an_order(tmp_path, "./job.sh"))

    end = client.next_end()
    assert end.reason == "not_started"
    assert str(end.detail).startswith("It could not be started: ./job.sh: ")
    assert said in str(end.detail)


def test_time_limit_sends_term_then_kill(client: WardenClient, tmp_path: Path) -> None:
    script = "trap 'echo told > term' TERM; while :; do sleep 0.05; done"
    client.start(an_order(tmp_path, "sh", "-c", script, wall_limit_s=0.3, grace_s=0.5))
    end = client.next_end()
    assert end.reason == "time_limit"
    assert end.exit_code == 128 + signal.SIGKILL
    assert (tmp_path / "term").read_text() == "told\n"
    assert end.wall_s >= 0.8


def test_children_of_a_job_die_with_it(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sh", "-c", "sleep 300 & setsid sleep 301 & exit 0"))
    assert client.next_end().reason == "completed"
    client.start(an_order(tmp_path, "sleep", "2", key=(2, 1)))
    until(lambda: len(_processes_of(warden)) == 1, "only the second job's process is left")
    assert client.next_end().reason == "completed"


def test_memory_limit_kills_and_names_the_peak(client: WardenClient, tmp_path: Path) -> None:
    grow = "x = bytearray(200 * 2**20); import time; time.sleep(30)"
    client.start(an_order(tmp_path, "python3", "-c", grow, mem_limit_bytes=100 * 2**20))
    end = client.next_end()
    assert end.reason == "memory_limit"
    assert "its limit is 100 MiB" in str(end.detail)


def test_job_is_killed_when_its_lease_ends(client: WardenClient, tmp_path: Path) -> None:
    client.start(an_order(tmp_path, "sleep", "300", lease_until_boot_s=boot_now_s() + 0.3))
    end = client.next_end()
    assert end.reason == "lease_ended"


def test_renewed_lease_lets_the_job_finish(client: WardenClient, tmp_path: Path) -> None:
    client.start(an_order(tmp_path, "sleep", "0.8", lease_until_boot_s=boot_now_s() + 0.4))
    client.tell({"do": "renew", "key": [1, 1], "lease_until_boot_s": boot_now_s() + 60})
    assert client.next_end().reason == "completed"


def test_job_runs_on_its_cores_only(client: WardenClient, tmp_path: Path) -> None:
    cpu = min(os.sched_getaffinity(0))
    # Its cores are set right after its start: the first instructions may run elsewhere.
    script = (
        "for i in $(seq 100); do "
        "set -- $(grep Cpus_allowed_list /proc/self/status); "
        f'[ "$2" = {cpu} ] && break; sleep 0.05; done; echo $*'
    )
    client.start(an_order(tmp_path, "sh", "-c", script, cpus=(cpu,)))
    client.next_end()
    assert (tmp_path / "out").read_text().split() == ["Cpus_allowed_list:", str(cpu)]


def test_job_cannot_write_a_file_over_its_limit(client: WardenClient, tmp_path: Path) -> None:
    client.start(
        an_order(tmp_path, "sh", "-c", "head -c 100000 /dev/zero > big", file_limit_bytes=10_000)
    )
    client.next_end()
    assert (tmp_path / "big").stat().st_size <= 10_000
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


def test_stop_carries_its_reason(client: WardenClient, tmp_path: Path) -> None:
    client.start(an_order(tmp_path, "sleep", "300"))
    client.tell({"do": "stop", "key": [1, 1], "reason": "cancelled"})
    assert client.next_end().reason == "cancelled"


def test_frozen_jobs_use_no_cpu_and_go_on_when_thawed(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.tell({"do": "freeze"})
    client.start(an_order(tmp_path, "sh", "-c", "echo ran > ran"))

    def running() -> list[Any]:
        with WardenClientContext(warden) as other:
            told = other.hello
        return [item["key"] for item in told["running"]] if told["frozen"] else []

    # Another connection may be greeted before the first one's orders were read.
    assert until(running, "it froze and started") == [[1, 1]]
    assert not (tmp_path / "ran").exists()
    client.tell({"do": "thaw"})
    assert client.next_end().reason == "completed"
    assert (tmp_path / "ran").read_text() == "ran\n"


class WardenClientContext:
    """A second client for a moment."""

    def __init__(self, warden: WardenProcess) -> None:
        self._client = WardenClient(warden.directory)

    def __enter__(self) -> WardenClient:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


def test_end_is_kept_until_it_is_forgotten(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "true"))
    client.next_end()
    with WardenClientContext(warden) as second:
        assert [item["key"] for item in second.hello["ended"]] == [[1, 1]]
    client.tell({"do": "forget", "key": [1, 1]})

    def forgotten() -> bool:
        with WardenClientContext(warden) as third:
            return not third.hello["ended"]

    until(forgotten, "the end is forgotten")


def test_same_order_twice_starts_once(client: WardenClient, tmp_path: Path) -> None:
    order = an_order(tmp_path, "sh", "-c", "echo once", append=True)
    client.start(order)
    client.start(order)
    client.next_end()
    client.start(an_order(tmp_path, "true", key=(2, 1), stdout=os.devnull))
    client.next_end()
    assert (tmp_path / "out").read_text() == "once\n"


def test_killed_warden_leaves_no_process_and_owns_up(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sh", "-c", "sleep 300 & sleep 300"))
    until(lambda: len(_processes_of(warden)) == 3, "the job's processes run")
    warden.restart_after_kill()
    until(lambda: not _processes_of(warden), "nothing of the old warden is left")
    with WardenClientContext(warden) as fresh:
        assert [(item["key"], item["reason"]) for item in fresh.hello["ended"]] == [
            ([1, 1], "warden_lost")
        ]


def test_term_stops_jobs_and_leaves_nothing(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sleep", "300"))
    until(lambda: _processes_of(warden), "the job runs")
    assert warden.stop() == 0
    assert client.next_end().reason == "node_restarted"
    assert not _processes_of(warden)


def test_second_warden_on_the_same_node_is_refused(warden: WardenProcess) -> None:
    import subprocess  # noqa: PLC0415 - only this test starts one by hand
    import sys  # noqa: PLC0415

    command = [sys.executable, "-m", "node_agent.warden", "--directory", str(warden.directory)]
    second = subprocess.run([*command, "--cores", "2"], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "already" in second.stderr


def test_usage_counts_cpu_of_running_jobs(
    warden: WardenProcess, client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "sh", "-c", "while :; do :; done"))

    def busy() -> bool:
        path = warden.directory / CPU_COUNT_FILE
        found = read_cpu_count(path.read_text()) if path.exists() else None
        return found is not None and found.cpu_s > 0.2

    until(busy, "usage shows the CPU of a job that still runs")
    client.tell({"do": "stop", "key": [1, 1], "reason": "cancelled", "grace_s": 0.0})
    end = client.next_end()
    assert end.cpu_s > 0.2


def _with_warning(tmp_path: Path, script: str, *, lead_s: float, **whom: bool) -> StartOrder:
    """An order whose script is told so long before its end."""
    return an_order(
        tmp_path,
        "sh",
        "-c",
        script,
        warning_signal=signal.SIGUSR1,
        warning_lead_s=lead_s,
        **whom,
    )


def test_the_warning_reaches_the_shell_alone_where_it_was_asked_so(
    client: WardenClient, tmp_path: Path
) -> None:
    script = (
        "trap 'echo shell >> told; exit 5' USR1; sh -c 'trap \"echo child >> told\" USR1; "
        "while :; do sleep 0.05; done' & wait"
    )
    client.start(_with_warning(tmp_path, script, lead_s=3599.0, warns_leader=True))
    end = client.next_end()
    assert (end.reason, end.exit_code) == ("program_failed", 5)
    assert (tmp_path / "told").read_text() == "shell\n"


def test_the_warning_reaches_all_but_the_shell_where_nothing_was_said(
    client: WardenClient, tmp_path: Path
) -> None:
    child = "trap 'echo child > told; exit 6' USR1; while :; do sleep 0.05; done"
    client.start(
        _with_warning(
            tmp_path, f'setsid --wait sh -c "{child}"; exit $?', lead_s=3598.5, warns_others=True
        )
    )
    end = client.next_end()
    assert (tmp_path / "told").read_text() == "child\n"
    assert end.exit_code == 6


def test_a_preemption_is_announced_and_leaves_the_time_that_was_asked(
    client: WardenClient, tmp_path: Path
) -> None:
    script = (
        "trap 'echo warned >> told' USR1; trap 'echo term >> told; exit 0' TERM; echo up > up; "
        "while :; do sleep 0.05; done"
    )
    client.start(_with_warning(tmp_path, script, lead_s=1.0, warns_leader=True))
    until((tmp_path / "up").exists, "the job listens")
    client.tell({"do": "stop", "key": [1, 1], "reason": "preempted"})
    end = client.next_end()
    assert end.reason == "preempted"
    assert (tmp_path / "told").read_text() == "warned\nterm\n"
    assert end.wall_s >= 1.0


def test_a_cancellation_does_not_wait_for_the_notice_of_a_preemption(
    client: WardenClient, tmp_path: Path
) -> None:
    script = "trap : USR1; echo up > up; while :; do sleep 0.05; done"
    client.start(_with_warning(tmp_path, script, lead_s=200.0, warns_leader=True))
    until((tmp_path / "up").exists, "the job listens")
    client.tell({"do": "stop", "key": [1, 1], "reason": "preempted"})
    client.tell({"do": "stop", "key": [1, 1], "reason": "cancelled"})
    assert client.next_end().exit_code == 128 + signal.SIGTERM


def test_no_grace_reaches_beyond_the_lease(client: WardenClient, tmp_path: Path) -> None:
    script = "trap '' TERM; echo up > up; while :; do sleep 0.05; done"
    lease_s = boot_now_s() + 2.0
    client.start(an_order(tmp_path, "sh", "-c", script, lease_until_boot_s=lease_s, grace_s=3000.0))
    until((tmp_path / "up").exists, "the job listens")
    client.tell({"do": "stop", "key": [1, 1], "reason": "cancelled"})
    end = client.next_end()
    assert (end.reason, end.exit_code) == ("cancelled", 128 + signal.SIGKILL)


def test_too_much_output_ends_the_job_with_its_own_reason(
    client: WardenClient, tmp_path: Path
) -> None:
    client.start(an_order(tmp_path, "yes", output_limit_bytes=2**20))
    end = client.next_end()
    assert end.reason == "output_limit"
    assert "its limit is 1 MiB" in str(end.detail)
    assert (tmp_path / "out").stat().st_size == 2**20


def test_too_many_files_end_the_job_with_its_own_reason(
    client: WardenClient, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    script = "i=0; while :; do i=$((i+1)); mkdir -p d$i; head -c 300000 /dev/zero > d$i/f; done"
    client.start(
        an_order(
            tmp_path,
            "sh",
            "-c",
            script,
            cwd=str(tmp_path / "work"),
            disk_limit_bytes=3 * 2**20,
            folders=(str(tmp_path / "work"),),
        )
    )
    end = client.next_end()
    assert end.reason == "disk_limit"
    assert "its limit is 3 MiB" in str(end.detail)


def test_one_file_over_the_limit_is_told_as_such(client: WardenClient, tmp_path: Path) -> None:
    limits = {"file_limit_bytes": 2**20, "disk_limit_bytes": 2**20}
    client.start(an_order(tmp_path, "dd", "if=/dev/zero", "of=big", "bs=1M", "count=9", **limits))
    assert client.next_end().reason == "disk_limit"


def test_memory_that_processes_share_counts_once(client: WardenClient, tmp_path: Path) -> None:
    program = (
        "import os, time\n"
        "held = bytearray(b'x') * (60 * 2**20)\n"
        "pids = [os.fork() for _ in range(1)] + [os.fork()]\n"
        "time.sleep(2.5)\n"
    )
    client.start(an_order(tmp_path, "python3", "-c", program, mem_limit_bytes=150 * 2**20))
    end = client.next_end()
    assert end.reason == "completed"
    assert end.max_rss_bytes < 150 * 2**20


def test_memory_counts_wherever_a_process_of_the_job_went(
    client: WardenClient, tmp_path: Path
) -> None:
    grow = "x = bytearray(200 * 2**20); import time; time.sleep(30)"
    client.start(
        an_order(
            tmp_path,
            "sh",
            "-c",
            f"(setsid python3 -c '{grow}' &) ; sleep 30",
            mem_limit_bytes=100 * 2**20,
        )
    )
    assert client.next_end().reason == "memory_limit"
