"""Runs put together over their seeds: what the table, the JSON and the report compare by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.jobs.job import SchedulingType
from domain.units import HOUR_S
from simulation.results.json import run_to_plain
from simulation.results.results import CellResult, RunResult
from simulation.results.statistics import Estimate, estimate, paired_difference

#: The policy that every other is held against: easy to have, and not bad.
BASELINE = "coldest"
ON_DEMAND, FLEX = SchedulingType.ON_DEMAND.value, SchedulingType.FLEX.value

#: Reads one figure of a run; None where the run has none.
Figure = Callable[[RunResult], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySummary:
    """One policy in one scenario and season, over every seed that ran."""

    policy: str
    runs: tuple[RunResult, ...]  #: By seed.

    def over(self, figure: Figure) -> Estimate | None:
        """The figure over the seeds that have it."""
        return estimate(list(self.by_seed(figure).values()))

    def by_seed(self, figure: Figure) -> dict[int, float]:
        found = {run.seed: figure(run) for run in self.runs}
        return {seed: value for seed, value in found.items() if value is not None}

    def against(self, other: "PolicySummary", figure: Figure) -> Estimate | None:
        """The figure less that of another policy, seed by seed."""
        return paired_difference(self.by_seed(figure), other.by_seed(figure))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonSummary:
    """Every policy of one scenario in one season, in the order in which they were named."""

    scenario: str
    season: str
    policies: tuple[PolicySummary, ...]

    def named(self, policy: str) -> PolicySummary | None:
        return next((item for item in self.policies if item.policy == policy), None)


def summarise(cells: Iterable[CellResult]) -> list[SeasonSummary]:
    """Cells gathered by scenario and season, in the order in which these first appear."""
    gathered: dict[tuple[str, str], dict[str, list[RunResult]]] = {}
    for cell in cells:
        policies = gathered.setdefault((cell.scenario, cell.season), {})
        for run in cell.runs:
            policies.setdefault(run.policy, []).append(run)
    return [
        SeasonSummary(
            scenario=scenario,
            season=season,
            policies=tuple(
                PolicySummary(policy=policy, runs=tuple(sorted(runs, key=lambda run: run.seed)))
                for policy, runs in policies.items()
            ),
        )
        for (scenario, season), policies in gathered.items()
    ]


def oracle_percent(run: RunResult) -> float | None:
    return None if run.oracle_frac is None else 100.0 * run.oracle_frac


def replay_percent(run: RunResult) -> float | None:
    return None if run.oracle_replay_frac is None else 100.0 * run.oracle_replay_frac


def flex_wait_h(run: RunResult) -> float | None:
    """Mean wait of ``Flex`` jobs [h]."""
    wait = run.waits.get(FLEX)
    return None if wait is None or wait.count == 0 else wait.mean_s / HOUR_S


def on_demand_p50_s(run: RunResult) -> float | None:
    wait = run.waits.get(ON_DEMAND)
    return None if wait is None or wait.count == 0 else wait.p50_s


def on_demand_p95_s(run: RunResult) -> float | None:
    wait = run.waits.get(ON_DEMAND)
    return None if wait is None or wait.count == 0 else wait.p95_s


def document(cells: Sequence[CellResult], scenarios: Sequence[str]) -> dict[str, Any]:
    """What ``--json`` writes. ``oracle_frac_ci95`` is the half-width of a 95 % interval."""
    return {
        "scenario": scenarios[0] if len(scenarios) == 1 else list(scenarios),
        "results": [run_to_plain(run) for cell in cells for run in cell.runs],
        "summary": [
            _policy_to_plain(season, policy)
            for season in summarise(cells)
            for policy in season.policies
        ],
    }


def _policy_to_plain(season: SeasonSummary, policy: PolicySummary) -> Mapping[str, Any]:
    oracle = policy.over(lambda run: run.oracle_frac)
    useful = policy.over(lambda run: run.useful_kwh)
    baseline = season.named(BASELINE)
    gain = None
    if baseline is not None and baseline is not policy:
        gain = policy.against(baseline, lambda run: run.oracle_frac)
    return {
        "scenario": season.scenario,
        "policy": policy.policy,
        "season": season.season,
        "seeds": len(policy.runs),
        **_estimate_to_plain("oracle_frac", oracle),
        **_estimate_to_plain("useful_kwh", useful),
        **_estimate_to_plain(f"oracle_frac_above_{BASELINE}", gain),
    }


def _estimate_to_plain(name: str, found: Estimate | None) -> dict[str, float | None]:
    return {
        f"{name}_mean": None if found is None else found.mean,
        f"{name}_ci95": None if found is None else found.ci95,
    }
