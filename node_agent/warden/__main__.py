"""``python -m node_agent.warden --directory DIR --cores N``."""

import argparse
import sys
from pathlib import Path

from node_agent.warden.server import AlreadyRunningError, Warden


def main() -> int:
    """Watch over one node's jobs until TERM."""
    parser = argparse.ArgumentParser(prog="python -m node_agent.warden", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="the node's directory")
    parser.add_argument("--cores", type=int, required=True, help="cores the node advertises")
    options = parser.parse_args()
    try:
        Warden(options.directory, options.cores).run()
    except AlreadyRunningError:
        sys.stderr.write(f"Another warden watches over {options.directory} already.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
