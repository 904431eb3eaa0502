"""A cell as text in the store: another machine has the workers' code, but not the user's files."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.refusal import Refused
from simulation.cell import CellTask
from simulation.plan import Plan
from simulation.results.json import cell_from_text, cell_to_text
from simulation.results.results import CellResult
from simulation.scenario.loading import load_scenario

_FILES = ("weather", "workload")


def sweep_to_text(plan: Plan) -> str:
    """What all cells share: the scenarios' TOML and the files that were given."""
    first = plan.tasks[0]
    plain: dict[str, Any] = {"scenarios": dict(plan.sources)}
    for name in _FILES:
        path: Path | None = getattr(first, name)
        plain[name] = None if path is None else _packed(path)
    return json.dumps(plain)


def cell_spec_to_text(task: CellTask) -> str:
    """What is this cell's own."""
    plain = {
        "scenario": task.scenario.name,
        "season": task.season,
        "seed": task.seed,
        "policies": list(task.policies),
        "with_oracle": task.with_oracle,
        "oracle_form": task.oracle_form,
        "with_series": task.with_series,
    }
    return json.dumps(plain)


@contextmanager
def unpacked(sweep_spec: str, cell_spec: str) -> Iterator[CellTask | Refused]:
    """The task, whose files exist as long as the context does."""
    shared, own = json.loads(sweep_spec), json.loads(cell_spec)
    with TemporaryDirectory(prefix="chaufferie-cell-") as folder:
        directory = Path(folder)
        name = own.pop("scenario")
        source = directory / f"{name}.toml"
        source.write_text(shared["scenarios"][name], encoding="utf-8")
        scenario = load_scenario(source)
        if isinstance(scenario, Refused):
            yield scenario
            return
        yield CellTask(
            scenario=scenario,
            policies=tuple(own.pop("policies")),
            weather=_written(directory, "weather", shared["weather"]),
            workload=_written(directory, "workload", shared["workload"]),
            **own,
        )


def outcome_to_text(outcome: CellResult | Refused) -> str:
    """A result, or why there is none."""
    if isinstance(outcome, Refused):
        return json.dumps({"code": outcome.code, "refused": outcome.sentence})
    return json.dumps({"cell": cell_to_text(outcome)})


def outcome_from_text(text: str) -> CellResult | Refused:
    """What ``outcome_to_text`` wrote; raises ``ValueError`` on any other text."""
    plain = json.loads(text)
    if "refused" in plain:
        return Refused(code=plain["code"], sentence=plain["refused"])
    return cell_from_text(plain["cell"])


def _packed(path: Path) -> dict[str, str]:
    return {
        "suffix": "".join(path.suffixes[-2:]),
        "bytes": base64.b64encode(path.read_bytes()).decode("ascii"),
    }


def _written(directory: Path, name: str, packed: dict[str, str] | None) -> Path | None:
    if packed is None:
        return None
    path = directory / f"{name}{packed['suffix']}"
    path.write_bytes(base64.b64decode(packed["bytes"], validate=True))
    return path
