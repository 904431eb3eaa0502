"""The agent: claims what is offered, has it run by the warden, hands results over."""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from domain.job import EndReason
from node_agent.book import Book, Held, Phase
from node_agent.config import AgentConfig
from node_agent.delivery import Delivery
from node_agent.executors.process import place_of
from node_agent.journal import Journal, Key
from node_agent.launch import Launcher
from node_agent.turnover import Turnover
from node_agent.uplink import RefusedByServerError, Uplink, UplinkError
from node_agent.warden.client import WardenGoneError, WardenLink
from node_agent.warden.protocol import EndRecord, boot_now_s

_log = logging.getLogger(__name__)

#: Heartbeats of a fleet must not come together: each is moved by up to this share.
JITTER_FRAC = 0.2
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_WARDEN_RETRY_S = 0.1
_BUSY_POLL_S = 0.1
_LOWEST_FREE_DISK_FRAC = 0.05


class Agent:
    """One node's agent."""

    def __init__(
        self,
        *,
        config: AgentConfig,
        uplink: Uplink,
        journal: Journal,
        kernel_boot_id: str,
        errands: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        """Take up what the journal remembers; ``errands`` run beside the agent's own loops."""
        self._errands = errands
        self._config = config
        self._uplink = uplink
        self._journal = journal
        self._boot_id = journal.boot_id(kernel_boot_id)
        self._book = Book(config.spec.cores)
        self._link = WardenLink(config.directory, self._on_hello, self._on_ended)
        self._delivery = Delivery(uplink=uplink, journal=journal, book=self._book)
        self._launcher = Launcher(config=config, uplink=uplink, book=self._book, link=self._link)
        self._look = asyncio.Event()
        self._turnover = Turnover()
        self._tasks: set[asyncio.Task[None]] = set()
        self._recover()

    def nudge(self) -> None:
        """Something may be offered to us: look."""
        self._look.set()

    async def run(self) -> None:
        """Work until cancelled."""
        await self._insist(lambda: self._uplink.declare(_plain_spec(self._config)))
        await self._insist(self._heartbeat)
        loops = [
            self._keep_warden(),
            self._keep_exchanging(),
            self._keep_polling(),
            self._keep_beating(),
            self._delivery.keep_output_flowing(),
            *(errand() for errand in self._errands),
        ]
        async with asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(loop)

    def _recover(self) -> None:
        """Hold again what was claimed before this process started."""
        for entry in self._journal.entries():
            held = Held(
                key=entry.key,
                claim=entry.claim,
                place=place_of(self._config.directory, entry.key),
                lease_until_boot_s=boot_now_s() + float(entry.claim["lease_ttl_s"]),
                phase=Phase.RUNNING if entry.completion is None else Phase.ENDED,
                completion=entry.completion,
            )
            self._book.add(held)
            if entry.completion is None:
                self._book.allot(held)
                self._launcher.expect_outputs(held)

    # What the warden says.

    def _on_hello(self, running: set[Key], ended: list[EndRecord]) -> None:
        known = {held.key for held in self._book.in_phase(Phase.RUNNING)}
        for key in running - {held.key for held in self._book}:
            self._link.stop(key, EndReason.LEASE_ENDED, grace_s=0.0)
        for record in ended:
            self._on_ended(record)
        for key in known - running - {record.key for record in ended}:
            held = self._book.of(key)
            if held is not None:
                self._delivery.end(held, _never_started(key), self._boot_id)
        self._launch_waiting()
        self.nudge()

    def _on_ended(self, record: EndRecord) -> None:
        held = self._book.of(record.key)
        if held is None or held.phase is not Phase.RUNNING:
            if held is None:
                self._link.forget(record.key)
            return
        self._turnover.note(boot_now_s(), len(held.slots))
        is_ready = self._delivery.end(held, record, self._boot_id)
        if is_ready:
            self._launch_waiting()
            self.nudge()
        else:
            self._spawn(self._hand_over(held, record))

    async def _hand_over(self, held: Held, record: EndRecord) -> None:
        await self._insist(lambda: self._delivery.hand_over(held, record, self._boot_id))
        self._launch_waiting()
        self.nudge()

    # What the API says.

    async def _keep_exchanging(self) -> None:
        while True:
            await self._look.wait()
            self._look.clear()
            await self._insist(self._exchange)

    async def _exchange(self) -> None:
        told = self._book.in_phase(Phase.ENDED)
        self._journal.commit(ended=[(held.key, _completion(held)) for held in told])
        self._forget_in_warden(told)
        answer = await self._uplink.exchange(
            {
                "boot_id": self._boot_id,
                "completions": [held.completion for held in told],
                "holding": [held.key for held in self._book],
                "stopping": [held.key for held in self._book if held.stop_reason is not None],
                "free_cores": self._free_cores(),
                "total_cores": self._config.spec.cores,
            }
        )
        sent_boot_s = boot_now_s()
        fresh = self._new_claims(answer["claimed"], sent_boot_s)
        self._journal.commit(
            claimed=[(held.key, held.claim) for held in fresh],
            handed_over=[held.key for held in told],
        )
        for held in told:
            self._book.drop(held.key)
        self._launch_waiting()
        for item in answer["kill"]:
            self._stop(_key(item["key"]), EndReason(item["reason"]))
        self._delivery.clear_away(told)

    def _new_claims(self, claims: list[dict[str, Any]], sent_boot_s: float) -> list[Held]:
        fresh = []
        for claim in claims:
            key = _key(claim["key"])
            if key in self._book:
                continue
            held = Held(
                key=key,
                claim=claim,
                place=place_of(self._config.directory, key),
                lease_until_boot_s=sent_boot_s + float(claim["lease_ttl_s"]),
            )
            self._book.add(held)
            fresh.append(held)
        return fresh

    async def _keep_polling(self) -> None:
        mark = ""
        while True:
            try:
                answer = await self._uplink.offers(mark)
            except (UplinkError, RefusedByServerError):
                await asyncio.sleep(_RETRY_S[2])
                continue
            mark = answer["mark"]
            if answer["look"]:
                self.nudge()
            if self._book.in_phase(Phase.WAITING, Phase.RUNNING):
                # Busy: every exchange looks anyway.
                await asyncio.sleep(_BUSY_POLL_S)

    async def _keep_beating(self) -> None:
        while True:
            spread = 1 + JITTER_FRAC * (2 * _random_frac() - 1)
            await asyncio.sleep(self._config.heartbeat_s * spread)
            with contextlib.suppress(UplinkError):
                await self._heartbeat()

    async def _heartbeat(self) -> None:
        sent_boot_s = boot_now_s()
        live = self._book.in_phase(Phase.WAITING, Phase.STAGING, Phase.RUNNING, Phase.ENDING)
        answer = await self._uplink.heartbeat(
            {
                "boot_id": self._boot_id,
                "holding": [held.key for held in live],
                "spooled": [held.key for held in self._book.in_phase(Phase.ENDED)],
                "status": {"free_cores": self._free_cores(), "held": len(live)},
            }
        )
        for pair in answer["renewed"]:
            held = self._book.of(_key(pair))
            if held is not None:
                held.lease_until_boot_s = sent_boot_s + float(held.claim["lease_ttl_s"])
                with contextlib.suppress(WardenGoneError):
                    self._link.renew(held.key, held.lease_until_boot_s)
        for item in answer["kill"]:
            self._stop(_key(item["key"]), EndReason(item["reason"]))
        if answer["assignments"] or self._book.in_phase(Phase.ENDED):
            self.nudge()

    # Starting and stopping.

    def _launch_waiting(self) -> None:
        for held in self._book.in_phase(Phase.WAITING):
            if not self._link.is_connected or not self._book.allot(held):
                return
            if held.claim["spec"]["inputs"]:
                held.phase = Phase.STAGING
                self._spawn(self._stage(held))
            else:
                self._start(held)

    async def _stage(self, held: Held) -> None:
        try:
            await self._insist(lambda: self._launcher.fetch_inputs(held))
        except RefusedByServerError as error:
            self._delivery.end(held, _not_started(held.key, str(error)), self._boot_id)
            self.nudge()
            return
        if held.phase is Phase.STAGING:
            self._start(held)

    def _start(self, held: Held) -> None:
        sentence = self._launcher.start(held)
        if sentence is not None:
            self._delivery.end(held, _not_started(held.key, sentence), self._boot_id)
            self.nudge()

    def _stop(self, key: Key, reason: EndReason) -> None:
        held = self._book.of(key)
        if held is None or held.stop_reason is not None:
            return
        held.stop_reason = reason
        if held.phase in {Phase.WAITING, Phase.STAGING}:
            self._delivery.end(held, _stopped_before_start(key, reason), self._boot_id)
            self.nudge()
        elif held.phase is Phase.RUNNING:
            grace_s = 0.0 if reason is EndReason.LEASE_ENDED else None
            with contextlib.suppress(WardenGoneError):
                self._link.stop(key, reason, grace_s)

    def _forget_in_warden(self, told: list[Held]) -> None:
        with contextlib.suppress(WardenGoneError):
            for held in told:
                self._link.forget(held.key)

    async def _keep_warden(self) -> None:
        while True:
            with contextlib.suppress(WardenGoneError, OSError):
                await self._link.run()
            await asyncio.sleep(_WARDEN_RETRY_S)

    def _free_cores(self) -> int:
        """None while jobs could not be started or their ends not be written down."""
        if not self._link.is_connected or disk_free_frac(self._config.directory) < (
            _LOWEST_FREE_DISK_FRAC
        ):
            return 0
        return self._book.room_cores(self._turnover.ahead_cores(boot_now_s()))

    async def _insist(self, call: Callable[[], Awaitable[None]]) -> None:
        """Repeat a call until the API answers; every call of ours may be repeated."""
        tries = 0
        while True:
            try:
                return await call()
            except UplinkError as error:
                pause_s = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
                _log.warning("the API is out of reach (%s); again in %.1f s", error, pause_s)
                tries += 1
                await asyncio.sleep(pause_s)

    def _spawn(self, work: Any) -> None:  # noqa: ANN401 - a coroutine of any kind
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def disk_free_frac(directory: Path) -> float:
    """Share of the directory's file system that is free."""
    found = os.statvfs(directory)
    return found.f_bavail / max(found.f_blocks, 1)


def _random_frac() -> float:
    return secrets.randbelow(1 << 20) / (1 << 20)


def _key(pair: list[int]) -> Key:
    return int(pair[0]), int(pair[1])


def _completion(held: Held) -> dict[str, Any]:
    if held.completion is None:
        message = f"attempt {held.key} has ended without a completion"
        raise AssertionError(message)
    return held.completion


def _plain_spec(config: AgentConfig) -> dict[str, Any]:
    return {name: getattr(config.spec, name) for name in config.spec.__slots__}


def _end(key: Key, reason: EndReason, detail: str | None) -> EndRecord:
    return EndRecord(
        key=key,
        reason=reason.value,
        exit_code=None,
        detail=detail,
        wall_s=0.0,
        cpu_s=0.0,
        max_rss_bytes=0,
    )


def _never_started(key: Key) -> EndRecord:
    return _end(key, EndReason.WARDEN_LOST, "The order to start it was lost.")


def _not_started(key: Key, sentence: str) -> EndRecord:
    return _end(key, EndReason.NOT_STARTED, sentence)


def _stopped_before_start(key: Key, reason: EndReason) -> EndRecord:
    return _end(key, reason, "It was stopped before it started.")
