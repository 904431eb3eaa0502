"""``python -m node_agent.keeper CONFIG.json``: keeps one boiler within its bounds.

A process of its own that talks to the boiler and to the warden beside it, never to a server: it
goes on when agent, network and everything behind them are gone. Every cycle it reads the
instruments, asks the pure law what may be, and gives the boiler a power limit that runs out by
itself; so a dead keeper is a boiler at idle power. What power a server wishes reaches it as a file
that the agent writes; the law obeys as far as it can, and the wish runs out by itself.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from domain.fleet.reading import Reading
from domain.jobs.job import EndReason
from domain.refusal import Refused
from node_agent.config import AgentConfig, load_config
from node_agent.devices.boiler import Boiler
from node_agent.devices.modbus import modbus_boiler
from node_agent.heat.advice import AdviceFile
from node_agent.heat.control import Action, Advice, ControlState
from node_agent.heat.heating import Heating
from node_agent.heat.readings_journal import ReadingsJournal
from node_agent.machine.boot_id import kernel_boot_id
from node_agent.warden.client import tell
from node_agent.warden.protocol import boot_now_s

_log = logging.getLogger(__name__)

CYCLE_S = 1.0
#: A reading is kept for the server this often, and whenever the law changes its mind [s].
REPORT_EVERY_S = 2.0
#: The warden may have been restarted since it was last told [s].
REPEAT_ORDER_S = 5.0
#: The node's number is not known here: the agent puts it on when it sends the reading.
_NOBODY = 0
#: While this file lies in the node's directory its boiler stays off.
LATCH_NAME = "tripped"


class Keeper:
    """The loop around the law for one boiler."""

    def __init__(self, *, boiler: Boiler, directory: Path) -> None:
        """Keep this boiler; orders go to the warden of this directory."""
        self._latch = directory / LATCH_NAME
        self._heating = Heating(boiler, _NOBODY, CYCLE_S, is_tripped=self._latch.exists())
        self._directory = directory
        self._advice = AdviceFile(directory, kernel_boot_id())
        self._journal = ReadingsJournal(directory)
        self._seq = 0
        self._last: Action | None = None
        self._report_due_s = 0.0
        self._order_due_s = 0.0

    async def run(self) -> None:
        """Keep it until cancelled; then it falls back to idle power by itself."""
        try:
            while True:
                began_s = time.monotonic()
                await self.turn()
                await asyncio.sleep(max(0.0, CYCLE_S - (time.monotonic() - began_s)))
        finally:
            self._journal.close()

    async def turn(self) -> None:
        """One cycle: measure, decide, limit; then the jobs and the journal."""
        self._seq += 1
        now_s = time.monotonic()
        unix_s = time.time()  # noqa: TID251 - the stamp of a reading, nothing more
        if self._is_tripped() and not self._latch.exists():
            self._heating.release()
            self._last = None
        cycle = await self._heating.cycle(
            seq=self._seq, unix_s=unix_s, now_s=now_s, advice=self._advised(now_s)
        )
        if cycle.action is None:
            return
        is_news = self._last is None or self._last.state != cycle.action.state
        if is_news:
            _log.info("boiler %s (%s)", cycle.action.state.value, cycle.action.cause.value)
        self._last = cycle.action
        if self._is_tripped() and not self._latch.exists():
            _keep_latch(self._latch)
        await self._order_warden(cycle.action, now_s, is_news=is_news)
        if isinstance(cycle.reading, Refused):
            _log.warning("a reading cannot be believed: %s", cycle.reading.sentence)
        elif cycle.reading is not None and (is_news or now_s >= self._report_due_s):
            self._report_due_s = now_s + REPORT_EVERY_S
            self._keep_reading(cycle.reading)

    def _advised(self, now_s: float) -> Advice | None:
        """What the agent left for us, on our own clock."""
        boot_s = boot_now_s()
        kept = self._advice.read(boot_s)
        if kept is None:
            return None
        return Advice(
            power_cap_frac=kept.power_cap_frac, expires_s=now_s + kept.expires_boot_s - boot_s
        )

    def _is_tripped(self) -> bool:
        return self._last is not None and self._last.state is ControlState.TRIPPED

    async def _order_warden(self, action: Action, now_s: float, *, is_news: bool) -> None:
        if not is_news and now_s < self._order_due_s and not action.kill_jobs:
            return
        self._order_due_s = now_s + REPEAT_ORDER_S
        orders: list[dict[str, object]] = [{"do": "freeze" if action.freeze_jobs else "thaw"}]
        if action.kill_jobs:
            orders.append({"do": "stop_all", "reason": EndReason.OVERHEATED.value})
        with contextlib.suppress(OSError):
            await tell(self._directory, orders)

    def _keep_reading(self, reading: Reading) -> None:
        values = asdict(reading)
        del values["node_id"], values["seq"]
        self._journal.append(values)


def _keep_latch(latch: Path) -> None:
    """Write down that it tripped, before anything else can happen."""
    with latch.open("w", encoding="utf-8") as file:
        file.write("The water was hotter than it can be; see the log, then release by hand.\n")
        file.flush()
        os.fsync(file.fileno())


async def _keep(config: AgentConfig, boiler: Boiler) -> None:
    keeper = Keeper(boiler=boiler, directory=config.directory)
    work = asyncio.ensure_future(keeper.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        await boiler.close()


def _run(path: Path, *, release: bool) -> Refused | None:
    config = load_config(path)
    if isinstance(config, Refused):
        return config
    if release:
        (config.directory / LATCH_NAME).unlink(missing_ok=True)
        return None
    config.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    boiler = modbus_boiler(config.device)
    if isinstance(boiler, Refused):
        return boiler
    try:
        asyncio.run(_keep(config, boiler))
    except ValueError as error:
        return Refused(code="control.too_fast", sentence=str(error))
    return None


def main() -> int:
    """Run until TERM."""
    parser = argparse.ArgumentParser(prog="python -m node_agent.keeper", description=__doc__)
    parser.add_argument("config", type=Path, help="the agent's configuration, JSON")
    parser.add_argument(
        "--release", action="store_true", help="let a tripped boiler start again: you have looked"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    refused = _run(options.config, release=options.release)
    if refused is not None:
        sys.stderr.write(refused.sentence + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
