"""A node that keeps its jobs off the network, and a program there that asks for a licence."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node_agent.executors.fenced import why_no_fence
from node_agent.warden.processes import all_processes
from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine
from tests.support.licence_server import LicenceServer

SOLVER = """#!{python}
import os, socket, sys
if sys.argv[1:] == ["-v"]:
    print("version 7")
    sys.exit()
def ask(port, host="localhost"):
    try:
        with socket.create_connection((host, int(port)), 20.0) as stream:
            stream.sendall(b"seat")
            return stream.recv(100).decode().partition(" ")[2]
    except OSError as error:
        return type(error).__name__
where = os.environ.get("SOLVER_LICENSE_FILE", sys.argv[1] + "@localhost")
print(where, ask(*where.split("@")), ask(sys.argv[-1]))
"""
RECIPE = """name = "solver"
[detect]
programs = ["solver"]
version_command = ["{program}", "-v"]
version_pattern = 'version (\\d+)'
[licence_servers]
ours = ["SOLVER_LICENSE_FILE"]
[licences]
seat = "per job"
"""
DECLARED = """
[[licence_servers]]
name = "ours"
hosts = ["localhost"]
ports = [{port}]
seats = {{ seat = 2 }}
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[LicenceServer, LicenceServer]]:
    """One that is declared, and one that is not."""
    with LicenceServer() as declared, LicenceServer() as other:
        yield declared, other


@pytest.fixture(scope="module")
def closed(
    tmp_path_factory: pytest.TempPathFactory, servers: tuple[LicenceServer, LicenceServer]
) -> Iterator[Cluster]:
    """The first node's jobs are off the network, the second's are not."""
    refused = why_no_fence()
    if refused is not None:
        pytest.skip(refused.sentence)
    programs, recipes = tmp_path_factory.mktemp("programs"), tmp_path_factory.mktemp("recipes")
    (programs / "solver").write_text(SOLVER.replace("{python}", sys.executable))
    (programs / "solver").chmod(0o755)
    (recipes / "solver.toml").write_text(RECIPE)
    data = tmp_path_factory.mktemp("closed") / "data"
    data.mkdir()
    (data / "operator.toml").write_text(DECLARED.format(port=servers[0].port))
    settings = {index: {"profiles_folder": str(recipes)} for index in range(2)}
    settings[0]["network"] = "closed"
    variables = {index: {"PATH": f"{programs}:/usr/bin:/bin"} for index in range(2)}
    with running_cluster(data, settings=settings, variables=variables) as running:
        yield running


@pytest.fixture
def typed(closed: Cluster, tmp_path: Path) -> CommandLine:
    line = CommandLine(closed, tmp_path)
    until(lambda: "solver" in line.run("profiles").stdout, 60.0)
    return line


def said(typed: CommandLine, *words: str) -> list[str]:
    """What a job of these words printed."""
    number = typed.submit("--wait", *words)
    return typed.run("logs", number).stdout.split()


def relays_of(typed: CommandLine) -> list[int]:
    """The relays of jobs of this cluster."""
    return [
        item.pid
        for item in all_processes()
        if b"fence.relay" in _read(item.pid, "cmdline")
        and os.fsencode(typed.cluster.data_dir) in _read(int(_leader(item.pid)), "environ")
    ]


def _leader(pid: int) -> bytes:
    words = _read(pid, "cmdline").split(b"\0")
    return words[-2] if len(words) > 2 else b"0"


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def test_a_profiles_job_reaches_its_licence_server_and_no_other(
    typed: CommandLine, servers: tuple[LicenceServer, LicenceServer]
) -> None:
    declared, other = servers
    ask = ("--profile", "solver", "--", "sh", "-c", f"solver {other.port}")

    there = said(typed, "--nodelist", "node0", *ask)
    open_one = said(typed, "--nodelist", "node1", *ask)

    assert there == [f"{declared.port}@localhost", "seat", "ConnectionRefusedError"]
    assert open_one == [f"{declared.port}@localhost", "seat", "seat"]
    networks = {item["name"]: item["network"] for item in typed.document("nodes")["nodes"]}
    assert networks == {"node0": "closed", "node1": "open"}


def test_a_job_without_a_profile_reaches_what_it_takes_seats_of(
    typed: CommandLine, servers: tuple[LicenceServer, LicenceServer]
) -> None:
    solver = next(Path(path) for path in _paths(typed) if (Path(path) / "solver").exists())
    ask = ("--", os.fspath(solver / "solver"), str(servers[0].port), str(servers[1].port))

    with_seat = said(typed, "--nodelist", "node0", "--licence", "seat:1", *ask)
    without = said(typed, "--nodelist", "node0", *ask)

    assert with_seat[1:] == ["seat", "ConnectionRefusedError"]
    assert without[1:] == ["ConnectionRefusedError", "ConnectionRefusedError"]


def _paths(typed: CommandLine) -> list[str]:
    """Where the second node's jobs find programs of a profile."""
    words = ("--nodelist", "node1", "--profile", "solver", "--", "sh", "-c", "echo $PATH")
    return said(typed, *words)[0].split(":")


def test_the_jobs_own_commands_still_reach_the_server(typed: CommandLine) -> None:
    script = typed.write("look.sh", "#!/bin/bash\nsqueue -h -j $SLURM_JOB_ID -o '%T %N'\n")

    assert said(typed, "--nodelist", "node0", os.fspath(script)) == ["RUNNING", "node0"]


def test_no_relay_is_left_after_a_job_however_it_ended(typed: CommandLine) -> None:
    running = typed.submit("--nodelist", "node0", "--profile", "solver", "--", "sleep", "600")
    until(lambda: len(relays_of(typed)) == 1, 60.0)
    (relay,) = relays_of(typed)

    assert typed.run("cancel", running).returncode == 0

    typed.run("wait", running)
    until(lambda: not Path(f"/proc/{relay}").exists(), 60.0)


def test_a_restarted_agent_leaves_its_jobs_their_licences(
    typed: CommandLine, servers: tuple[LicenceServer, LicenceServer]
) -> None:
    over = typed.folder / "over"
    script = f"until [ -e {over} ]; do sleep 0.1; done; solver {servers[1].port}"
    number = typed.submit("--nodelist", "node0", "--profile", "solver", "--", "sh", "-c", script)
    until(lambda: typed.document("job", number)["state"] == "running", 60.0)
    agent = typed.cluster.programs["agent-node0"]
    agent.kill()
    agent.wait()
    typed.cluster.run_agent(0)
    over.touch()

    assert typed.run("wait", number).returncode == 0
    assert typed.run("logs", number).stdout.split()[1] == "seat"


def test_several_nodes_are_refused_where_jobs_are_off_the_network(typed: CommandLine) -> None:
    refused = typed.run("submit", "-N", "2", "--nodelist", "node0", "--", "true")

    assert refused.returncode == 1
    assert "keep their jobs off the network" in refused.stderr
