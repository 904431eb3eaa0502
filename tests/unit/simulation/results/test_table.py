import io
from collections.abc import Sequence

from rich.console import Console

from simulation.results.results import CellResult
from simulation.results.summary import summarise
from simulation.results.table import COLUMNS, WIDTH, best_policy, cells_of, write_tables
from tests.support.cells import a_cell, a_run, a_wait


def _printed(cells: Sequence[CellResult]) -> str:
    out = io.StringIO()
    write_tables(summarise(cells), Console(file=out, width=WIDTH))
    return out.getvalue()


def _line(run_changes: dict[str, object]) -> dict[str, str]:
    run = a_run(**run_changes)  # type: ignore[arg-type]
    cell = CellResult(scenario="hard", season="summer", seed=1, runs=(run,), sites=())
    [season] = summarise([cell])
    return dict(zip(COLUMNS, cells_of(season, season.policies[0]), strict=True))


def test_every_policy_of_every_season_has_its_line() -> None:
    text = _printed([a_cell(season=season) for season in ("winter", "summer")])

    assert "hard, winter: mean of 1 seed " in text
    assert "hard, summer: mean of 1 seed " in text
    # One of heat, one of waiting.
    assert [text.count(f"\n{name} ") for name in ("least-loaded", "coldest", "recipe")] == [4, 4, 4]


def test_the_tables_fit_a_terminal_of_a_hundred_columns() -> None:
    longest = "chaufferie patience=0.25"
    cells = [a_cell(seed=seed, policies=("coldest", longest)) for seed in (1, 2, 3)]
    out = io.StringIO()
    write_tables(summarise(cells), Console(file=out, width=500))
    lines = out.getvalue().splitlines()

    assert max(len(line.rstrip()) for line in lines) <= WIDTH == 100
    heads = [line.split("  ") for line in lines if line.startswith(COLUMNS[0])]
    shown = [part.strip() for head in heads for part in head if part.strip()]
    assert shown == [*COLUMNS[:6], COLUMNS[0], *COLUMNS[6:]]


def test_the_interval_stands_beside_the_mean_once_there_are_seeds() -> None:
    alone, three = _printed([a_cell()]), _printed([a_cell(seed=seed) for seed in (1, 2, 3)])

    assert alone.count("±") == 1  # the legend
    assert three.count("±") > 6
    assert "mean of 3 seeds" in three


def test_waits_are_said_in_minutes_and_hours() -> None:
    line = _line({"waits": {"ondemand": a_wait(240.0), "flex": a_wait(5400.0)}})

    assert line["on-demand p50 min"] == "2.0"
    assert line["on-demand p95 min"] == "12.0"
    assert line["flex mean h"] == "1.5"


def test_what_is_not_known_is_a_dash_and_not_a_nought() -> None:
    line = _line({"oracle_frac": None, "waits": {}, "flex_jobs": 0})

    names = ("% of oracle", "on-demand p50 min", "on-demand p95 min", "flex mean h", "missed")
    assert [line[name] for name in names] == ["-"] * 5


def test_misses_and_stops_are_summed_over_the_seeds() -> None:
    runs = [a_run(seed=seed, flex_deadline_misses=seed, preemptions=2) for seed in (1, 2)]
    cells = [
        CellResult(scenario="hard", season="summer", seed=run.seed, runs=(run,), sites=())
        for run in runs
    ]
    [season] = summarise(cells)

    assert cells_of(season, season.policies[0])[-2:] == ["3", "4"]


def test_the_best_policy_is_the_one_with_most_useful_heat() -> None:
    [season] = summarise([a_cell(policies=("chaufferie", "coldest", "random"))])

    assert best_policy(season) == "random"  # In this made-up cell later names do better.
