"""``python -m simulation``: scenarios under virtual time, default sites, boilers as stand-ins."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from simulation.options import SentenceParser, read_words

_LARGEST_COUNT = 100_000


def _sites(options: argparse.Namespace) -> int:
    # Arrays are not needed to say how the command is used.
    from simulation.boiler.sites import START_PLANT_TIME_S, default_sites  # noqa: PLC0415

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
    from simulation.boiler.server import run  # noqa: PLC0415

    return run(options.config)


def _simulate(words: Sequence[str]) -> int:
    ask = read_words(words, prog="chaufferie simulate")
    # A boiler house has no use for the scheduler, nor for the memory that it takes.
    from simulation.command import simulate  # noqa: PLC0415

    return simulate(ask)


def _for_boilers(words: Sequence[str]) -> int:
    parser = SentenceParser(prog="python -m simulation")
    commands = parser.add_subparsers(required=True)
    sites = commands.add_parser("sites", help="write the descriptions of default sites, JSON")
    sites.add_argument("--count", type=int, default=4, help="how many sites (default 4)")
    sites.add_argument("--out", type=Path, help="file to write (default: standard output)")
    sites.set_defaults(run=_sites)
    boiler = commands.add_parser("boiler", help="serve simulated boilers as Modbus TCP")
    boiler.add_argument("--config", type=Path, required=True, help="their configuration, JSON")
    boiler.set_defaults(run=_boiler)
    options = parser.parse_args(words)
    return int(options.run(options))


def main() -> int:
    """Simulate scenarios, or run one of the two sub-commands; the exit status."""
    words = sys.argv[1:]
    if words[:1] in (["sites"], ["boiler"]):
        return _for_boilers(words)
    return _simulate(words)


if __name__ == "__main__":
    sys.exit(main())
