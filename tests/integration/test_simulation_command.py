import json
import subprocess
import sys
from pathlib import Path

from simulation.boiler_config import load_site
from simulation.sites import START_PLANT_TIME_S, default_sites


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulation", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_sites_are_written_as_boilers_read_them(tmp_path: Path) -> None:
    out = tmp_path / "sites.json"
    ended = _run("sites", "--count", "5", "--out", str(out))
    plain = json.loads(out.read_text())

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert [load_site(site) for site in plain["sites"]] == default_sites(5)
    assert plain["start_plant_time_s"] == START_PLANT_TIME_S


def test_sites_go_to_the_standard_output_unless_told_otherwise() -> None:
    assert len(json.loads(_run("sites").stdout)["sites"]) == 4


def test_a_count_that_cannot_be_is_refused_in_a_sentence() -> None:
    ended = _run("sites", "--count", "0")

    assert ended.returncode == 2
    assert "--count" in ended.stderr


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ended = _run("sites", "--out", str(tmp_path / "absent" / "sites.json"))

    assert ended.returncode == 2
    assert "cannot be written" in ended.stderr


def test_boilers_are_also_a_sub_command(tmp_path: Path) -> None:
    ended = _run("boiler", "--config", str(tmp_path / "absent.json"))

    assert ended.returncode == 2
    assert "cannot be read" in ended.stderr
