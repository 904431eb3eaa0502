"""``python -m node_agent CONFIG.json``: one node's agent."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from domain.refusal import Refused
from node_agent.bootstrap import run_agent
from node_agent.config import AgentConfig, load_config
from node_agent.executors.fenced import why_no_fence
from node_agent.uplink.connection import RefusedByServerError


async def _until_told(config: AgentConfig) -> None:
    work = asyncio.ensure_future(run_agent(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


def main() -> int:
    """Run until TERM."""
    parser = argparse.ArgumentParser(prog="python -m node_agent", description=__doc__)
    parser.add_argument("config", type=Path, help="the agent's configuration, JSON")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    config = load_config(options.config)
    if isinstance(config, Refused):
        sys.stderr.write(config.sentence + "\n")
        return 2
    no_fence = why_no_fence(config.url) if config.is_closed else None
    if no_fence is not None:
        sys.stderr.write(no_fence.sentence + "\n")
        return 2
    try:
        asyncio.run(_until_told(config))
    except RefusedByServerError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
