"""What an operator copies from ``deploy``: units that start the programs, alarms that ring."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.support.ports import free_port
from tests.support.valkey import running_valkey
from tests.support.warden import until

UNITS = ROOT / "deploy/systemd"
RULES = ROOT / "deploy/prometheus"
PYTHON = "/opt/chaufferie/.venv/bin/python"
STATE = "/var/lib/chaufferie"
LONG_ENOUGH_S = 60.0
FIGURE = re.compile(r"\b(chaufferie_[a-z_]+|site:[a-z_]+:[a-z0-9_]+)\b")
LEASE = "chaufferie_scheduler_lease_seconds "
SUFFIXES = ("_bucket", "_sum", "_count")


def _promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    return found


def _lines(unit: str, key: str) -> list[str]:
    text = (UNITS / unit).read_text(encoding="utf-8")
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def _example_environment() -> dict[str, str]:
    text = (UNITS / "chaufferie.env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


class Installed:
    """The programs of the units, as they would run, in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            **os.environ,
            **_example_environment(),
            "CHAUFFERIE_PORT": str(self.port),
            "CHAUFFERIE_REDIS_URL": f"redis+socket://{folder}/valkey.sock",
        }

    def words(self, line: str) -> list[str]:
        """A command of a unit, with our interpreter and folder in place of the machine's."""
        assert line.startswith(PYTHON)
        return shlex.split(line.replace(PYTHON, sys.executable).replace(STATE, str(self.folder)))

    def environment_of(self, unit: str) -> dict[str, str]:
        """What the unit and the example file set."""
        own = dict(line.split("=", 1) for line in _lines(unit, "Environment"))
        return self.environment | {
            name: value.replace(STATE, str(self.folder)) for name, value in own.items()
        }

    @contextmanager
    def running(self, unit: str) -> Iterator[None]:
        """Do what systemd would: what comes before, then the program; TERM at the end."""
        environment = self.environment_of(unit)
        for line in _lines(unit, "ExecStartPre"):
            subprocess.run(self.words(line), env=environment, cwd="/", check=True)
        (line,) = _lines(unit, "ExecStart")
        process = subprocess.Popen(
            self.words(line), env=environment, cwd="/", stderr=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(LONG_ENOUGH_S) in {0, -signal.SIGTERM}

    def fetch(self, path: str) -> str:
        """A page of the API, as the operator; nothing while it does not serve."""
        key = (self.folder / "operator.key").read_text(encoding="ascii").strip()
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            return line.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            line.close()


def test_the_units_start_a_whole_installation(tmp_path: Path) -> None:
    made = Installed(tmp_path)
    made.environment["CHAUFFERIE_NOTICES_EVERY_S"] = "0.5"
    with (
        running_valkey(tmp_path),
        made.running("chaufferie-api.service"),
        made.running("chaufferie-scheduler.service"),
        made.running("chaufferie-worker.service"),
    ):
        until(lambda: "ok" in made.fetch("/healthz"), "the API serves", LONG_ENOUGH_S)
        until(lambda: 'round="notices"' in made.fetch("/metrics"), "a round ends", LONG_ENOUGH_S)
        line = next(line for line in made.fetch("/metrics").splitlines() if line.startswith(LEASE))

    assert float(line.removeprefix(LEASE)) > 0
    assert (tmp_path / "operator.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("program", ["warden", "keeper", "agent"])
def test_the_units_of_a_node_name_programs_that_are_there(program: str) -> None:
    (line,) = _lines(f"chaufferie-{program}@.service", "ExecStart")
    words = shlex.split(line.replace(PYTHON, sys.executable))

    done = subprocess.run([*words[:4], "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert all(word in done.stdout for word in words[4:] if word.startswith("--"))


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed (Debian package systemd)")
    units = [path for path in UNITS.iterdir() if path.suffix in {".service", ".target"}]
    for path in units:
        text = path.read_text(encoding="utf-8").replace(PYTHON, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")

    done = subprocess.run(
        [analyse, "verify", *(str(tmp_path / path.name) for path in units)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(units) == 8
    ours = [line for line in done.stderr.splitlines() if "chaufferie" in line]
    assert (done.returncode, ours) == (0, [])


def test_every_alarm_rings_when_it_should_and_only_then() -> None:
    promtool = _promtool()

    done = subprocess.run(
        [promtool, "test", "rules", "chaufferie.rules.test.yml"],
        cwd=RULES,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alarm_is_tried() -> None:
    rules = (RULES / "chaufferie.rules.yml").read_text(encoding="utf-8")
    tried = (RULES / "chaufferie.rules.test.yml").read_text(encoding="utf-8")

    named = set(re.findall(r"alert: (\w+)", rules))
    assert named
    assert named <= set(re.findall(r'alertname="(\w+)"', tried))


def test_prometheus_takes_the_configuration(tmp_path: Path) -> None:
    promtool = _promtool()
    for path in RULES.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "chaufferie.key").write_text("secret\n", encoding="ascii")

    done = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def _expressions() -> list[str]:
    board = json.loads((ROOT / "deploy/grafana/chaufferie.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def _told() -> set[str]:
    """Figures that the reference lists, which a test of it holds against what is served."""
    page = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
    rules = (RULES / "chaufferie.rules.yml").read_text(encoding="utf-8")
    return set(re.findall(r"`(chaufferie_[a-z_]+)`", page)) | set(
        re.findall(r"record: (\S+)", rules)
    )


def test_alarms_and_panels_ask_for_figures_that_there_are() -> None:
    rules = (RULES / "chaufferie.rules.yml").read_text(encoding="utf-8")
    asked = {name for text in (*_expressions(), rules) for name in FIGURE.findall(text)}
    plain = {re.sub(f"({'|'.join(SUFFIXES)})$", "", name) for name in asked}

    groups = set(re.findall(r"name: (\w+)", rules))
    assert plain - groups <= _told()


def test_prometheus_understands_every_panel(tmp_path: Path) -> None:
    promtool = _promtool()
    rules = [
        {"record": f"panel:{number}", "expr": text.replace("$site", ".*")}
        for number, text in enumerate(_expressions())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")

    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
