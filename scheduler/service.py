"""The loop: events in, engine, orders out, all in one transaction; and the safety net."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.commands import AssignAttempt, Command, LimitPower, PreemptAttempt
from domain.events import EngineStarted, LicencesSet, OrderSet, TimePassed
from domain.jobs.order import OrderChoice
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.learned import what_was_learned
from scheduler.placement.plan.policy import Policy
from scheduler.ports import ROLE, Deciding
from store.attempts import assignments, reconcile
from store.engine import event_log, knowledge, leadership, licence_facts, order_facts, outbox
from store.fleet import advice
from store.jobs import overdue
from store.quotas import budgets
from store.transaction import Store, Transaction
from store.wakeups import URGENT, Listener

_log = logging.getLogger(__name__)

_LEADER_TTL_S = 10.0
_HINT_STALE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the loop looks by itself; wake-ups make it look at once."""

    refresh_s: float = 1.0  #: Longest time a missed wake-up can cost.
    gather_s: float = 0.02  #: Facts that start nothing wait this long for company.
    reconcile_s: float = 5.0
    renew_s: float = 3.0
    save_s: float = 600.0  #: What a killed scheduler may have learned in vain.
    #: The log of a run is kept whole while it lasts; a new run lets retention drop the old one.
    longest_run_s: float = 86_400.0


class SchedulerService:
    """Runs one engine on one store, while it leads."""

    def __init__(
        self,
        *,
        store: Store,
        policy: Policy,
        policy_text: str | None = None,
        pace: Pace | None = None,
        hints: threading.Event | None = None,
        make_engine: Callable[[Policy], Deciding] = Engine,
        order: OrderChoice | None = None,
        seats: Mapping[str, int] | None = None,
    ) -> None:
        """Decide by this policy on what this store holds.

        ``policy_text`` names the policy with its settings, so that a replay makes the same; by
        default its name. ``hints`` is set when there are hints to carry; None = nobody carries
        any. ``order`` is how the operator wants waiting jobs ordered, ``seats`` how many of each
        licence jobs may have at once.
        """
        self._store = store
        self._policy = policy
        self._policy_text = policy_text or policy.name
        self._make_engine = make_engine
        self._pace = pace or Pace()
        self._holder = leadership.this_process()
        self._engine = make_engine(policy)
        self._choice = order or OrderChoice()
        self._order: OrderSet | None = None  # As this run has it.
        self._licences = LicencesSet(seats=seats or {})
        self._batch = 0
        self._is_leading = False
        self._now_s = 0.0
        self._due_s = dict.fromkeys(("reconcile", "renew", "restart", "save"), 0.0)
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
            if self._is_leading and self._is_due("save", self._pace.save_s):
                self._save_learned(tx)
            if not self._is_leading or self._is_due("restart", self._pace.longest_run_s):
                self._restart(tx)
                self._is_leading = True
        return True

    def _save_learned(self, tx: Transaction) -> None:
        """Keep what the engine learned; only ever in a transaction in which this one leads."""
        knowledge.save(tx, role=ROLE, learned=self._engine.learned())

    def _restart(self, tx: Transaction) -> None:
        """Begin a new run: an empty engine, filled from the store through the log itself."""
        if self._is_leading:
            self._consume(tx, limit=None)  # What ended just now is part of what was learned.
            self._save_learned(tx)
        now_s = time.monotonic()
        self._due_s["restart"] = now_s + self._pace.longest_run_s
        self._due_s["save"] = now_s + self._pace.save_s
        started = EngineStarted(policy=self._policy_text, version=ENGINE_VERSION)
        extended = reconcile.extend_leases_after_outage(tx)
        if extended:
            _log.warning("the store was away: %d leases begin anew", extended)
        self._engine = self._make_engine(self._policy)
        self._order = order_facts.order_fact(tx.connection, self._choice)
        order_facts.remember_order(tx, self._order)
        licence_facts.remember_licences(tx, self._licences)
        learned = what_was_learned(tx.connection, tx.now_s)
        before = [self._order, self._licences, *learned]
        self._batch = event_log.restart_log(tx, started, before)
        self._consume(tx, limit=None)
        _log.info("engine started", extra={"policy": self._policy_text, "batch": self._batch})

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
        has_more = limit is not None and len(logged) == limit
        self._now_s = max(self._now_s, tx.now_s)
        if self._engine.wants_time(self._now_s):
            # Through the log as any other fact: a replay must see the engine move when it did.
            logged.append(event_log.append(tx, TimePassed()))
        if not logged:
            return False
        began_s = time.perf_counter()
        commands = self._engine.handle([item.event for item in logged], self._now_s)
        decision_s = time.perf_counter() - began_s
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
        return has_more

    def _apply(self, tx: Transaction, commands: list[Command]) -> None:
        offers = [command for command in commands if isinstance(command, AssignAttempt)]
        stops = [command for command in commands if isinstance(command, PreemptAttempt)]
        if offers:
            assignments.assign(tx, offers, self._batch, with_hints=self._hints is not None)
            self._has_hinted = True
        if stops:
            assignments.preempt(tx, stops)
        advice.limit_power(tx, [command for command in commands if isinstance(command, LimitPower)])

    def _reconcile(self) -> None:
        with self._store.transaction() as tx:
            lost = reconcile.lose_expired(tx)
            silent = reconcile.mark_silent_nodes(tx)
            too_late = overdue.end_overdue(tx)
            budgets.judge_all(tx)
            # Where no dispatcher runs nobody else does; heartbeats say what a hint says.
            outbox.drop_stale(tx, assignments.HINT_TOPIC, _HINT_STALE_S)
            self._follow_new_tenants(tx)
        if lost or silent or too_late:
            found = {"lost": lost, "silent_nodes": silent, "overdue": too_late}
            _log.warning("reconciled", extra=found)

    def _follow_new_tenants(self, tx: Transaction) -> None:
        """The operator's file may name tenants that were made only now."""
        order = order_facts.order_fact(tx.connection, self._choice)
        if order != self._order:
            self._order = order
            order_facts.remember_order(tx, order)
            event_log.append(tx, order)

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due_s[what]:
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _give_up(self) -> None:
        if self._is_leading:
            with self._store.transaction() as tx:
                holder = leadership.take(tx, role=ROLE, holder=self._holder, ttl_s=_LEADER_TTL_S)
                if holder == self._holder:
                    self._save_learned(tx)
                    leadership.give_up(tx, role=ROLE, holder=self._holder)
            self._is_leading = False
