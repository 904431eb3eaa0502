"""The work a node holds: started, stopped and ended as warden and API say."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from domain.jobs.job import EndReason
from node_agent.config import AgentConfig
from node_agent.executors.process import make_place, place_of
from node_agent.inventory import Inventory
from node_agent.jobs.book import Book, Held, Phase
from node_agent.jobs.copying import Copier
from node_agent.jobs.delivery import Delivery
from node_agent.jobs.journal import Journal, Key
from node_agent.jobs.launch import Launcher
from node_agent.jobs.turnover import Turnover
from node_agent.uplink.connection import RefusedByServerError, Uplink, insist
from node_agent.warden.client import WardenGoneError, WardenLink
from node_agent.warden.protocol import EndRecord, boot_now_s

_WARDEN_RETRY_S = 0.1
#: A share that was just started writes down where it listens; it is looked for so often [s].
_ADDRESS_RETRY_S = 0.05


class Work:
    """Everything between a claim and a completion that is ready to be told."""

    def __init__(
        self,
        *,
        config: AgentConfig,
        inventory: Inventory,
        uplink: Uplink,
        journal: Journal,
        boot_id: str,
        nudge: Callable[[], None],
    ) -> None:
        """Hold again what the journal remembers; ``nudge`` when there is something to tell."""
        self._boot_id = boot_id
        self._nudge = nudge
        self._journal = journal
        self.book = Book(config.spec.cores, config.spec.gpus)
        self.link = WardenLink(config.directory, self._on_hello, self._on_ended)
        self.delivery = Delivery(uplink=uplink, journal=journal, book=self.book)
        self.copier = Copier(uplink, self.book)
        self._launcher = Launcher(
            config=config, inventory=inventory, uplink=uplink, book=self.book, link=self.link
        )
        self._turnover = Turnover()
        self._tasks: set[asyncio.Task[None]] = set()
        self._recover(config, journal)

    def room_cores(self) -> int:
        """Cores for which more may be claimed; none while nothing could be started."""
        if not self.link.is_connected:
            return 0
        return self.book.room_cores(self._turnover.ahead_cores(boot_now_s()))

    def _recover(self, config: AgentConfig, journal: Journal) -> None:
        """Hold again what was claimed before this process started."""
        for entry in journal.entries():
            held = Held(
                key=entry.key,
                claim=entry.claim,
                place=place_of(config.directory, entry.key),
                lease_until_boot_s=boot_now_s() + float(entry.claim["lease_ttl_s"]),
                phase=Phase.RUNNING if entry.completion is None else Phase.ENDED,
                completion=entry.completion,
            )
            self.book.add(held)
            if entry.completion is None:
                self.book.take_devices(held, entry.claim.get("devices", ()))
                self._launcher.expect_outputs(held)

    def _on_hello(self, running: dict[Key, tuple[int, ...]], ended: list[EndRecord]) -> None:
        """Agree with the warden on what runs, what has ended, and what never began."""
        for key in running:
            if key not in self.book:
                self.link.stop(key, EndReason.LEASE_ENDED, grace_s=0.0)
        over = {record.key for record in ended}
        for held in self.book.in_phase(Phase.RUNNING):
            if held.key in running:
                self._adopt(held, running[held.key])
            elif held.key not in over:
                # The warden writes an order down before it obeys it: this one never came.
                self._begin_again(held)
        # Last: an end frees cores, and what starts on them at once is no order that was lost.
        for record in ended:
            self._on_ended(record)
        self.launch_waiting()
        self._nudge()

    def _adopt(self, held: Held, cpus: tuple[int, ...]) -> None:
        if not held.slots:
            self.book.take_slots(held, self._launcher.slots_of(cpus))
        if held.is_share:
            self._spawn(self._hear_address(held))
        if held.stop_reason is not None:
            self.link.stop(held.key, held.stop_reason)

    def _begin_again(self, held: Held) -> None:
        self.book.free(held)
        if held.stop_reason is None:
            self.book.move(held, Phase.WAITING)
        else:
            end = _stopped_before_start(held.key, held.stop_reason)
            self.delivery.end(held, end, self._boot_id)

    def _on_ended(self, record: EndRecord) -> None:
        held = self.book.of(record.key)
        if held is None or held.phase is not Phase.RUNNING:
            if held is None:
                self.link.forget([record.key])
            return
        self._turnover.note(boot_now_s(), len(held.slots))
        is_ready = self.delivery.end(held, record, self._boot_id)
        if is_ready:
            self.launch_waiting()
            self._nudge()
        else:
            self._spawn(self._hand_over(held, record))

    async def _hand_over(self, held: Held, record: EndRecord) -> None:
        await insist(lambda: self.delivery.hand_over(held, record, self._boot_id))
        self.launch_waiting()
        self._nudge()

    def launch_waiting(self) -> None:
        for held in self.book.in_phase(Phase.WAITING):
            if not self.link.is_connected or not self.book.allot(held):
                return
            if held.devices:
                # A restarted agent must know whose they are.
                held.claim["devices"] = list(held.devices)
                self._journal.amend(held.key, held.claim)
            if held.claim["spec"]["inputs"] or held.may_resume:
                self.book.move(held, Phase.STAGING)
                self._spawn(self._stage(held))
            else:
                self._start(held)

    async def _stage(self, held: Held) -> None:
        try:
            make_place(held.place)
            await insist(lambda: self._launcher.fetch_inputs(held))
        except RefusedByServerError as error:
            self._end_unstarted(held, str(error))
            return
        except OSError as error:
            self._end_unstarted(held, f"Its inputs could not be written: {error.strerror}.")
            return
        if held.phase is Phase.STAGING:
            self._start(held)

    def _start(self, held: Held) -> None:
        sentence = self._launcher.start(held)
        if sentence is not None:
            self._end_unstarted(held, sentence)
        elif held.is_share:
            self._spawn(self._hear_address(held))

    async def _hear_address(self, held: Held) -> None:
        """Learn where a share listens, once it has written that down, and have it told."""
        while held.phase is Phase.RUNNING and held.address is None:
            with contextlib.suppress(OSError):
                held.address = held.place.hosts.read_text(encoding="utf-8") or None
            if held.address is None:
                await asyncio.sleep(_ADDRESS_RETRY_S)
        self._nudge()

    def _end_unstarted(self, held: Held, sentence: str) -> None:
        if held.phase is Phase.STAGING or held.phase is Phase.WAITING:
            self.delivery.end(held, _not_started(held.key, sentence), self._boot_id)
            self._nudge()

    def stop(self, key: Key, reason: EndReason) -> None:
        held = self.book.of(key)
        if held is None or held.stop_reason not in {None, EndReason.PREEMPTED}:
            return
        if held.stop_reason is reason:
            return
        # What was warned of a preemption may still be stopped for a reason that cannot wait.
        held.stop_reason = reason
        if held.phase in {Phase.WAITING, Phase.STAGING}:
            self.delivery.end(held, _stopped_before_start(key, reason), self._boot_id)
            self._nudge()
        elif held.phase is Phase.RUNNING:
            grace_s = 0.0 if reason is EndReason.LEASE_ENDED else None
            with contextlib.suppress(WardenGoneError):
                self.link.stop(key, reason, grace_s)

    def shorten(self, key: Key, time_limit_s: int) -> None:
        """Let an attempt run no longer than so; told again, it changes nothing."""
        held = self.book.of(key)
        if held is None:
            return
        held.shorten(time_limit_s)
        if held.phase is Phase.RUNNING:
            with contextlib.suppress(WardenGoneError):
                self.link.shorten(key, float(time_limit_s))

    def clear_away(self, told: list[Held]) -> None:
        """Remove from the disk what the server has, beside other work."""
        self._spawn(self.delivery.clear_away(told))

    async def keep_warden(self) -> None:
        """Stay connected to the warden, whoever restarts it."""
        while True:
            with contextlib.suppress(WardenGoneError, OSError):
                await self.link.run()
            await asyncio.sleep(_WARDEN_RETRY_S)

    def _spawn(self, work: Any) -> None:  # noqa: ANN401 - a coroutine of any kind
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


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


def _not_started(key: Key, sentence: str) -> EndRecord:
    return _end(key, EndReason.NOT_STARTED, sentence)


def _stopped_before_start(key: Key, reason: EndReason) -> EndRecord:
    return _end(key, reason, "It was stopped before it started.")
