"""What a scenario may say of its jobs."""

from collections.abc import Mapping

from domain.refusal import Refused
from simulation.scenario.rules import Rule, choice, number, read_values, several, whole
from simulation.scenario.toml_source import TomlSource
from simulation.workload.capacity import MOST_JOBS
from simulation.workload.limits import LONGEST_LIMIT_H
from simulation.workload.setting import WorkloadKind, WorkloadSetting

_FRAC = number(0.0, 1.0)
_HOURS = number(0.01, LONGEST_LIMIT_H)
_SLACK = number(0.0, 2000.0)
_MOST_WIDTHS = 20
_RULES: Mapping[str, Rule] = {
    "kind": choice(WorkloadKind),
    "load_frac": number(0.0001, 5.0),
    "n_jobs": whole(0, MOST_JOBS),
    "flex_share_frac": _FRAC,
    "slack_low_h": _SLACK,
    "slack_high_h": _SLACK,
    "resume_share_frac": _FRAC,
    "history_days": number(0.0, 365.0),
    "day_factor": number(0.01, 1000.0),
    "cores_per_processor": whole(1, 1024),
}
_MIX_RULES: Mapping[str, Rule] = {
    "n_classes": whole(1, 10_000),
    "median_run_h": _HOURS,
    "widths_servers": several(whole(1, 10_000), most=_MOST_WIDTHS),
    "width_shares_frac": several(_FRAC, most=_MOST_WIDTHS),
    "shortest_run_h": _HOURS,
    "longest_run_h": _HOURS,
    "early_failure_frac": _FRAC,
    "tail_share_frac": _FRAC,
    "tail_exponent": number(0.2, 10.0),
}
_SUM_TOLERANCE = 1e-6


def read_workload(source: TomlSource, plain: object) -> WorkloadSetting | Refused:
    """The table ``[workload]``."""
    values = read_values(source, ("workload",), plain, {**_RULES, **_MIX_RULES})
    if isinstance(values, Refused):
        return values
    setting = WorkloadSetting(**{**values, "kind": WorkloadKind(values.get("kind", "mix"))})
    if setting.kind is not WorkloadKind.MIX:
        for name in _MIX_RULES:
            if name in values:
                expected = f"only keys that a workload of kind {setting.kind} has"
                return source.refused(("workload", name), expected, name)
    return _problem(source, setting) or setting


def _problem(source: TomlSource, setting: WorkloadSetting) -> Refused | None:
    for low_name, high_name in (
        ("slack_low_h", "slack_high_h"),
        ("shortest_run_h", "longest_run_h"),
    ):
        low, high = getattr(setting, low_name), getattr(setting, high_name)
        if low > high:
            expected = f"a number not above {high_name}, {high:g}"
            return source.refused(("workload", low_name), expected, f"{low:g}")
    widths, shares = setting.widths_servers, setting.width_shares_frac
    if len(widths) != len(shares):
        expected = f"as many shares as there are widths_servers, {len(widths)}"
        return source.refused(("workload", "width_shares_frac"), expected, f"{len(shares)}")
    if abs(sum(shares) - 1.0) > _SUM_TOLERANCE:
        keys = ("workload", "width_shares_frac")
        return source.refused(keys, "shares whose sum is 1", f"a sum of {sum(shares):g}")
    return None
