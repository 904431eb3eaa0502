"""The loop: events in, engine, orders out, all in one transaction; and the safety net."""

import logging
import threading
import time
from dataclasses import dataclass

from domain.commands import AssignAttempt, Command, PreemptAttempt
from domain.events import EngineStarted
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.placement.policy import Policy
from store import assignments, event_log, leadership, outbox, reconcile
from store.transaction import Store, Transaction
from store.wakeups import URGENT, Listener

_log = logging.getLogger(__name__)

ROLE = "scheduler"
_LEADER_TTL_S = 10.0
_HINT_STALE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the loop looks by itself; wake-ups make it look at once."""

    refresh_s: float = 1.0  #: Longest time a missed wake-up can cost.
    gather_s: float = 0.02  #: Facts that start nothing wait this long for company.
    reconcile_s: float = 5.0
    renew_s: float = 3.0
    #: The log of a run is kept whole while it lasts; a new run lets retention drop the old one.
    longest_run_s: float = 86_400.0


class SchedulerService:
    """Runs one engine on one store, while it leads."""

    def __init__(
        self,
        *,
        store: Store,
        policy: Policy,
        pace: Pace | None = None,
        hints: threading.Event | None = None,
    ) -> None:
        """Decide by this policy on what this store holds.

        ``hints`` is set when there are hints to carry; None = nobody carries any.
        """
        self._store = store
        self._policy = policy
        self._pace = pace or Pace()
        self._holder = leadership.this_process()
        self._engine = Engine(policy)
        self._batch = 0
        self._is_leading = False
        self._now_s = 0.0
        self._due_s: dict[str, float] = {"reconcile": 0.0, "renew": 0.0, "restart": 0.0}
        self._hints = hints
        self._has_hinted = False

    def run(self, listener: Listener, stop: threading.Event) -> None:
        """Decide until told to stop."""
        try:
            while not stop.is_set():
                self.turn()
                messages = listener.wait(self._pace.refresh_s)
                if messages and URGENT not in messages:
                    listener.wait(self._pace.gather_s)
        finally:
            self._give_up()

    def turn(self) -> None:
        """Lead if possible, repair what is due, and consume every event there is."""
        if not self._keep_leading():
            return
        if self._is_due("reconcile", self._pace.reconcile_s):
            self._reconcile()
        while self._step():
            pass

    def _keep_leading(self) -> bool:
        if self._is_leading and not self._is_due("renew", self._pace.renew_s):
            return True
        with self._store.transaction() as tx:
            holder = leadership.take(tx, role=ROLE, holder=self._holder, ttl_s=_LEADER_TTL_S)
            if holder != self._holder:
                self._is_leading = False
                return False
            if not self._is_leading or self._is_due("restart", self._pace.longest_run_s):
                self._restart(tx)
                self._is_leading = True
        return True

    def _restart(self, tx: Transaction) -> None:
        """Begin a new run: an empty engine, filled from the store through the log itself."""
        self._due_s["restart"] = time.monotonic() + self._pace.longest_run_s
        started = EngineStarted(policy=self._policy.name, version=ENGINE_VERSION)
        extended = reconcile.extend_leases_after_outage(tx)
        if extended:
            _log.warning("the store was away: %d leases begin anew", extended)
        self._engine = Engine(self._policy)
        self._batch = event_log.restart_log(tx, started)
        self._consume(tx, limit=None)
        _log.info("engine started", extra={"policy": self._policy.name, "batch": self._batch})

    def _step(self) -> bool:
        """Consume one batch; whether there may be more."""
        with self._store.transaction() as tx:
            has_more = self._consume(tx, limit=event_log.LARGEST_BATCH)
        if self._hints is not None and self._has_hinted:
            self._has_hinted = False
            self._hints.set()  # Only now: before the commit there is nothing to be seen.
        return has_more

    def _consume(self, tx: Transaction, limit: int | None) -> bool:
        logged = event_log.unconsumed(tx, limit)
        self._now_s = max(self._now_s, tx.now_s)
        began_s = time.perf_counter()
        commands = self._engine.handle([item.event for item in logged], self._now_s)
        decision_s = time.perf_counter() - began_s
        if not logged and not commands:
            return False
        event_log.log_batch(
            tx,
            batch=self._batch,
            now_s=self._now_s,
            consumed=logged,
            commands=commands,
            duration_s=decision_s,
        )
        self._apply(tx, commands)
        self._batch += 1
        return limit is not None and len(logged) == limit

    def _apply(self, tx: Transaction, commands: list[Command]) -> None:
        offers = [command for command in commands if isinstance(command, AssignAttempt)]
        stops = [command for command in commands if isinstance(command, PreemptAttempt)]
        if offers:
            assignments.assign(tx, offers, self._batch, with_hints=self._hints is not None)
            self._has_hinted = True
        if stops:
            assignments.preempt(tx, stops)

    def _reconcile(self) -> None:
        with self._store.transaction() as tx:
            lost = reconcile.lose_expired(tx)
            silent = reconcile.mark_silent_nodes(tx)
            # Where no dispatcher runs nobody else does; heartbeats say what a hint says.
            outbox.drop_stale(tx, assignments.HINT_TOPIC, _HINT_STALE_S)
        if lost or silent:
            _log.warning("reconciled", extra={"lost": lost, "silent_nodes": silent})

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due_s[what]:
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _give_up(self) -> None:
        if self._is_leading:
            with self._store.transaction() as tx:
                leadership.give_up(tx, role=ROLE, holder=self._holder)
            self._is_leading = False
