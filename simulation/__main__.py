"""``python -m simulation``: default sites, boilers that stand in for real ones, virtual days."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from simulation.sites import START_PLANT_TIME_S, default_sites

_LARGEST_COUNT = 100_000


def _sites(options: argparse.Namespace) -> int:
    if not 1 <= options.count <= _LARGEST_COUNT:
        sys.stderr.write(f"--count lies outside 1 to {_LARGEST_COUNT}; choose one within.\n")
        return 2
    plain = {
        "start_plant_time_s": START_PLANT_TIME_S,
        "sites": [asdict(site) for site in default_sites(options.count)],
    }
    text = json.dumps(plain, indent=2) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return 0
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"The sites cannot be written: {error}.\n")
        return 2
    return 0


def _boiler(options: argparse.Namespace) -> int:
    # The sites are wanted by programs that have no use for a Modbus server.
    from simulation.boiler import run  # noqa: PLC0415

    return run(options.config)


def _days(options: argparse.Namespace) -> int:
    # A boiler house has no use for the scheduler, nor for the memory that it takes.
    from simulation.run import run  # noqa: PLC0415

    return run(options)


def _declare_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", default="coldest", help="placement policy (default coldest)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same figures (default 1)")
    parser.add_argument("--days", type=float, default=7.0, help="virtual days (default 7)")
    parser.add_argument(
        "--month", type=int, default=1, choices=range(1, 13), metavar="1-12", help="where to begin"
    )
    parser.add_argument("--sites", type=int, default=4, help="sites, one node each (default 4)")
    parser.add_argument("--cores", type=int, default=16, help="cores of a node (default 16)")
    parser.add_argument(
        "--load", type=float, default=0.5, help="work arriving, as share of all cores (default 0.5)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def main() -> int:
    """Run a sub-command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    commands = parser.add_subparsers(required=True)
    sites = commands.add_parser("sites", help="write the descriptions of default sites, JSON")
    sites.add_argument("--count", type=int, default=4, help="how many sites (default 4)")
    sites.add_argument("--out", type=Path, help="file to write (default: standard output)")
    sites.set_defaults(run=_sites)
    boiler = commands.add_parser("boiler", help="serve simulated boilers as Modbus TCP")
    boiler.add_argument("--config", type=Path, required=True, help="their configuration, JSON")
    boiler.set_defaults(run=_boiler)
    days = commands.add_parser("run", help="run the scheduler's engine for some virtual days")
    _declare_days(days)
    days.set_defaults(run=_days)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
