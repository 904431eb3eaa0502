"""What placement is worth on short versions of the built-in scenarios, one seed each.

Fewer sites and days than the scenarios have, so that the whole file takes a minute; the full table,
with ten seeds and intervals, is `make report`. The bounds leave room for a policy that is tuned
further; what was measured with seeds 1 and 2 stands beside each.
"""

from dataclasses import replace
from functools import cache

import pytest

from domain.refusal import Refused
from simulation.cell import CellTask, run_cell
from simulation.results.results import RunResult
from simulation.scenario.fault import Fault, FaultKind
from simulation.scenario.loading import load_scenario
from simulation.scenario.scenario import Scenario

SEED = 1
STEP_S = 600.0
POLICIES = ("random", "least-loaded", "easy-on-demand-first", "coldest", "chaufferie")
CELLS = [("hard", "summer"), ("hard", "mid"), ("easy", "summer"), ("easy", "mid")]
MISHAPS = (
    Fault(kind=FaultKind.SITE_OFFLINE, sites=(3,), from_day=1.25, to_day=2.0),
    Fault(kind=FaultKind.SENSOR_STUCK, sites=(0, 5), from_day=2.0, to_day=3.0),
    Fault(kind=FaultKind.METER_RESET, sites=(1, 4), from_day=2.5),
    Fault(kind=FaultKind.WEATHER_ANOMALY, from_day=1.0, to_day=4.0, anomaly_k=-7.0),
)
RESET = (Fault(kind=FaultKind.METER_RESET, from_day=2.5),)


@cache
def short(name: str) -> Scenario:
    """Eight sites and four days; of the easy scenario, whose jobs are many, three."""
    found = load_scenario(name)
    assert not isinstance(found, Refused), found
    fleet = replace(found.fleet, indoor_pools=2, outdoor_pools=1, dwellings=4, buildings=1)
    days = 4 if name == "hard" else 3
    return replace(found, fleet=fleet, warmup_days=21, arrival_days=days, drain_days=2)


def runs(
    scenario: Scenario, season: str, policies: tuple[str, ...], *, with_oracle: bool = False
) -> dict[str, RunResult]:
    found = run_cell(
        CellTask(
            scenario=scenario,
            season=season,
            seed=SEED,
            policies=policies,
            with_oracle=with_oracle,
        )
    )
    assert not isinstance(found, Refused), found
    return {run.policy: run for run in found.runs}


@cache
def cell(name: str, season: str) -> dict[str, RunResult]:
    return runs(short(name), season, POLICIES, with_oracle=True)


@cache
def biased(factor: float) -> dict[str, RunResult]:
    scenario = short("hard")
    forecast = replace(scenario.forecast, demand_factor=factor)
    return runs(replace(scenario, forecast=forecast), "summer", ("chaufferie",))


@cache
def broken() -> dict[str, RunResult]:
    return runs(replace(short("hard"), faults=MISHAPS), "summer", ("coldest", "chaufferie"))


def credited_kwh(run: RunResult) -> float:
    """What is compared with the bound."""
    return run.useful_kwh - run.overhead_kwh


@pytest.mark.parametrize(("name", "season"), CELLS)
@pytest.mark.parametrize("other", ["random", "least-loaded", "coldest"])
def test_it_brings_more_heat_than_rules_that_do_not_look_ahead(
    name: str, season: str, other: str
) -> None:
    """Measured against the coldest tank, mostly the best of them.

    Hard July 16 and 15 % more, hard April 2 and 2 %, easy July 35 and 39 %, easy April 2 and 5 %.
    """
    found = cell(name, season)

    least = {"summer": 1.05, "mid": 1.005}[season]
    assert credited_kwh(found["chaufferie"]) > least * credited_kwh(found[other])


@pytest.mark.parametrize(("name", "season"), CELLS)
def test_it_comes_near_what_nobody_can_beat(name: str, season: str) -> None:
    """In so few days much is left in the stores, or still waits, when the cell ends.

    Measured in July 0.91 and 0.93 (hard), 0.88 and 0.90 (easy), in April 0.98 and 0.99, 0.96 and
    0.98; the coldest tank 0.78 and 0.81, 0.65 and 0.65, 0.96 and 0.97, 0.94 and 0.94.
    """
    found = cell(name, season)["chaufferie"]

    least_frac = {"summer": 0.86, "mid": 0.94}[season]
    assert found.oracle_frac is not None
    assert least_frac < found.oracle_frac <= 1.0


@pytest.mark.parametrize(("name", "season"), CELLS)
def test_nobody_waits_longer_for_what_cannot_wait(name: str, season: str) -> None:
    """Backfill that puts them first is the measure; a step of the plant is the grain.

    Measured 0 s for both in the hard regime; 0 s against 2179 and 736 s in easy July, 0 s against
    909 and 98 s in easy April.
    """
    found = cell(name, season)
    fair, ours = found["easy-on-demand-first"].waits, found["chaufferie"].waits

    assert ours["ondemand"].count > 100
    assert ours["ondemand"].p95_s <= fair["ondemand"].p95_s + STEP_S


@pytest.mark.parametrize(("name", "season"), CELLS)
def test_no_flex_job_misses_its_time(name: str, season: str) -> None:
    found = cell(name, season)["chaufferie"]

    assert found.flex_jobs > 100
    assert found.flex_deadline_misses == 0


@pytest.mark.parametrize(("name", "season"), CELLS)
def test_no_water_is_hotter_than_the_coldest_tank_rule_keeps_it(name: str, season: str) -> None:
    """Measured none at all, under either."""
    found = cell(name, season)

    assert found["chaufferie"].hours_over_limit <= found["coldest"].hours_over_limit
    assert found["chaufferie"].hottest_over_limit_k <= found["coldest"].hottest_over_limit_k + 1e-6


@pytest.mark.parametrize(("name", "season"), CELLS)
def test_less_heat_is_thrown_away(name: str, season: str) -> None:
    """Measured 9 to 57 % of what the coldest tank dumps."""
    found = cell(name, season)

    assert found["coldest"].dumped_kwh > 0.0
    assert found["chaufferie"].dumped_kwh < 0.8 * found["coldest"].dumped_kwh


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_wrong_forecast_never_costs_more_than_looking_ahead_brings(factor: float) -> None:
    """Hard July, seeds 1 and 2, against the coldest tank.

    Measured 1.13 and 1.07 where demand is taken for 0.6 of what it is, 1.13 and 1.12 where it is
    taken for 1.6 of it; 1.16 and 1.15 where it is taken for what it is.
    """
    ours, coldest = biased(factor)["chaufferie"], cell("hard", "summer")["coldest"]

    assert credited_kwh(ours) > 1.02 * credited_kwh(coldest)
    assert ours.flex_deadline_misses == 0


def test_a_wrong_forecast_is_felt() -> None:
    """Otherwise the test above would try nothing."""
    true = cell("hard", "summer")["chaufferie"]

    assert biased(0.6)["chaufferie"].waits["flex"].mean_s > true.waits["flex"].mean_s
    assert biased(1.6)["chaufferie"].waits["flex"].mean_s < true.waits["flex"].mean_s


def test_mishaps_leave_it_above_the_coldest_tank() -> None:
    """A site offline, two sensors stuck, meters reset, three cold days. Measured 1.11 and 1.08."""
    found = broken()

    assert credited_kwh(found["chaufferie"]) > 1.02 * credited_kwh(found["coldest"])
    assert found["chaufferie"].hours_over_limit <= found["coldest"].hours_over_limit
    assert found["chaufferie"].flex_deadline_misses == 0


def test_a_meter_that_is_reset_loses_no_kilowatt_hour() -> None:
    """But for the pulse that it had begun: 10 Wh a site."""
    usual = cell("hard", "summer")["coldest"]
    scenario = replace(short("hard"), faults=RESET)
    reset = runs(scenario, "summer", ("coldest",))["coldest"]

    assert reset.metered_kwh == pytest.approx(usual.metered_kwh, abs=0.01 * scenario.fleet.n_sites)
    assert reset.metered_kwh > 10_000.0
    assert reset.useful_kwh == usual.useful_kwh
