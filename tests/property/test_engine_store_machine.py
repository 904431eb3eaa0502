"""Scheduler, store and nodes under any history: nothing lost, run twice at once or billed twice."""

import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from domain.billing.quota import Measure, Period
from domain.billing.quota_words import Setting
from domain.jobs.delivery import AttemptKey, Completion, CompletionResult
from domain.jobs.job import FINAL_STATES, HOLDING_STATES, EndReason, JobState
from domain.jobs.retry import FIRST_DELAY_S
from scheduler.doctor import examine
from scheduler.service import Pace, SchedulerService
from store.attempts import gang_partings as partings
from store.attempts import reconcile
from store.checks.invariants import look_at_all
from store.engine import event_log
from store.fleet.readings import add_readings
from store.instances.waiting import WAITING_STATES
from store.quotas.setting import set_quotas
from store.quotas.use import use_now
from store.tables.jobs import instance
from tests.support.builders import reading
from tests.support.databases import Databases
from tests.support.scene import Scene
from tests.support.submitting_machine import CORES, TOLERANCE_S, SubmittingMachine
from tests.support.told import policy

EAGER = Pace(reconcile_s=0.0, renew_s=0.0)
#: Quotas of the only tenant: less than the two nodes have.
MOST_JOBS, MOST_CORES = 3, 10
reports = st.sampled_from(
    [EndReason.COMPLETED, EndReason.PROGRAM_FAILED, EndReason.OVERHEATED, EndReason.TIME_LIMIT]
)


@dataclass
class Node:
    """One node as it really is, whatever the store believes."""

    node_id: int
    boot: int = 1
    seq: int = 0
    #: Programs that run, and until when their lease lets them.
    running: dict[AttemptKey, float] = field(default_factory=dict)
    cores: dict[AttemptKey, int] = field(default_factory=dict)
    spooled: dict[AttemptKey, tuple[EndReason, str]] = field(default_factory=dict)
    #: The same of shares of jobs whose script the other node runs.
    shares: dict[AttemptKey, float] = field(default_factory=dict)
    ended_shares: dict[AttemptKey, tuple[EndReason, str]] = field(default_factory=dict)

    @property
    def boot_id(self) -> str:
        return f"boot-{self.boot}"

    @property
    def free_cores(self) -> int:
        return CORES - sum(self.cores[key] for key in (*self.running, *self.shares))

    @property
    def sharing(self) -> dict[AttemptKey, str | None]:
        """What it says of its shares: those that have not ended listen."""
        ended: dict[AttemptKey, str | None] = dict.fromkeys(self.ended_shares)
        return ended | dict.fromkeys(self.shares, "10.0.0.1:4000")

    def stop(self, key: AttemptKey, reason: EndReason) -> None:
        """What it holds of an attempt ends; its report waits on the node."""
        if self.running.pop(key, None) is not None:
            self.spooled[key] = (reason, self.boot_id)
        if self.shares.pop(key, None) is not None:
            self.ended_shares[key] = (reason, self.boot_id)


def limit(scene: Scene) -> None:
    """Set the quotas of the only tenant."""
    wanted = [
        Setting(measure=measure, period=Period.NOW, limit=Decimal(most))
        for measure, most in ((Measure.RUNNING_JOBS, MOST_JOBS), (Measure.CORES, MOST_CORES))
    ]
    with scene.store.transaction() as tx:
        set_quotas(tx, tenant_name="lab", project_name="", settings=wanted, actor="test")


def check_quotas(scene: Scene) -> None:
    """What counts is what is there, and no more of it is on nodes than may be."""
    with scene.database.read() as connection:
        (use,) = use_now(connection, scene.tenant_id).values()
        columns = (instance.c.state, instance.c.cores, instance.c.nodes)
        rows = connection.execute(select(*columns)).all()
    held = [row.cores * row.nodes for row in rows if row.state in HOLDING_STATES]
    assert (use.running_jobs, use.cores) == (len(held), sum(held))
    assert use.queued_jobs == sum(row.state in WAITING_STATES for row in rows)
    assert use.running_jobs <= MOST_JOBS
    assert use.cores <= MOST_CORES


class ProtocolMachine(SubmittingMachine):
    """Two nodes of one site, one store; answers may be lost, and every report be repeated."""

    policy_text = "coldest"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        super().__init__(Scene(Databases(Path(self._folder.name)).fresh()))
        site_id = self.scene.site()
        names = ("first", "second")
        self.nodes = [Node(self.scene.node(name, site_id=site_id)) for name in names]
        self.started: set[AttemptKey] = set()
        self.ended: dict[AttemptKey, int] = {}
        limit(self.scene)
        self.restart_scheduler()

    @rule()
    def restart_scheduler(self) -> None:
        self.service = SchedulerService(
            store=self.scene.store, policy=policy(self.policy_text), pace=EAGER
        )

    @rule()
    def decide(self) -> None:
        for node in self.nodes:
            node.seq += 1
            item = reading(node.node_id, node.seq, taken_at_s=self.scene.clock.now_s)
            with self.scene.store.transaction() as tx:
                add_readings(tx, node.node_id, [item])
        self.service.turn()

    @rule(which=st.integers(0, 1), is_lost=st.booleans())
    def ask(self, which: int, *, is_lost: bool) -> None:
        """A claim; its answer may not arrive."""
        node = self.nodes[which]
        known = [*node.running, *node.spooled]
        handed = self.scene.claim(
            node.node_id,
            node.boot_id,
            holding=known,
            free_cores=node.free_cores,
            sharing=node.sharing,
        )
        if is_lost:
            return
        for item in handed.claimed:
            is_share = item.gang is not None and item.gang.place > 0
            holds = node.shares if is_share else node.running
            holds[item.key] = self.scene.clock.now_s + item.lease_ttl_s
            if not is_share:
                self.started.add(item.key)
            node.cores[item.key] = int(item.spec["resources"]["cores"])  # type: ignore[index]
            self.may_start(item.key.instance_id)
        for order in handed.kill:
            node.stop(order.key, order.reason)

    @rule(which=st.integers(0, 1), is_lost=st.booleans())
    def beat(self, which: int, *, is_lost: bool) -> None:
        """A heartbeat; its answer may not arrive."""
        node = self.nodes[which]
        pulse = self.scene.heartbeat(
            node.node_id,
            node.boot_id,
            holding=list(node.running),
            spooled=list(node.spooled),
            sharing=list(node.shares),
        )
        if is_lost:
            return
        for key in pulse.renewed:
            holds = node.shares if key in node.shares else node.running
            holds[key] = self.scene.clock.now_s + TOLERANCE_S
        for order in pulse.kill:
            node.stop(order.key, order.reason)

    @precondition(lambda self: any(node.running for node in self.nodes))
    @rule(data=st.data(), reason=reports)
    def finish(self, data: st.DataObject, reason: EndReason) -> None:
        """A program ends; its report waits on the node."""
        running = [(node, key) for node in self.nodes for key in node.running]
        node, key = data.draw(st.sampled_from(running))
        node.stop(key, reason)

    @precondition(lambda self: any(node.shares for node in self.nodes))
    @rule(data=st.data(), reason=st.sampled_from([EndReason.PROGRAM_FAILED, EndReason.TIME_LIMIT]))
    def lose_share(self, data: st.DataObject, reason: EndReason) -> None:
        """What waits on a node for the script of another dies, of itself or by a limit."""
        held = [(node, key) for node in self.nodes for key in node.shares]
        node, key = data.draw(st.sampled_from(held))
        node.stop(key, reason)

    @rule(which=st.integers(0, 1), is_lost=st.booleans())
    def report(self, which: int, *, is_lost: bool) -> None:
        """Everything spooled is reported; where the answer is lost, it is reported again later."""
        node = self.nodes[which]
        for key, (reason, boot_id) in list(node.spooled.items()):
            result = self.scene.report(node.node_id, key, reason, boot_id)
            if result is CompletionResult.ACCEPTED:
                self.ended[key] = self.ended.get(key, 0) + 1
            if not is_lost and result is not CompletionResult.WAITING:
                del node.spooled[key]
        for key, (reason, boot_id) in list(node.ended_shares.items()):
            end = Completion(key=key, boot_id=boot_id, reason=reason, exit_code=None, cpu_s=1.0)
            with self.scene.store.transaction() as tx:
                partings.end(tx, node.node_id, [end])
            if not is_lost:
                del node.ended_shares[key]

    @rule(which=st.integers(0, 1))
    def lose_power(self, which: int) -> None:
        """The node's programs are gone; what it had written down is not."""
        node = self.nodes[which]
        node.boot += 1
        node.running.clear()
        node.shares.clear()

    @rule(seconds_s=st.sampled_from([1.0, 30.0, 61.0, 100.0]))
    def wait(self, seconds_s: float) -> None:
        """Time goes by; a node stops by itself what its lease no longer covers."""
        self.scene.clock.advance(seconds_s)
        for node in self.nodes:
            for key, until_s in [*node.running.items(), *node.shares.items()]:
                if until_s <= self.scene.clock.now_s:
                    node.stop(key, EndReason.LEASE_ENDED)
        with self.scene.store.transaction() as tx:
            reconcile.lose_expired(tx)

    @invariant()
    def no_job_runs_in_two_places(self) -> None:
        running = [key.instance_id for node in self.nodes for key in node.running]
        assert len(running) == len(set(running))
        # A share of an attempt whose script never began runs nothing yet.
        parts = {key for node in self.nodes for key in (*node.running, *node.shares)}
        live = [key.instance_id for key in parts & self.started]
        assert len(live) == len(set(live)), "two attempts of a job run at once"

    @invariant()
    def no_core_is_used_twice(self) -> None:
        assert all(node.free_cores >= 0 for node in self.nodes)

    @invariant()
    def no_end_is_accepted_twice(self) -> None:
        assert set(self.ended.values()) <= {1}
        assert {(row["instance_id"], row["attempt"]) for row in self.scene.usage()} == {
            (key.instance_id, key.attempt) for key in self.ended
        }

    @invariant()
    def nothing_is_placed_beyond_the_quotas(self) -> None:
        check_quotas(self.scene)

    @invariant()
    def the_store_is_sound(self) -> None:
        findings = look_at_all(self.scene.database, role="nobody")
        assert [finding for finding in findings if finding.offenders] == []

    def _is_over(self) -> bool:
        """Every job has ended, or waits for a person, or for one that does."""
        left = {self.scene.state(job_id) for job_id in self.jobs} - FINAL_STATES
        return left <= {JobState.HELD, JobState.BLOCKED} and left != {JobState.BLOCKED}

    def teardown(self) -> None:
        """With nodes that answer, every job comes to its end; and the log replays."""
        try:
            for _ in range(6 * len(self.jobs) + 6):
                if self._is_over():
                    break
                self.scene.clock.advance(FIRST_DELAY_S)  # as long as a job waits to be tried again
                self.decide()
                for which, node in enumerate(self.nodes):
                    self.beat(which, is_lost=False)
                    self.ask(which, is_lost=False)
                    for key in list(node.running):
                        node.stop(key, EndReason.COMPLETED)
                    self.report(which, is_lost=False)
            assert self._is_over()
            self.service.turn()
            assert [item for item in examine(self.scene.database) if item.offenders] == []
            with self.scene.database.read() as connection:
                assert event_log.last_run(connection) is not None
        finally:
            self.scene.close()
            self._folder.cleanup()


@pytest.mark.timeout(900)  # a minute or two when nothing else runs
@pytest.mark.parametrize("policy_text", ["coldest", "easy", "chaufferie"])
def test_no_history_loses_a_job_or_bills_it_twice(policy_text: str) -> None:
    machine = type("Machine", (ProtocolMachine,), {"policy_text": policy_text})

    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=6, stateful_step_count=40, deadline=None),
    )
