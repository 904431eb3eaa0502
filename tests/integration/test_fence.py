"""Jobs kept off the network: what they reach, what they do not, and what is left after them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from domain.jobs.job import EndReason
from node_agent.executors.fenced import fenced, why_no_fence
from node_agent.executors.process import Place
from node_agent.fence.relay import MOST_CONNECTIONS
from node_agent.warden.processes import all_processes
from node_agent.warden.protocol import EndRecord, socket_path
from tests.support.licence_server import LicenceServer
from tests.support.warden import WardenClient, WardenProcess, an_order, until

ASK = """
import os, socket, sys, time

def ask(port, host="localhost", within_s=15.0):
    try:
        with socket.create_connection((host, port), within_s) as stream:
            stream.sendall(b"seat")
            return stream.recv(100).decode()
    except OSError as error:
        return type(error).__name__

def seat(*asked):
    said = ask(*asked)
    return said.partition(" ")[2] or said
"""
#: So many try to get in at once, where so many are let in: far more than may.
CROWD = 8 * MOST_CONNECTIONS


class Fenced:
    """A warden, and jobs that it starts inside a fence."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.warden = WardenProcess(directory)
        self.client = WardenClient(directory)
        self._number = 0

    def start(self, code: str, targets: Sequence[tuple[str, int]], **changes: object) -> Path:
        """Order a job of this code; where it prints."""
        self._number += 1
        place = Place(work=self.directory / f"job-{self._number}")
        place.work.mkdir()
        out = place.work / "out"
        order = an_order(
            place.work,
            *(sys.executable, "-c", ASK + code),
            **{"key": (self._number, 1), "stdout": str(out), **changes},
        )
        self.client.start(fenced(order, place, targets, own_name="node1", directory=self.directory))
        return out

    def run(self, code: str, targets: Sequence[tuple[str, int]]) -> list[str]:
        """What a job printed, line by line."""
        out = self.start(code, targets)
        end = self.client.next_end()
        assert end.reason == EndReason.COMPLETED, (end, out.read_text())
        return out.read_text().splitlines()

    def end(self) -> EndRecord:
        return self.client.next_end()

    def close(self) -> None:
        self.client.close()
        self.warden.stop()


def relays() -> list[int]:
    """Of the jobs of this test run: all that this process's descendants left."""
    return [
        item.pid
        for item in all_processes()
        if b"fence.relay" in _command(item.pid) and item.pid != os.getpid()
    ]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def relay_of(leader: int) -> int | None:
    """The relay of the job whose first process this is."""
    found = [pid for pid in relays() if _command(pid).split(b"\0")[-2] == str(leader).encode()]
    return found[0] if found else None


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Fenced]:
    refused = why_no_fence()
    if refused is not None:
        pytest.skip(refused.sentence)
    made = Fenced(tmp_path)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[LicenceServer]:
    with LicenceServer() as made:
        yield made


def test_a_job_reaches_its_doors_and_nothing_else(node: Fenced, server: LicenceServer) -> None:
    with LicenceServer() as other:
        code = f"""
print(seat({server.port}), seat({server.port}, "127.0.0.1"))
print(ask({other.port}), ask({other.port}, "127.0.0.1"), ask(53, "192.0.2.1"))
print(open("/etc/hosts").readline().strip())
"""
        said = node.run(code, [("localhost", server.port)])

    assert said == [
        "seat seat",
        "ConnectionRefusedError ConnectionRefusedError OSError",
        "127.0.0.1 localhost node1",
    ]


def test_a_host_is_found_by_name_under_an_address_of_its_own(
    node: Fenced, server: LicenceServer
) -> None:
    """Nothing is behind that name here: but the door stands where the name leads."""
    code = 'print(socket.gethostbyname("lic.example.org"), socket.gethostbyname("lic"))'

    assert node.run(code, [("lic.example.org", server.port)]) == ["127.83.0.1 127.83.0.1"]


def test_a_server_that_is_down_refuses_and_is_found_when_it_is_back(
    node: Fenced, server: LicenceServer
) -> None:
    port = server.port
    server.stop()
    code = f"""
print(seat({port}), flush=True)
while (said := seat({port})) == "ConnectionRefusedError":
    time.sleep(0.1)
print(said, flush=True)
open("seen", "w").close()
while (said := seat({port})) != "ConnectionRefusedError":
    time.sleep(0.1)  # What was open when it went breaks; so may who comes first after that.
print(said)
"""
    out = node.start(code, [("localhost", port)])
    until(lambda: out.exists() and out.read_text(), "it was refused")
    with LicenceServer(port):
        until((out.parent / "seen").exists, "it got in")

    assert node.end().reason == EndReason.COMPLETED
    assert out.read_text().split() == [
        *("ConnectionRefusedError", "seat", "ConnectionRefusedError")
    ]


def test_the_end_of_a_job_takes_its_relay_along(node: Fenced, server: LicenceServer) -> None:
    code = 'print(os.getpid(), flush=True)\nwhile not os.path.exists("over"): time.sleep(0.05)'
    out = node.start(code, [("localhost", server.port)])
    leader = until(lambda: out.exists() and out.read_text().strip(), "it runs")
    relay = until(lambda: relay_of(int(leader)), "its relay runs")

    (out.parent / "over").touch()

    assert node.end().reason == EndReason.COMPLETED
    until(lambda: not Path(f"/proc/{relay}").exists(), "its relay is gone")


def test_a_killed_warden_leaves_no_relay(node: Fenced, server: LicenceServer) -> None:
    out = node.start(
        "print(os.getpid(), flush=True); time.sleep(600)", [("localhost", server.port)]
    )
    leader = until(lambda: out.exists() and out.read_text().strip(), "it runs")
    relay = until(lambda: relay_of(int(leader)), "its relay runs")

    node.warden.restart_after_kill()

    until(lambda: not Path(f"/proc/{relay}").exists(), "its relay is gone")
    assert not Path(f"/proc/{leader}").exists()


def test_a_crowd_is_let_in_a_few_at_a_time_and_harms_nobody_else(
    node: Fenced, server: LicenceServer
) -> None:
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
crowd = []
for number in range({CROWD}):
    stream = socket.socket()
    stream.setblocking(False)
    stream.connect_ex(("localhost", {server.port}))
    crowd.append(stream)
time.sleep(1.0)
said = []
for stream in crowd:
    try:
        stream.send(b"seat")
    except OSError:
        pass
open("crowded", "w").close()
while not os.path.exists("over"):
    time.sleep(0.05)
"""
    out = node.start(code, [("localhost", server.port)])
    until((out.parent / "crowded").exists, "all of them knocked")
    out_of_other = node.start(f"print(ask({server.port}))", [("localhost", server.port)])

    assert node.end().reason == EndReason.COMPLETED
    most = int(out_of_other.read_text().split()[0])
    assert 1 < most <= MOST_CONNECTIONS + 1  # The other job's own too.
    (out.parent / "over").touch()
    assert node.end().reason == EndReason.COMPLETED
    assert node.run(f"print(seat({server.port}))", [("localhost", server.port)]) == ["seat"]


def test_a_job_has_no_powers_and_no_way_back(node: Fenced, server: LicenceServer) -> None:
    code = f"""
print(open("/proc/self/status").read().split("CapEff:")[1].split()[0])
def command(pid):
    try:
        return open(f"/proc/{{pid}}/cmdline", "rb").read()
    except OSError:
        return b""
pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
relays = [pid for pid in pids if b"fence.relay" in command(pid)]
def fails(do):
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "no error"
print(len(relays) > 0, {{fails(lambda: open(f"/proc/{{pid}}/mem", "rb")) for pid in relays}})
print({{fails(lambda: os.listdir(f"/proc/{{pid}}/ns/")) for pid in relays}})
def warden():
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect({socket_path(node.directory)!r})
print(fails(warden))
print(fails(lambda: os.wait()))
"""
    said = node.run(code, [("localhost", server.port)])

    assert said[0] == "0" * 16
    assert said[1] == "True {'PermissionError'}"
    assert said[3] == "ConnectionRefusedError"
    assert said[4] == "ChildProcessError"  # The relay is nobody's child.


def test_a_program_that_is_not_there_is_said(node: Fenced) -> None:
    place = Place(work=node.directory / "job")
    place.work.mkdir()
    order = an_order(place.work, "/no/such/solver", stdout=str(place.work / "out"))

    node.client.start(fenced(order, place, [], own_name="node1", directory=node.directory))
    end = node.end()

    assert (end.reason, end.exit_code) == (EndReason.PROGRAM_FAILED, 127)
    said = (place.work / "out").read_text()
    assert said == "It could not be started: /no/such/solver: No such file or directory.\n"


def test_limits_and_signals_reach_the_job_through_the_fence(
    node: Fenced, server: LicenceServer
) -> None:
    code = """
import signal
print(signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN, os.getsid(0) == os.getpid(), flush=True)
signal.signal(signal.SIGTERM, lambda *_: (print(seat(PORT), flush=True), sys.exit(3)))
time.sleep(600)
""".replace("PORT", str(server.port))
    out = node.start(code, [("localhost", server.port)], wall_limit_s=3.0)
    end = node.end()

    assert end.reason == EndReason.TIME_LIMIT
    assert out.read_text().splitlines()[-1] == "seat"  # In its grace it still gives its seat back.


def test_a_machine_that_makes_no_name_spaces_lets_no_agent_promise_them(tmp_path: Path) -> None:
    if why_no_fence() is not None:
        pytest.skip("this machine makes none itself, so none in which that is forbidden")
    config = tmp_path / "agent.json"
    spec = {"cores": 1, "mem_mib": 1, "idle_power_w": 1, "max_power_w": 2}
    told = {"directory": str(tmp_path), "url": "http://localhost", "network": "closed"}
    config.write_text(json.dumps({**told, "spec": spec}))
    script = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {sys.executable} -m node_agent"
    tried = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", f"{script} {config}"],
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )

    assert tried.returncode == 2
    assert tried.stderr.startswith('The configuration says "network": "closed", and this machine')
    assert len(tried.stderr.strip().splitlines()) == 1
