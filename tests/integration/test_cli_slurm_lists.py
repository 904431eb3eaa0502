"""Nodes, arrays and accounts listed as those who come from Slurm expect them."""

import re

from tests.support.cluster import until
from tests.support.command_line import CommandLine


def _lines(typed: CommandLine, *words: str) -> list[str]:
    ran = typed.run("slurm", *words)
    assert ran.returncode == 0, ran.stderr
    return [" ".join(line.split()) for line in ran.stdout.splitlines()]


def test_an_array_is_listed_element_by_element_save_those_that_wait(typed: CommandLine) -> None:
    job_id = typed.submit("--array=0-4%1", "-A", "mesh", "-J", "sweep9", "--wrap", "sleep 600")
    queue = ("squeue", "-h", "-j", job_id, "-o", "%i %t %r")
    try:
        until(lambda: f"{job_id}_0 R None" in _lines(typed, *queue))
        typed.run("hold", f"{job_id}_[3]")

        assert _lines(typed, *queue) == [
            f"{job_id}_[3%1] PD JobHeldUser",
            f"{job_id}_[1-2,4%1] PD Priority",
            f"{job_id}_0 R None",
        ]
        each = [f"{job_id}_{index}" for index in range(5)]
        assert _lines(typed, "squeue", "-h", "-r", "-j", job_id, "-o", "%i") == each
        assert _lines(typed, "squeue", "-h", "-t", "R", "-n", "sweep9", "-o", "%i") == each[:1]
        assert _lines(typed, "squeue", "-h", "-A", "flow", "-n", "sweep9", "-o", "%i") == []
        assert len(_lines(typed, "squeue", "-h", "-A", "mesh", "-n", "sweep9", "-o", "%i")) == 3
    finally:
        typed.run("slurm", "scancel", job_id)
    typed.run("wait", job_id)

    assert _lines(typed, *queue) == []
    account = ("sacct", "-n", "-P", "-j", job_id, "-o")
    ended = [f"{name}|CANCELLED" for name in each]
    assert _lines(typed, *account, "JobID,State") == ended
    assert all(re.fullmatch(r"\d+K", line) for line in _lines(typed, *account, "MaxRSS"))
    assert _lines(typed, "sacct", "-n", "-P", "--name", "sweep9", "-o", "JobID,State") == ended


def test_a_waiting_job_is_updated_field_by_field(typed: CommandLine) -> None:
    job_id = typed.submit("--hold", "--time=60", "--", "true")
    fields = (
        "JobName=renamed",
        "TimeLimit=30",
        "QOS=flex",
        "Nice=50",
        "Dependency=",
        "Partition=x",
    )

    assert _lines(typed, "scontrol", "update", f"JobId={job_id}", *fields) == []
    job = typed.document("job", job_id)
    refused = typed.run("slurm", "scontrol", "update", f"JobId={job_id}", "Shared=1")
    more = typed.run("slurm", "scontrol", "update", f"JobId={job_id}", "TimeLimit+=10")
    typed.run("release", job_id)

    assert (job["name"], job["time_limit_s"], job["scheduling_type"]) == ("renamed", 1800, "flex")
    assert job["priority"] == -50
    assert typed.document("explain", job_id)
    assert (refused.returncode, more.returncode) == (2, 2)
    assert "'shared' cannot be changed here" in refused.stderr
    for words in (["TimeLimit=5"], [f"JobId={job_id}"], ["JobId=x", "Name=y"], ["Nice"]):
        assert typed.run("slurm", "scontrol", "update", *words).returncode == 2
    nice = ["scontrol", "update", f"JobId={job_id}", "Nice=many"]
    assert typed.run("slurm", *nice).returncode == 2


def test_nodes_are_listed_by_state_and_one_by_one(typed: CommandLine) -> None:
    job_id = typed.submit("-c", "2", "--nodelist=node1", "--wrap", "sleep 600")
    busy = "ondemand* up infinite 1 alloc node1"
    try:
        until(lambda: busy in _lines(typed, "sinfo"))
        table = _lines(typed, "sinfo", "-p", "ondemand")
        one = _lines(typed, "sinfo", "-h", "-N", "-n", "node0", "-o", "%N %c %T")
        idle = _lines(typed, "sinfo", "-h", "-t", "idle", "-o", "%R %N")
    finally:
        typed.run("cancel", job_id)

    assert table == [
        "PARTITION AVAIL TIMELIMIT NODES STATE NODELIST",
        busy,
        "ondemand* up infinite 1 idle node0",
    ]
    assert one == ["node0 2 idle"] * 3
    assert idle == ["flex node0", "ondemand node0", "reserved node0"]
