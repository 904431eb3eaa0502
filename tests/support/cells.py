"""Results of cells that never ran, for what shows, sums and carries them."""

from dataclasses import replace

import numpy as np

from simulation.results.results import CellResult, HourlySeries, RunResult, SiteLabel, Wait

POLICIES = ("least-loaded", "coldest", "recipe", "chaufferie")
SITES = (
    SiteLabel(name="Pool 1", kind="indoor_pool", max_power_w=45e3, set_temp_c=28, limit_temp_c=29),
    SiteLabel(name="Pool 2", kind="outdoor_pool", max_power_w=30e3, set_temp_c=26, limit_temp_c=27),
    SiteLabel(name="Flats 1", kind="preheat", max_power_w=10e3, set_temp_c=55, limit_temp_c=60),
    SiteLabel(name="Hall", kind="building", max_power_w=20e3, set_temp_c=40, limit_temp_c=50),
)
#: How far each policy of a cell stays behind the bound; later names do better.
_SHORT_FRAC = 0.04


def a_wait(mean_s: float) -> Wait:
    return Wait(count=100, mean_s=mean_s, p50_s=mean_s / 2, p95_s=3 * mean_s)


def a_run(policy: str = "coldest", seed: int = 1, **changes: object) -> RunResult:
    """A run whose figures are plausible; ``changes`` replace some."""
    run = RunResult(
        scenario="hard",
        policy=policy,
        season="summer",
        seed=seed,
        useful_kwh=9_000.0,
        boiler_kwh_avoided=9_000.0,
        metered_kwh=9_500.0,
        dumped_kwh=250.0,
        electricity_kwh=11_000.0,
        boiler_kwh=4_000.0,
        demand_kwh=13_000.0,
        overhead_kwh=10.0,
        oracle_kwh=10_000.0,
        oracle_frac=0.899,
        oracle_replay_frac=0.99,
        coverage_frac=0.69,
        erf=0.86,
        ere=0.18,
        pue=1.04,
        waits={"ondemand": a_wait(120.0), "flex": a_wait(7200.0)},
        bounded_slowdown_mean=2.5,
        bounded_slowdown_p95=9.0,
        flex_jobs=500,
        flex_deadline_misses=0,
        preemptions=3,
        lost_work_kwh=1.5,
        starts_per_node=(4, 5, 6, 0),
        jobs_submitted=1_000,
        jobs_done=970,
        jobs_over_limit=20,
        jobs_running=6,
        jobs_waiting=4,
        jobs_too_large=0,
        hours_over_limit=0.0,
        hottest_over_limit_k=0.0,
        decision_s_max=0.004,
        decision_s_total=1.0,
        wall_s=3.0,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def a_series(seed: int, n_hours: int = 240) -> HourlySeries:
    rng = np.random.default_rng(seed)
    hours = np.arange(n_hours)[:, None]
    day = 1 + np.sin(2 * np.pi * (hours - 8) / 24)
    size = np.array([site.max_power_w for site in SITES])
    limit = np.array([site.limit_temp_c for site in SITES])
    busy = np.clip(day / 2 + rng.normal(0, 0.25, (n_hours, len(SITES))), 0, 1)
    return HourlySeries(
        water_temp_c=limit - 0.5 - 0.4 * np.cos(2 * np.pi * hours / 24) + 0 * size,
        heat_w=0.9 * busy * size,
        power_w=busy * size,
        demand_w=0.5 * day * size,
        dumped_w=np.where(busy > 0.99, 0.05, 0.0) * size,
        backup_w=0.1 * day * size,
        busy_frac=busy,
    )


def a_cell(
    *,
    scenario: str = "hard",
    season: str = "summer",
    seed: int = 1,
    policies: tuple[str, ...] = POLICIES,
    with_series: bool = False,
) -> CellResult:
    """A cell whose policies get better from the first to the last, and differ a little by seed."""
    chance = np.random.default_rng(seed)
    runs = []
    for index, policy in enumerate(policies):
        short_frac = _SHORT_FRAC * (len(policies) - 1 - index) + 0.01 + chance.uniform(0, 0.01)
        run = a_run(
            policy,
            seed,
            scenario=scenario,
            season=season,
            useful_kwh=10_000.0 * (1 - short_frac) + 10.0,
            oracle_frac=1 - short_frac,
            dumped_kwh=1_000.0 * short_frac,
            waits={"ondemand": a_wait(120.0), "flex": a_wait(3600.0 * (1 + index))},
            series=a_series(seed + index) if with_series else None,
        )
        runs.append(run)
    return CellResult(scenario=scenario, season=season, seed=seed, runs=tuple(runs), sites=SITES)
