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


def test_nodes_are_summed_up_and_described(typed: CommandLine) -> None:
    summed = _lines(typed, "sinfo", "-h", "-s", "-p", "ondemand")
    assert re.fullmatch(r"ondemand\* up infinite \d/\d/0/2 node0,node1", summed[0])

    shown = " ".join(_lines(typed, "scontrol", "show", "node", "node[0-1]"))
    assert shown.count("CPUTot=2") == 2
    assert "NodeName=node0" in shown
    assert "NodeName=node1" in shown
    unknown = typed.run("slurm", "scontrol", "show", "node", "node7")
    assert (unknown.returncode, unknown.stderr) == (
        3,
        "chaufferie: There is no node 'node7'; there are: node0, node1.\n",
    )


def test_jobs_that_wait_are_listed_with_their_start_and_stopped_by_state_and_user(
    typed: CommandLine,
) -> None:
    later = typed.submit("--begin=uts2000000000", "-J", "later9", "--", "true")
    runs = typed.submit("-J", "later9", "--", "sleep", "600")
    try:
        until(lambda: typed.document("job", runs)["state"] == "running")
        (line,) = _lines(typed, "squeue", "-h", "--start", "-n", "later9")
        assert line.startswith(f"{later} ondemand later9 operator PD 20")
        stranger = typed.run("slurm", "scancel", "-n", "later9", "-u", "nobody9")
        assert stranger.returncode == 3
        assert "None of these jobs is of 'nobody9'; they are of operator." in stranger.stderr

        _lines(typed, "scancel", "-n", "later9", "-u", "operator", "-t", "PD")

        assert typed.document("job", later)["state"] == "cancelled"
        assert typed.document("job", runs)["state"] == "running"
        _lines(typed, "scancel", "-n", "later9", "--state=running")
    finally:
        typed.run("cancel", later, runs)
    typed.run("wait", runs)
    (account,) = _lines(typed, "sacct", "-n", "-P", "-j", runs, "-o", "QOS,ConsumedEnergyRaw")
    assert re.fullmatch(r"ondemand\|\d+", account)
