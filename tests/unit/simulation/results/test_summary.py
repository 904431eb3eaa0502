import pytest

from simulation.results.results import CellResult, RunResult
from simulation.results.summary import document, oracle_percent, summarise
from tests.support.cells import a_cell, a_run


def _cell(*runs: RunResult) -> CellResult:
    first = runs[0]
    return CellResult(
        scenario=first.scenario, season=first.season, seed=first.seed, runs=runs, sites=()
    )


def test_cells_are_gathered_by_scenario_and_season_in_their_order() -> None:
    cells = [
        a_cell(scenario=scenario, season=season, seed=seed)
        for scenario in ("hard", "easy")
        for season in ("winter", "summer")
        for seed in (2, 1)
    ]

    seasons = summarise(cells)

    assert [(item.scenario, item.season) for item in seasons] == [
        ("hard", "winter"),
        ("hard", "summer"),
        ("easy", "winter"),
        ("easy", "summer"),
    ]
    assert [run.seed for run in seasons[0].policies[0].runs] == [1, 2]


def test_policies_are_compared_seed_by_seed() -> None:
    fracs = {"coldest": {1: 0.70, 2: 0.90}, "ours": {1: 0.75, 2: 0.95}}
    cells = [
        _cell(*(a_run(policy, seed, oracle_frac=fracs[policy][seed]) for policy in fracs))
        for seed in (1, 2)
    ]
    [season] = summarise(cells)
    ours, coldest = season.named("ours"), season.named("coldest")
    assert ours is not None
    assert coldest is not None

    gain, alone = ours.against(coldest, oracle_percent), ours.over(oracle_percent)

    assert gain is not None
    assert alone is not None
    assert gain.mean == pytest.approx(5.0)
    assert gain.ci95 == pytest.approx(0.0, abs=1e-9)
    assert alone.ci95 is not None
    assert alone.ci95 > 50


def test_a_seed_whose_cell_failed_is_left_out_of_both_sides() -> None:
    cells = [
        _cell(a_run("coldest", 1, oracle_frac=0.5), a_run("ours", 1, oracle_frac=0.6)),
        _cell(a_run("ours", 2, oracle_frac=0.9)),
    ]
    plain = document(cells, ["hard"])
    ours = next(item for item in plain["summary"] if item["policy"] == "ours")

    assert ours["seeds"] == 2
    assert ours["oracle_frac_mean"] == pytest.approx(0.75)
    assert ours["oracle_frac_above_coldest_mean"] == pytest.approx(0.1)
    assert ours["oracle_frac_above_coldest_ci95"] is None


def test_the_document_is_shaped_as_programs_expect_it() -> None:
    plain = document([a_cell(seed=seed) for seed in (1, 2, 3)], ["hard"])

    assert plain["scenario"] == "hard"
    assert len(plain["results"]) == 12
    assert {"policy", "season", "oracle_frac_mean", "oracle_frac_ci95"} <= plain["summary"][
        0
    ].keys()
    assert all(item["oracle_frac_ci95"] > 0 for item in plain["summary"])


def test_several_scenarios_are_named_in_a_list() -> None:
    cells = [a_cell(scenario=name) for name in ("easy", "hard")]

    assert document(cells, ["easy", "hard"])["scenario"] == ["easy", "hard"]


def test_without_an_oracle_the_heat_is_still_summed_up() -> None:
    plain = document([_cell(a_run(oracle_frac=None, oracle_kwh=None))], ["hard"])

    assert plain["summary"][0]["oracle_frac_mean"] is None
    assert plain["summary"][0]["useful_kwh_mean"] == 9_000.0
