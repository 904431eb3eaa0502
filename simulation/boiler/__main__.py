"""``python -m simulation.boiler CONFIG.json``: simulated boilers until TERM."""

import argparse
import sys
from pathlib import Path

from simulation.boiler.server import run


def main() -> int:
    """Serve what the configuration describes; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m simulation.boiler",
        description="Serve simulated boilers as one Modbus TCP server.",
    )
    parser.add_argument("config", type=Path, help="the boilers' configuration, JSON")
    return run(parser.parse_args().config)


if __name__ == "__main__":
    sys.exit(main())
