"""Policies by name, with their settings: ``chaufferie patience=2 shaping=off``."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from domain.refusal import Refused
from scheduler.placement.heat.rule import CHAUFFERIE, RECIPE, HeatRule
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.baselines import ColdestTank, LeastLoaded, RandomNode, RoundRobin
from scheduler.placement.policies.easy import EasyBackfill
from scheduler.placement.policies.heat_aware import HeatAware
from scheduler.placement.policies.qarnot import Qarnot, Thresholds

#: What patience of 1 gives up to spare a job an hour of waiting [Wh].
HOUR_WORTH_WH = 30.0
_MOST_PATIENCE = 1e6
_WANT_RANGE_K = 1e3

Settings = Mapping[str, str]


def _no_settings(make: Callable[[], Policy]) -> Callable[[str, Settings], Policy | Refused]:
    def build(name: str, settings: Settings) -> Policy | Refused:
        return make() if not settings else _unknown(name, settings, ())

    return build


def _chaufferie(name: str, settings: Settings) -> Policy | Refused:
    """Ours, with the settings of ``_OURS``.

    ``patience``: 0 = start at once, 1 = usual, more = wait for heat. ``shaping``: whether power is
    limited where heat would be lost. ``deadlines``: ``safe`` = nothing is stopped, and what is due
    goes before everything else.
    """
    unknown = {key: value for key, value in settings.items() if key not in _OURS}
    if unknown:
        return _unknown(name, unknown, _OURS)
    patience = _number(settings.get("patience", "1"), 0.0, _MOST_PATIENCE)
    if patience is None:
        return _wrong("patience", settings["patience"], "a number from 0, as in patience=2")
    shaping = settings.get("shaping", "on")
    if shaping not in {"on", "off"}:
        return _wrong("shaping", shaping, "on or off")
    deadlines = settings.get("deadlines", "usual")
    if deadlines not in {"usual", "safe"}:
        return _wrong("deadlines", deadlines, "usual or safe")
    worth_wh = HOUR_WORTH_WH / patience if patience else math.inf
    rule: HeatRule = replace(CHAUFFERIE, hour_worth_wh=worth_wh, shapes_power=shaping == "on")
    if deadlines == "safe":
        rule = replace(rule, stop_lost_wh=0.0, pressing_s=rule.margin_s)
    words = [f"{key}={value}" for key, value in settings.items()]
    return HeatAware(" ".join([name, *words]), rule)


def _qarnot(name: str, settings: Settings) -> Policy | Refused:
    """Thresholds in kelvin, under the names of `Thresholds`."""
    known = tuple(Thresholds.__slots__)
    unknown = {key: value for key, value in settings.items() if key not in known}
    if unknown:
        return _unknown(name, unknown, known)
    limits = Thresholds()
    for key, text in settings.items():
        value = _number(text, -_WANT_RANGE_K, _WANT_RANGE_K)
        if value is None:
            return _wrong(key, text, f"a number of kelvin, as in {key}=-1")
        limits = replace(limits, **{key: value})
    words = [f"{key}={value}" for key, value in settings.items()]
    return Qarnot(limits, " ".join([name, *words]))


_OURS = ("patience", "shaping", "deadlines")
POLICIES: Mapping[str, Callable[[str, Settings], Policy | Refused]] = {
    "random": _no_settings(RandomNode),
    "round-robin": _no_settings(RoundRobin),
    "least-loaded": _no_settings(LeastLoaded),
    "easy": _no_settings(EasyBackfill),
    "easy-on-demand-first": _no_settings(lambda: EasyBackfill(on_demand_first=True)),
    "coldest": _no_settings(ColdestTank),
    "qarnot": _qarnot,
    "recipe": _no_settings(lambda: HeatAware("recipe", RECIPE)),
    "chaufferie": _chaufferie,
}


def policy_named(text: str) -> Policy | Refused:
    """The policy of this name under these settings; or what is wrong with them."""
    name, *words = text.split() or [""]
    build = POLICIES.get(name)
    if build is None:
        known = ", ".join(sorted(POLICIES))
        return Refused(
            code="policy.unknown", sentence=f"There is no policy {name!r}; there are: {known}."
        )
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not value or key in settings:
            return _wrong(name, word, "settings as name=value, each once")
        settings[key] = value
    return build(name, settings)


def _number(text: str, lowest: float, highest: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if lowest <= value <= highest else None


def _unknown(name: str, settings: Settings, known: Sequence[str]) -> Refused:
    first = next(iter(settings))
    there = f"it has: {', '.join(known)}" if known else "it has none"
    return Refused(
        code="policy.setting", sentence=f"Policy {name} has no setting {first!r}; {there}."
    )


def _wrong(key: str, value: str, expected: str) -> Refused:
    sentence = f"{key} takes {expected}; {value!r} is not that."
    return Refused(code="policy.setting", sentence=sentence)
