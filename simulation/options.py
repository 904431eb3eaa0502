"""The words of ``simulate``, before anything heavy is imported: ``--help`` must be quick."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

#: What a person wants to see side by side; ``--policy all`` runs every policy there is.
DEFAULT_POLICIES = ("least-loaded", "easy-on-demand-first", "coldest", "recipe", "chaufferie")
EVERY_POLICY = "all"
DEFAULT_SCENARIOS = ("easy", "hard")
STANDARD_OUTPUT = Path("-")

_MOST_SEEDS = 1000
_MOST_JOBS = 512
_DESCRIPTION = """Run scenarios under virtual time: in one seed every policy meets the same weather,
draws and jobs. Its heat is held against a twin with every server off, and against an upper bound
that knows everything in advance."""
_EPILOG = """SCENARIO is a TOML file or the name of a built-in one: easy, hard, steady, year,
short_slack, heavy_tail, faults. Without one, easy and hard are run. Exit code: 0 done, 1 some cell
failed, 2 wrong input, 130 Ctrl-C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What was asked of ``simulate``."""

    scenarios: tuple[str, ...]
    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    seasons: tuple[str, ...]  #: Empty = all of the scenario.
    weather: Path | None
    workload: Path | None
    json: Path | None  #: ``STANDARD_OUTPUT`` = there, in place of the table.
    report: Path | None
    n_jobs: int
    with_oracle: bool
    oracle_form: Literal["envelope", "full"]


def read_words(words: Sequence[str], prog: str) -> Ask:
    """What the words ask; ends the process with code 2 and a sentence where they make no sense."""
    options = _parser(prog).parse_args(words)
    return Ask(
        scenarios=tuple(dict.fromkeys(options.scenario)) or DEFAULT_SCENARIOS,
        policies=options.policy,
        seeds=options.seeds,
        seasons=options.seasons,
        weather=options.weather,
        workload=options.workload,
        json=options.json,
        report=options.report,
        n_jobs=options.jobs,
        with_oracle=options.oracle,
        oracle_form=options.oracle_form,
    )


class SentenceParser(argparse.ArgumentParser):
    """Says a mistake in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` lists the options.\n")


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = SentenceParser(prog=prog, description=_DESCRIPTION, epilog=_EPILOG)
    add = parser.add_argument
    add("scenario", nargs="*", metavar="SCENARIO", help="TOML file or built-in name")
    add(
        "--policy",
        type=_names,
        default=DEFAULT_POLICIES,
        metavar="P,...",
        help=f"policies, or {EVERY_POLICY} (default {','.join(DEFAULT_POLICIES)})",
    )
    add("--seeds", type=_seeds, default=(1, 2, 3), metavar="A-B", help="seeds (default 1-3)")
    add("--seasons", type=_names, default=(), metavar="S,...", help="only these seasons")
    add("--weather", type=Path, metavar="FILE", help="hourly weather: EPW or tab-separated")
    add("--workload", type=Path, metavar="FILE.swf", help="jobs of a trace, scaled to the fleet")
    add("--json", type=Path, metavar="FILE", help="write every figure as JSON; - = standard output")
    add("--report", type=Path, metavar="DIR", help="write a page with pictures into DIR")
    add("--jobs", type=_jobs, default=_cores(), metavar="N", help="cells at a time on this machine")
    add(
        "--oracle",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compare with the upper bound (default)",
    )
    add(
        "--oracle-form",
        choices=("envelope", "full"),
        default="envelope",
        help="quick, or per job (default envelope)",
    )
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("name at least one")
    return names


def _seeds(text: str) -> tuple[int, ...]:
    """``1-3``, ``7`` or ``1,4,8-10``."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
            raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds such as 1-10")
        if int(last) - int(first) + len(seeds) >= _MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"at most {_MOST_SEEDS} seeds at a time")
        seeds += range(int(first), int(last) + 1)
    return tuple(dict.fromkeys(seeds))


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_MOST_JOBS}")
    return int(text)


def _cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(_MOST_JOBS, len(affinity(0)) if affinity else os.cpu_count() or 1)
