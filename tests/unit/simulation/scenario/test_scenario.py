"""Scenarios: those that come with the program, and what a user may write."""

import re
from importlib import resources
from pathlib import Path

import pytest

from domain.refusal import Refused
from domain.units import DAY_S
from simulation.scenario.fault import Fault, FaultKind
from simulation.scenario.loading import builtin_names, load_scenario
from simulation.scenario.scenario import Scenario, Season
from simulation.workload.setting import WorkloadKind

SMALL = """\
title = "Small"
[[seasons]]
name = "summer"
start_day_of_year = 183
"""


def loaded(which: str | Path) -> Scenario:
    scenario = load_scenario(which)
    assert isinstance(scenario, Scenario), scenario
    return scenario


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(which: str | Path) -> Refused:
    refused = load_scenario(which)
    assert isinstance(refused, Refused), refused
    assert refused.code == "simulation.scenario"
    return refused


def test_the_scenarios_that_come_with_the_program() -> None:
    assert set(builtin_names()) == {
        "easy",
        "hard",
        "steady",
        "year",
        "short_slack",
        "heavy_tail",
        "faults",
    }


@pytest.mark.parametrize("name", builtin_names())
def test_each_of_them_loads_and_says_what_it_is(name: str) -> None:
    scenario = loaded(name)

    assert scenario.name == name
    assert scenario.title
    assert scenario.fleet.n_sites == (50 if name == "year" else 30)
    assert scenario.step_s == 600
    assert len(scenario.zones) == 8


def test_the_easy_and_the_hard_regime_differ_in_water_length_and_load() -> None:
    easy, hard = loaded("easy"), loaded("hard")

    assert (easy.fleet.storage_factor, hard.fleet.storage_factor) == (1.0, 0.4)
    assert (easy.workload.median_run_h, hard.workload.median_run_h) == (2.0, 8.0)
    assert (easy.workload.load_frac, hard.workload.load_frac) == (0.6, 0.4)
    assert [season.name for season in hard.seasons] == ["winter", "mid", "summer"]
    assert hard.seasons == easy.seasons


def test_every_season_of_them_begins_on_a_monday() -> None:
    for name in ("easy", "hard", "steady", "short_slack", "heavy_tail", "faults"):
        scenario = loaded(name)
        for season in scenario.seasons:
            assert scenario.arrivals_plant_s(season) / DAY_S % 7 == 0


def test_the_year_has_a_hundred_thousand_jobs_in_365_days() -> None:
    year = loaded("year")

    assert year.workload.n_jobs == 100_000
    assert year.arrival_days + year.drain_days == 365


def test_the_faults_are_of_every_kind() -> None:
    assert {fault.kind for fault in loaded("faults").faults} == set(FaultKind)


def test_a_built_in_scenario_is_the_text_that_is_shipped_beside_the_code(tmp_path: Path) -> None:
    text = (resources.files("simulation") / "scenarios" / "hard.toml").read_text()
    path = tmp_path / "hard.toml"
    path.write_text(text)

    assert load_scenario(path) == load_scenario("hard")


def test_what_a_file_leaves_out_has_its_usual_value(tmp_path: Path) -> None:
    scenario = loaded(written(tmp_path, SMALL))

    assert scenario.name == "mine"
    assert scenario.fleet.n_sites == 50
    assert scenario.workload.kind is WorkloadKind.MIX
    assert (scenario.warmup_days, scenario.arrival_days, scenario.drain_days) == (28, 21, 6)
    assert scenario.forecast.demand_factor == 1.0
    assert scenario.faults == ()


def test_a_file_says_everything_that_can_be_said(tmp_path: Path) -> None:
    text = """
title = "All of it" # a comment
warmup_days = 2
arrival_days = 3
drain_days = 1
step_s = 60
zones = ["H1a", "H3"]
[fleet]
indoor_pools = 1
outdoor_pools = 0
dwellings = 2
buildings = 0
storage_factor = 0.5
power_factor_low = 1
power_factor_high = 1.0
dump_share = 0.25
[workload]
kind = "render"
load_frac = 0.3
n_jobs = 12
flex_share_frac = 0.1
slack_low_h = 1
slack_high_h = 2
resume_share_frac = 0
history_days = 0
day_factor = 1
cores_per_processor = 1
[forecast]
weather_sd_first_k = 0
weather_sd_last_k = 1.5
horizon_h = 24
every_h = 12
demand_factor = 1.25
[[seasons]]
name = "winter"
start_day_of_year = 1
[[seasons]]
name = "summer"
start_day_of_year = 200
[[faults]]
kind = "site_offline"
sites = [2]
from_day = 0.5
to_day = 1
"""
    scenario = loaded(written(tmp_path, text))

    assert scenario.zones == ("H1a", "H3")
    assert scenario.fleet.power_factor_low == 1.0
    assert scenario.workload.kind is WorkloadKind.RENDER
    assert scenario.workload.n_jobs == 12
    assert scenario.forecast.every_h == 12
    assert scenario.seasons[1] == Season(name="summer", start_day_of_year=200)
    fault = Fault(kind=FaultKind.SITE_OFFLINE, sites=(2,), from_day=0.5, to_day=1.0)
    assert scenario.faults == (fault,)


def test_readings_come_before_the_jobs_and_never_before_the_plants_zero(tmp_path: Path) -> None:
    scenario = loaded("easy")
    winter, _, summer = scenario.seasons

    assert scenario.arrivals_plant_s(summer) == 182 * DAY_S
    assert scenario.start_plant_s(summer) == 154 * DAY_S
    assert scenario.end_plant_s(summer) == 192 * DAY_S
    assert scenario.n_hours == 38 * 24
    assert scenario.arrivals_plant_s(winter) == (13 + 365) * DAY_S
    assert scenario.start_plant_s(winter) >= 0
    first = written(tmp_path, "warmup_days = 0\n" + SMALL.replace("183", "1"))
    assert loaded(first).start_plant_s(Season(name="x", start_day_of_year=1)) == 0.0


FLEET = SMALL + "[fleet]\n"
WORKLOAD = SMALL + "[workload]\n"
FAULT = SMALL + "[[faults]]\n"
#: Text, line and what the sentence says.
BAD = {
    "a key nobody knows": (
        "colour = 1\n" + SMALL,
        1,
        "field colour: expected a known key (title",
    ),
    "a key nobody knows in a table": (
        FLEET + "dwellings = 3\npoolz = 2",
        7,
        "field fleet.poolz: expected a known key (indoor_pools",
    ),
    "a negative count": (
        FLEET + "dwellings = -3",
        6,
        "field fleet.dwellings: expected a whole number from 0 to 10000, found '-3'",
    ),
    "half a site": (FLEET + "dwellings = 2.5", 6, "whole number"),
    "a truth in place of a number": (FLEET + "dwellings = true", 6, "found 'true'"),
    "a NaN": (FLEET + "storage_factor = nan", 6, "a number from 0.01 to 100, found 'nan'"),
    "an infinity": (WORKLOAD + "load_frac = inf", 6, "found 'inf'"),
    "no site": (
        FLEET + "indoor_pools=0\noutdoor_pools=0\ndwellings=0\nbuildings=0",
        5,
        "field fleet: expected 1 to 10000 sites in all, found '0 sites'",
    ),
    "too many sites": (FLEET + "dwellings = 10000", 5, "found '10025 sites'"),
    "bounds the wrong way round": (
        FLEET + "power_factor_low = 3.0",
        6,
        "expected a number not above power_factor_high, 2.6",
    ),
    "a slack the wrong way round": (WORKLOAD + "slack_high_h = 1", 5, "workload.slack_low_h"),
    "a workload of no kind": (
        WORKLOAD + 'kind = "games"',
        6,
        "expected one of mix, render, lublin, simulation, found 'games'",
    ),
    "a key of another kind of workload": (
        WORKLOAD + 'kind = "render"\nmedian_run_h = 3.0',
        7,
        "only keys that a workload of kind render has",
    ),
    "shares that are not whole": (
        WORKLOAD + "widths_servers = [1, 2]\nwidth_shares_frac = [0.5, 0.4]",
        7,
        "expected shares whose sum is 1, found 'a sum of 0.9'",
    ),
    "shares that are missing": (
        WORKLOAD + "widths_servers = [1, 2]",
        5,
        "as many shares as there are widths_servers, 2, found '5'",
    ),
    "a width of nothing": (WORKLOAD + "widths_servers = [0]", 6, "field workload.widths_servers"),
    "an empty array": (WORKLOAD + "widths_servers = []", 6, "an array of 1 to 20 items"),
    "more jobs than fit": (WORKLOAD + "n_jobs = 100000000", 6, "from 0 to 2000000"),
    "a number of a thousand digits": (WORKLOAD + f"n_jobs = {'9' * 1000}", 6, "n_jobs: expected"),
    "no title": (SMALL.replace('title = "Small"\n', ""), 1, "field title: expected a text"),
    "a title of nothing": (SMALL.replace("Small", " "), 1, "field title"),
    "no season": ('title = "x"\n', 1, "field seasons: expected one table or several"),
    "a season in single brackets": (SMALL.replace("[[seasons]]", "[seasons]"), 2, "seasons"),
    "a season without its day": (
        SMALL + '[[seasons]]\nname = "winter"',
        5,
        "field seasons[2].start_day_of_year: expected a whole number from 1 to 365, found nothing",
    ),
    "a day that no year has": (SMALL.replace("183", "366"), 4, "found '366'"),
    "two seasons of one name": (
        SMALL + '[[seasons]]\nname = "summer"\nstart_day_of_year = 4',
        6,
        "a name that no other season has",
    ),
    "a step that does not divide an hour": (
        "step_s = 700\n" + SMALL,
        1,
        "divides an hour, found '700'",
    ),
    "a zone nobody knows": ('zones = ["H9"]\n' + SMALL, 1, "each one of H1a, H1b"),
    "more hours than fit": (
        "arrival_days = 3650\n" + FLEET + "dwellings = 9000",
        1,
        "at most 50000000 hours over all sites",
    ),
    "a fault of no kind": (FAULT + 'kind = "flood"', 6, "expected one of site_offline"),
    "a fault without a kind": (FAULT + "from_day = 1", 5, "field faults[1].kind"),
    "a fault without its day": (
        FAULT + 'kind = "site_offline"\nfrom_day = 1',
        5,
        "field faults[1].to_day",
    ),
    "a fault that ends before it begins": (
        FAULT + 'kind = "sensor_stuck"\nfrom_day = 4\nto_day = 4',
        8,
        "expected a day after from_day, 4",
    ),
    "a fault at a site that is not there": (
        FAULT + 'kind = "meter_reset"\nfrom_day = 4\nsites = [3, 50]',
        8,
        "expected numbers of sites from 0 to 49, found '[3, 50]'",
    ),
    "an anomaly at one site": (
        FAULT + 'kind = "weather_anomaly"\nfrom_day=1\nto_day=2\nanomaly_k=3\nsites=[1]',
        10,
        "only keys that a weather_anomaly has",
    ),
    "a number in place of a table": ("fleet = 5\n" + SMALL, 1, "field fleet: expected a table"),
    "an inline table with a fault": (
        "fleet = { dwellings = -1 }\n" + SMALL,
        1,
        "field fleet.dwellings",
    ),
    "a dotted key with a fault": ("fleet.dwellings = -1\n" + SMALL, 1, "field fleet.dwellings"),
    "a text that does not end": (SMALL.replace('"Small"', '"Small'), 1, "expected TOML"),
    "a key twice": (FLEET + "dwellings = 1\ndwellings = 2", 7, "expected TOML"),
    "something else altogether": ("<html></html>\n", 1, "expected TOML"),
    "nothing": ("", 1, "field title"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_scenario_is_refused_with_line_field_and_reason_for(fault: str, tmp_path: Path) -> None:
    text, line, words = BAD[fault]
    path = written(tmp_path, text)
    refused = refusal(path)

    assert str(path) in refused.sentence
    assert words in refused.sentence
    assert refused.line == line
    assert f"line {line}" in refused.sentence
    assert re.search(r"[;:] (correct|write|name) .*\.$", refused.sentence)


def test_a_scenario_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'# one\ntitle = "\xe9t\xe9"\n')

    assert "line 2: expected text in UTF-8, found 'byte 0xe9'" in refusal(path).sentence


def test_a_scenario_of_a_million_brackets_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "a = " + "[" * 100_000)).sentence
    assert "larger than 1 MiB" in refusal(written(tmp_path, "#" * 2_000_000)).sentence


@pytest.mark.parametrize("which", ["nothing", "nothing.toml", "x" * 5000, "no\0where"])
def test_a_scenario_that_is_not_there_is_refused_with_those_that_are(which: str) -> None:
    assert "or one of easy, faults, hard, heavy_tail" in refusal(which).sentence


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path).sentence


def test_the_page_about_scenarios_shows_a_scenario_with_every_key(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs/reference/scenarios.md").read_text(encoding="utf-8")
    shown = page.split("```toml\n")[1].split("```")[0]
    scenario = loaded(written(tmp_path, shown))
    bare = loaded(written(tmp_path, SMALL))

    assert scenario.fleet == bare.fleet
    assert scenario.workload == bare.workload
    assert scenario.forecast == bare.forecast
    assert scenario.zones == bare.zones
    for setting in (scenario, scenario.fleet, scenario.workload, scenario.forecast):
        missing = [name for name in setting.__slots__ if f"{name} = " not in shown]
        assert set(missing) <= {"name", "seasons", "faults", "fleet", "workload", "forecast"}
