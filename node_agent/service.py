"""The agent: claims what is offered, has it run by the warden, hands results over."""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from domain.jobs.delivery import CompletionResult
from domain.jobs.job import EndReason
from node_agent.config import AgentConfig
from node_agent.executors.process import place_of
from node_agent.heat.advice import AdviceFile
from node_agent.inventory import Inventory
from node_agent.jobs.book import Held, Phase
from node_agent.jobs.erasing import Eraser
from node_agent.jobs.journal import Journal, Key
from node_agent.jobs.work import Work
from node_agent.uplink.connection import RefusedByServerError, Uplink, UplinkError, insist
from node_agent.warden.client import WardenGoneError
from node_agent.warden.protocol import boot_now_s

_log = logging.getLogger(__name__)

#: Heartbeats of a fleet must not come together: each is moved by up to this share.
JITTER_FRAC = 0.2
#: Advice is given to the keeper for this many heartbeats: it must not outlive its agent by more.
_ADVISED_HEARTBEATS = 4
_REFUSED_PAUSE_S = 5.0
_POLL_RETRY_S = 1.0
#: Ends wait this long for company while claimed work waits here: an exchange costs the same for
#: one job as for fifteen. Well below what `node_agent.jobs.turnover` claims ahead [s].
_GATHER_S = 0.05
#: Pause between long polls of a node that runs something: its ends look by themselves [s].
_BUSY_POLL_S = 0.1
#: The same where claimed work waits, so that no core is free for what is offered [s].
_FULL_POLL_S = 0.5
_LOWEST_FREE_DISK_FRAC = 0.05


class Agent:
    """One node's agent."""

    def __init__(
        self,
        *,
        config: AgentConfig,
        inventory: Inventory,
        uplink: Uplink,
        journal: Journal,
        kernel_boot_id: str,
        errands: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        """Take up what the journal remembers; ``errands`` run beside the agent's own loops."""
        self._errands = errands
        self._config = config
        self._inventory = inventory
        self._uplink = uplink
        self._journal = journal
        self._boot_id = journal.boot_id(kernel_boot_id)
        self._advice = AdviceFile(config.directory, kernel_boot_id)
        self._look = asyncio.Event()
        self._work = Work(
            config=config,
            inventory=inventory,
            uplink=uplink,
            journal=journal,
            boot_id=self._boot_id,
            nudge=self.nudge,
        )
        self._book = self._work.book
        self._eraser = Eraser(config.directory, self._book, journal, self.nudge)

    def nudge(self) -> None:
        """Something may be offered to us: look."""
        self._look.set()

    async def run(self) -> None:
        """Work until cancelled."""
        await insist(lambda: self._uplink.declare(self._inventory.plain))
        await insist(self._heartbeat)
        loops = [
            self._work.keep_warden(),
            self._keep_exchanging(),
            self._keep_polling(),
            self._keep_beating(),
            self._work.delivery.keep_output_flowing(),
            self._work.copier.keep_copying(),
            self._inventory.keep_looking(self._uplink.declare, self._config.look_again_every_s),
            *(errand() for errand in self._errands),
        ]
        async with asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(loop)

    async def _keep_exchanging(self) -> None:
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                await insist(self._exchange)
                if self._book.in_phase(Phase.WAITING):
                    # Work is here for every core that comes free: let more ends travel together.
                    await asyncio.sleep(_GATHER_S)
            except RefusedByServerError as error:
                # A revoked key, perhaps: the jobs keep their leases, the boiler its control.
                _log.warning("the API refuses this node: %s", error)
                await asyncio.sleep(_REFUSED_PAUSE_S)
                self.nudge()

    async def _exchange(self) -> None:
        told = self._book.in_phase(Phase.ENDED)
        erased = self._eraser.gone()
        sent_boot_s = boot_now_s()
        answer = await self._tell(
            told,
            {
                "boot_id": self._boot_id,
                "completions": [held.completion for held in told if not held.is_share],
                "share_ends": [held.completion for held in told if held.is_share],
                "holding": [held.key for held in self._book if not held.is_share],
                "sharing": [
                    {"key": held.key, "address": held.address}
                    for held in self._book
                    if held.is_share
                ],
                # What is only warned of a preemption may still be told to stop at once.
                "stopping": [
                    held.key
                    for held in self._book
                    if held.stop_reason not in {None, EndReason.PREEMPTED}
                ],
                "erased": erased,
                "free_cores": self._free_cores(),
                "total_cores": self._config.spec.cores,
            },
        )
        told = self._without_waiting(told, answer["results"])
        fresh = self._new_claims(answer["claimed"], sent_boot_s)
        self._journal.commit(
            claimed=[(held.key, held.claim) for held in fresh],
            handed_over=[held.key for held in told],
        )
        self._forget_in_warden(told)
        for held in told:
            self._book.drop(held.key)
        self._work.launch_waiting()
        self._pass_on_advice(answer, sent_boot_s)
        self._obey(answer)
        self._work.clear_away(told)
        self._eraser.told(erased)
        self._eraser.erase(map(_key, answer.get("erase", ())))

    def _without_waiting(self, told: list[Held], results: list[str]) -> list[Held]:
        """Those whose ends were heard; an end that waits for other nodes is told again."""
        ends = [held for held in told if not held.is_share]
        waiting = {
            held.key
            for held, result in zip(ends, results, strict=True)
            if result == CompletionResult.WAITING
        }
        self._journal.commit(
            ended=[(held.key, _completion(held)) for held in ends if held.key in waiting]
        )
        return [held for held in told if held.key not in waiting]

    async def _tell(self, told: list[Held], body: dict[str, Any]) -> dict[str, Any]:
        """One exchange. Ends that cannot be told now are written down: they may wait for days.

        Until then the warden keeps them too, so that an end that is told at once needs no flush.
        """
        try:
            return await self._uplink.exchange(body)
        except UplinkError:
            self._journal.commit(ended=[(held.key, _completion(held)) for held in told])
            raise

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
                await asyncio.sleep(_POLL_RETRY_S)
                continue
            mark = answer["mark"]
            if answer["look"]:
                self.nudge()
            if self._book.in_phase(Phase.WAITING):
                await asyncio.sleep(_FULL_POLL_S)
            elif self._book.in_phase(Phase.RUNNING):
                await asyncio.sleep(_BUSY_POLL_S)

    async def _keep_beating(self) -> None:
        while True:
            spread = 1 + JITTER_FRAC * (2 * _random_frac() - 1)
            await asyncio.sleep(self._config.heartbeat_s * spread)
            with contextlib.suppress(UplinkError, RefusedByServerError):
                await self._heartbeat()

    async def _heartbeat(self) -> None:
        sent_boot_s = boot_now_s()
        live = self._book.in_phase(Phase.WAITING, Phase.STAGING, Phase.RUNNING, Phase.ENDING)
        answer = await self._uplink.heartbeat(
            {
                "boot_id": self._boot_id,
                "holding": [held.key for held in live if not held.is_share],
                "sharing": [held.key for held in live if held.is_share],
                "spooled": [held.key for held in self._book.in_phase(Phase.ENDED)],
                "status": {"free_cores": self._free_cores(), "held": len(live)},
            }
        )
        for pair in answer["renewed"]:
            held = self._book.of(_key(pair))
            if held is not None:
                held.lease_until_boot_s = sent_boot_s + float(held.claim["lease_ttl_s"])
                with contextlib.suppress(WardenGoneError):
                    self._work.link.renew(held.key, held.lease_until_boot_s)
        self._pass_on_advice(answer, sent_boot_s)
        self._obey(answer)
        self._eraser.erase(map(_key, answer.get("erase", ())))
        if answer["assignments"] or self._book.in_phase(Phase.ENDED):
            self.nudge()

    def _obey(self, answer: dict[str, Any]) -> None:
        """Stop what shall stop, and let nothing run longer than it may by now."""
        for item in answer["kill"]:
            self._work.stop(_key(item["key"]), EndReason(item["reason"]))
        for item in answer.get("limits", ()):
            self._work.shorten(_key(item["key"]), int(item["time_limit_s"]))

    def _pass_on_advice(self, answer: dict[str, Any], sent_boot_s: float) -> None:
        self._advice.pass_on(
            answer.get("advice"),
            sent_boot_s=sent_boot_s,
            longest_s=_ADVISED_HEARTBEATS * self._config.heartbeat_s,
        )

    def _forget_in_warden(self, told: list[Held]) -> None:
        if told:
            with contextlib.suppress(WardenGoneError):
                self._work.link.forget(held.key for held in told)

    def _free_cores(self) -> int:
        """Cores to claim for; none while the end of a job could not be written down."""
        if disk_free_frac(self._config.directory) < _LOWEST_FREE_DISK_FRAC:
            return 0
        return self._work.room_cores()


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
