"""``python -m api``: serve; ``python -m api init --key-file F``: prepare the store."""

import argparse
import sys
from pathlib import Path

import uvicorn

from api.bootstrap import ApiSettings, build, initialise


def main() -> int:
    """Run until TERM."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("task", nargs="?", choices=["serve", "init"], default="serve")
    parser.add_argument("--key-file", type=Path, help="where init writes the first operator key")
    options = parser.parse_args()
    settings = ApiSettings()
    if options.task == "init":
        if options.key_file is None:
            parser.error("init needs --key-file")
        refused = initialise(settings, options.key_file)
        if refused is not None:
            sys.stderr.write(refused.sentence + "\n")
            return 2
        return 0
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
