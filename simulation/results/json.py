"""Results as JSON: what ``--json`` writes, and how a cell travels through the store."""

import base64
import json
import zlib
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.jobs.job import SchedulingType
from simulation.results.results import CellResult, HourlySeries, RunResult, SiteLabel, Wait

_NAMES = {
    SchedulingType.ON_DEMAND.value: "on_demand",
    SchedulingType.FLEX.value: "flex",
    SchedulingType.RESERVED.value: "reserved",
}
_APART = frozenset({"waits", "starts_per_node", "series"})
#: The mistakes of a text that is not what ``cell_to_text`` writes.
_MALFORMED = (KeyError, TypeError, ValueError, zlib.error)


def run_to_plain(run: RunResult) -> dict[str, Any]:
    """One run as a flat JSON object, waits included, series left out.

    Waits are ``wait_<type>_<figure>``; of a type no job of which started they are null.
    """
    plain = {item.name: getattr(run, item.name) for item in fields(run) if item.name not in _APART}
    for kind, name in _NAMES.items():
        plain |= _wait_to_plain(name, run.waits.get(kind))
    return plain | {"starts_per_node": list(run.starts_per_node)}


def run_from_plain(plain: dict[str, Any]) -> RunResult:
    """The run that ``run_to_plain`` wrote; raises ``KeyError`` or ``TypeError`` otherwise."""
    scalars = {item.name: plain[item.name] for item in fields(RunResult) if item.name not in _APART}
    waits = {
        kind: wait
        for kind, name in _NAMES.items()
        if (wait := _wait_from_plain(name, plain)) is not None
    }
    return RunResult(waits=waits, starts_per_node=tuple(plain["starts_per_node"]), **scalars)


def cell_to_text(cell: CellResult) -> str:
    """A cell with everything in it, as JSON text; arrays are rounded to 32 bits."""
    plain = {
        "scenario": cell.scenario,
        "season": cell.season,
        "seed": cell.seed,
        "sites": [
            {item.name: getattr(site, item.name) for item in fields(site)} for site in cell.sites
        ],
        "oracle_site_power_w": _packed_if_any(cell.oracle_site_power_w),
        "twin_boiler_w": _packed_if_any(cell.twin_boiler_w),
        "runs": [run_to_plain(run) | {"series": _series_to_plain(run.series)} for run in cell.runs],
    }
    return json.dumps(plain, allow_nan=False)


def cell_from_text(text: str) -> CellResult:
    """The cell that ``cell_to_text`` wrote; raises ``ValueError`` on any other text."""
    try:
        plain = json.loads(text)
        return CellResult(
            scenario=plain["scenario"],
            season=plain["season"],
            seed=plain["seed"],
            sites=tuple(SiteLabel(**site) for site in plain["sites"]),
            oracle_site_power_w=_unpacked_if_any(plain["oracle_site_power_w"]),
            twin_boiler_w=_unpacked_if_any(plain["twin_boiler_w"]),
            runs=tuple(_run_with_series(run) for run in plain["runs"]),
        )
    except _MALFORMED as error:
        raise ValueError(f"this is no cell of a simulation: {error!r}") from error


def _run_with_series(plain: dict[str, Any]) -> RunResult:
    series = plain["series"]
    run = run_from_plain(plain)
    if series is None:
        return run
    arrays = {item.name: _unpacked(series[item.name]) for item in fields(HourlySeries)}
    return replace(run, series=HourlySeries(**arrays))


def _wait_to_plain(name: str, wait: Wait | None) -> dict[str, Any]:
    is_known = wait is not None and wait.count > 0
    return {
        f"wait_{name}_count": wait.count if wait is not None else 0,
        f"wait_{name}_mean_s": wait.mean_s if wait is not None and is_known else None,
        f"wait_{name}_p50_s": wait.p50_s if wait is not None and is_known else None,
        f"wait_{name}_p95_s": wait.p95_s if wait is not None and is_known else None,
    }


def _wait_from_plain(name: str, plain: dict[str, Any]) -> Wait | None:
    if plain[f"wait_{name}_count"] == 0:
        return None
    return Wait(
        count=plain[f"wait_{name}_count"],
        mean_s=plain[f"wait_{name}_mean_s"],
        p50_s=plain[f"wait_{name}_p50_s"],
        p95_s=plain[f"wait_{name}_p95_s"],
    )


def _series_to_plain(series: HourlySeries | None) -> dict[str, Any] | None:
    if series is None:
        return None
    return {item.name: _packed(getattr(series, item.name)) for item in fields(series)}


def _packed(array: NDArray[np.float64]) -> dict[str, Any]:
    squeezed = zlib.compress(array.astype("<f4").tobytes())
    return {"shape": list(array.shape), "f4": base64.b64encode(squeezed).decode("ascii")}


def _unpacked(packed: dict[str, Any]) -> NDArray[np.float64]:
    raw = zlib.decompress(base64.b64decode(packed["f4"], validate=True))
    return np.frombuffer(raw, dtype="<f4").astype(np.float64).reshape(packed["shape"])


def _packed_if_any(array: NDArray[np.float64] | None) -> dict[str, Any] | None:
    return None if array is None else _packed(array)


def _unpacked_if_any(packed: dict[str, Any] | None) -> NDArray[np.float64] | None:
    return None if packed is None else _unpacked(packed)
