import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.boiler.config import load_site
from simulation.boiler.sites import START_PLANT_TIME_S, default_sites
from tests.support.tiny_scenario import write_tiny

POLICIES = "coldest,chaufferie"


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulation", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def swept(tiny: Path) -> subprocess.CompletedProcess[str]:
    """Both seasons, two seeds, everything written."""
    folder = tiny.parent
    return _run(
        *(str(tiny), "--policy", POLICIES, "--seeds", "1-2", "--jobs", "2"),
        *("--json", str(folder / "out.json"), "--report", str(folder / "report")),
    )


def test_a_sweep_prints_a_table_for_each_season(
    swept: subprocess.CompletedProcess[str],
) -> None:
    assert swept.returncode == 0, swept.stderr
    assert "tiny, winter: mean of 2 seeds" in swept.stdout
    assert "tiny, summer: mean of 2 seeds" in swept.stdout
    for column in ("useful kWh", "flex mean h"):  # The heat, and the waiting below it.
        assert swept.stdout.count(column) == 2
    assert len(re.findall(r"^coldest +\d", swept.stdout, re.MULTILINE)) == 4
    assert "4 of 4 cells done" in swept.stderr


def test_a_sweep_writes_every_figure_as_json(
    swept: subprocess.CompletedProcess[str], tiny: Path
) -> None:
    assert swept.returncode == 0, swept.stderr
    plain = json.loads((tiny.parent / "out.json").read_text())

    assert plain["scenario"] == "tiny"
    cells = {(run["policy"], run["season"], run["seed"]) for run in plain["results"]}
    assert len(plain["results"]) == len(cells) == 8
    assert {run["policy"] for run in plain["results"]} == {"coldest", "chaufferie"}
    for run in plain["results"]:
        assert 0 < run["oracle_frac"] <= 1
        assert run["useful_kwh"] > 0
        assert run["wall_s"] > 0
    assert {(item["policy"], item["seeds"]) for item in plain["summary"]} == {
        ("coldest", 2),
        ("chaufferie", 2),
    }


def test_a_sweep_draws_a_page(swept: subprocess.CompletedProcess[str], tiny: Path) -> None:
    assert swept.returncode == 0, swept.stderr
    page = (tiny.parent / "report" / "index.html").read_text()

    assert re.findall(r'<section id="(\w+)">', page) == [
        "heat",
        "waiting",
        "waste",
        "week",
        "places",
        "bound",
        "comfort",
    ]


def test_the_same_seed_gives_the_same_figures_alone_and_in_company(
    swept: subprocess.CompletedProcess[str], tiny: Path
) -> None:
    assert swept.returncode == 0, swept.stderr
    alone = _run(
        *(str(tiny), "--policy", "chaufferie", "--seeds", "2", "--seasons", "summer"),
        *("--json", "-"),
    )
    [run] = json.loads(alone.stdout)["results"]
    company = json.loads((tiny.parent / "out.json").read_text())["results"]
    twin = next(
        item
        for item in company
        if (item["policy"], item["season"], item["seed"]) == ("chaufferie", "summer", 2)
    )

    measured = {"wall_s", "decision_s_max", "decision_s_total"}
    assert {key for key in run if run[key] != twin[key]} <= measured


def test_without_the_oracle_there_is_heat_and_no_share(tiny: Path) -> None:
    ended = _run(
        *(str(tiny), "--policy", "coldest", "--seeds", "1", "--seasons", "winter"),
        *("--no-oracle", "--json", "-"),
    )
    [run] = json.loads(ended.stdout)["results"]

    assert run["useful_kwh"] > 0
    assert run["oracle_frac"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent"], "absent"),
        (["easy", "--policy", "hottest"], "'hottest'"),
        (["easy", "--seasons", "monsoon"], "'monsoon'"),
        (["easy", "--seeds", "three"], "'three'"),
        (["easy", "--weather", "absent.epw"], "absent.epw"),
        (["easy", "--workload", "absent.swf"], "absent.swf"),
        (["easy", "--json", "absent/out.json"], "absent"),
        (["easy", "--report", "/dev/null/pages"], "/dev/null/pages"),
        (["easy", "--hold", "2"], "--hold"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_before_anything_runs(
    words: list[str], said: str
) -> None:
    ended = _run(*words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("--workload", "; a trace\n1 0 10 oops\n", "line 2"),
        ("--weather", "LOCATION,Paris\n", "line 2"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_its_line(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    file = tmp_path / ("given.swf" if name == "--workload" else "given.epw")
    file.write_text(content)

    ended = _run("easy", name, str(file))

    assert ended.returncode == 2
    assert str(file) in ended.stderr
    assert said in ended.stderr


def test_a_scenario_that_makes_no_sense_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('title = "Mine"\nstep_s = "often"\n')

    ended = _run(str(file))

    assert ended.returncode == 2
    assert f"{file}, line 2" in ended.stderr


def test_help_names_every_option() -> None:
    ended = _run("--help")

    assert ended.returncode == 0
    options = "--policy --seeds --seasons --weather --workload --json --report --jobs --no-oracle"
    assert [name for name in options.split() if name not in ended.stdout] == []


def test_help_loads_no_library_that_takes_its_time() -> None:
    script = (
        "import sys, runpy\n"
        "sys.argv = ['simulation', '--help']\n"
        "try:\n    runpy.run_module('simulation', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sorted({'numpy', 'rich', 'sqlalchemy'} & set(sys.modules))))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert "--policy" in ended.stdout
    assert ended.stderr == ""


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
