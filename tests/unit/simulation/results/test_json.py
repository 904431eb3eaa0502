import json
from dataclasses import fields

import numpy as np
import pytest

from simulation.results.json import cell_from_text, cell_to_text, run_from_plain, run_to_plain
from simulation.results.results import CellResult, HourlySeries, RunResult, Wait
from tests.support.cells import a_cell, a_run

#: What DESIGN section 7 names; programs read these.
PROMISED = {
    "policy",
    "season",
    "seed",
    "useful_kwh",
    "metered_kwh",
    "dumped_kwh",
    "boiler_kwh_avoided",
    "oracle_frac",
    "coverage_frac",
    "erf",
    "wait_on_demand_p50_s",
    "wait_on_demand_p95_s",
    "flex_deadline_misses",
    "preemptions",
    "lost_work_kwh",
    "decision_s_max",
    "wall_s",
}


def test_a_run_has_every_promised_figure_at_its_top() -> None:
    assert run_to_plain(a_run()).keys() >= PROMISED


def test_a_run_comes_back_as_it_went() -> None:
    run = a_run(oracle_frac=None, erf=None)

    assert run_from_plain(json.loads(json.dumps(run_to_plain(run)))) == run


def test_a_type_without_a_start_has_no_wait_instead_of_none_at_all() -> None:
    plain = run_to_plain(a_run(waits={"flex": Wait.of(np.array([]))}))

    assert (plain["wait_flex_count"], plain["wait_flex_mean_s"]) == (0, None)
    assert (plain["wait_on_demand_count"], plain["wait_on_demand_p95_s"]) == (0, None)


def test_a_cell_comes_back_as_it_went_but_for_the_last_digits_of_its_series() -> None:
    sent = a_cell(with_series=True)
    sent = CellResult(
        **{
            **{item.name: getattr(sent, item.name) for item in fields(sent)},
            "oracle_site_power_w": np.arange(8.0).reshape(4, 2),
        }
    )

    got = cell_from_text(cell_to_text(sent))

    assert (got.scenario, got.season, got.seed) == (sent.scenario, sent.season, sent.seed)
    assert (got.runs, got.sites) == (sent.runs, sent.sites)
    assert got.oracle_site_power_w is not None
    assert got.oracle_site_power_w.tolist() == np.arange(8.0).reshape(4, 2).tolist()
    assert got.twin_boiler_w is None
    for before, after in zip(sent.runs, got.runs, strict=True):
        assert_same_series(before, after)


def assert_same_series(before: RunResult, after: RunResult) -> None:
    assert before.series is not None
    assert after.series is not None
    for item in fields(HourlySeries):
        expected = getattr(before.series, item.name)
        np.testing.assert_allclose(getattr(after.series, item.name), expected, rtol=1e-6)


def test_a_series_is_only_carried_where_there_is_one() -> None:
    cell = cell_from_text(cell_to_text(a_cell()))

    assert [run.series for run in cell.runs] == [None] * len(cell.runs)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenario": "hard"}', "null"])
def test_another_text_is_no_cell(text: str) -> None:
    with pytest.raises(ValueError, match="no cell"):
        cell_from_text(text)


def test_a_figure_that_is_no_number_never_leaves() -> None:
    run = a_run(useful_kwh=float("nan"))
    cell = CellResult(scenario="s", season="s", seed=1, runs=(run,), sites=())

    with pytest.raises(ValueError, match="JSON"):
        cell_to_text(cell)
