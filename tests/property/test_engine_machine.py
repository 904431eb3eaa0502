"""The engine under any history of a cluster: no job lost or doubled, no core promised twice."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.commands import AssignAttempt, Command, LimitPower, PreemptAttempt
from domain.events import (
    BudgetLeft,
    Event,
    JobArrayWithdrawn,
    JobQueued,
    JobWithdrawn,
    LicencesSet,
    QuotaSet,
    TimePassed,
    WeatherForecast,
)
from domain.fleet.gpus import pick
from domain.fleet.licences import counts_of
from domain.jobs.job import EndReason, SchedulingType
from domain.jobs.requirements import meets, tags_of
from scheduler.engine import Engine
from scheduler.placement.state.invariants import check_invariants
from tests.support.budget_rates import SPAN_W, budgets, most_of
from tests.support.builders import (
    NOW_S,
    array_queued,
    claimed,
    ended,
    job_queued,
    node_joined,
    node_left,
    reading_taken,
)
from tests.support.told import policy

#: Jobs of at least this length are never offered ahead of a free core.
SHORTEST_RUN_S = 10.0
REQUIREMENTS = [("a",), ("a", "b"), ("a|b",), ("node:boiler-2",), ("gpu",), ("a|x", "b|gpu")]
KINDS = ["", "x", "x-1", "y"]
LICENCES = [("solver:1",), ("solver:4",), ("hpc:3", "solver:1")]
nodes = st.integers(1, 4)
tenants = st.integers(1, 2)
projects = st.sampled_from(["", "mesh", "flow"])
limits = st.one_of(st.none(), st.integers(0, 6))
types = st.sampled_from([kind.value for kind in SchedulingType])


@dataclass
class Job:
    """What the world knows of one job."""

    fact: JobQueued
    attempt: int = 0
    node_id: int | None = None
    member_ids: tuple[int, ...] = ()
    is_claimed: bool = False
    is_stopping: bool = False
    is_over: bool = False


class World(RuleBasedStateMachine):
    """What is true of a cluster, and an engine that is told of it."""

    policy_text = "coldest"

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(policy(self.policy_text))
        self.now_s = NOW_S
        self.log: list[tuple[list[Event], float, list[Command]]] = []
        self.jobs: dict[int, Job] = {}
        self.cores: dict[int, int] = {}
        self.sites: dict[int, int] = {}
        self.gpus: dict[int, tuple[str, ...]] = {}
        self.features: dict[int, tuple[str, ...]] = {}
        self.heard: set[int] = set()
        self.quotas: dict[tuple[int, str], QuotaSet] = {}
        self.seats: dict[str, int] = {}

    def tell(self, *facts: Event) -> None:
        commands = self.engine.handle(facts, self.now_s)
        self.log.append((list(facts), self.now_s, commands))
        for order in commands:
            match order:
                case AssignAttempt():
                    self._offered(order)
                case PreemptAttempt():
                    self._stopped(order)
                case LimitPower():
                    assert order.node_id in self.cores
                    assert 0.0 <= order.power_cap_frac <= 1.0
                    assert order.valid_for_s > 0.0

    def _offered(self, order: AssignAttempt) -> None:
        job = self.jobs[order.instance_id]
        assert not job.is_over, "an ended job was offered"
        assert job.node_id is None, "a job was offered twice"
        assert order.attempt == job.attempt + 1
        node_ids = {order.node_id, *order.member_ids}
        sites = {self.sites[node_id] for node_id in node_ids}
        assert len(node_ids) == 1 + len(order.member_ids) == job.fact.nodes
        assert len(sites) == 1, "a job was spread over several sites"
        assert sites <= self.heard, "water that was never read got work"
        for node_id in node_ids:
            tags = tags_of(f"boiler-{node_id}", self.features[node_id], self.gpus[node_id])
            assert meets(tags, job.fact.requires), "a job went where what it asks for is not"
        assert all(0.0 <= item.free_cores <= 8 for item in order.why.candidates)
        job.attempt, job.node_id, job.member_ids = order.attempt, order.node_id, order.member_ids
        job.is_claimed = job.is_stopping = False
        for account in ((job.fact.tenant_id, ""), (job.fact.tenant_id, job.fact.project)):
            self.check_quota(account)

        for name in counts_of(job.fact.licences):
            assert self._seats_held(name) <= self.seats.get(name, 0), "a seat was given twice"

    def _seats_held(self, name: str) -> int:
        return sum(counts_of(job.fact.licences).get(name, 0) for job in self._placed())

    def _stopped(self, order: PreemptAttempt) -> None:
        job = self.jobs[order.instance_id]
        assert (order.attempt, order.node_id) == (job.attempt, job.node_id)
        assert job.is_claimed, "a job that does not run was told to stop"
        assert not job.is_stopping, "a job was told to stop twice"
        assert job.fact.is_preemptible, "a job was stopped that may not be"
        job.is_stopping = True

    def _placed(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.node_id is not None]

    def _placed_on(self, node_id: int) -> list[Job]:
        return [job for job in self._placed() if node_id in {job.node_id, *job.member_ids}]

    def check_quota(self, account: tuple[int, str]) -> None:
        """Asked after a start: what is over a limit that was lowered may go on, not grow."""
        quota = self.quotas.get(account)
        if quota is None:
            return
        assert not quota.is_spent, "a job started on a budget that is used up"
        jobs, cores = self._use(account)
        assert quota.jobs is None or jobs <= quota.jobs
        assert quota.cores is None or cores <= quota.cores
        for budget in quota.budgets:
            assert most_of(self._parts(account), budget) <= budget.left + 1e-5, (
                "more than a safe budget has"
            )

    def _use(self, account: tuple[int, str]) -> tuple[int, int]:
        """Instances and cores that a tenant, or one project of it, has on nodes."""
        parts = self._parts(account)
        return len({job.instance_id for job, _, _ in parts}), sum(cores for _, cores, _ in parts)

    def _parts(self, account: tuple[int, str]) -> list[tuple[JobQueued, int, float]]:
        """Of each node that they hold: the job, its cores, and Wh that one takes in a second."""
        tenant_id, project = account
        return [
            (
                job.fact,
                self.cores[node_id] if job.fact.whole_node else job.fact.cores,
                SPAN_W / self.cores[node_id] / 3600.0,
            )
            for job in self._placed()
            if job.fact.tenant_id == tenant_id and project in {"", job.fact.project}
            for node_id in (job.node_id or 0, *job.member_ids)
        ]


class Accounts(World):
    """A world whose tenants and projects have quotas."""

    @rule(
        tenant_id=tenants,
        project=projects,
        cores=limits,
        jobs=limits,
        is_spent=st.sampled_from([False, False, True]),
        budgets=st.lists(budgets, max_size=2),
    )
    def set_quota(
        self,
        tenant_id: int,
        project: str,
        cores: int | None,
        jobs: int | None,
        budgets: list[BudgetLeft],
        *,
        is_spent: bool,
    ) -> None:
        fact = QuotaSet(
            tenant_id=tenant_id,
            project=project,
            cores=cores,
            jobs=jobs,
            is_spent=is_spent,
            budgets=tuple(budgets),
        )
        self.quotas[tenant_id, project] = fact
        self.tell(fact)

    @rule(solver=st.integers(0, 5), hpc=st.integers(0, 9))
    def set_licences(self, solver: int, hpc: int) -> None:
        self.seats = {"solver": solver, "hpc": hpc} if hpc else {"solver": solver}
        self.tell(LicencesSet(seats=self.seats))

    @invariant()
    def seats_held_are_those_of_what_is_on_nodes(self) -> None:
        for name in ("solver", "hpc"):
            assert self.engine.state.licences.held(name) == self._seats_held(name)

    @invariant()
    def what_counts_toward_quotas_is_what_is_on_nodes(self) -> None:
        book = self.engine.state.quotas
        for quota in self.quotas.values():
            asked = job_queued(1, tenant_id=quota.tenant_id, project=quota.project)
            for limit, jobs, cores in book.held(asked):
                assert (jobs, cores) == self._use((limit.tenant_id, limit.project))


class ClusterMachine(Accounts):
    """A cluster that tells the engine everything, once, in some order."""

    @rule(
        node_id=nodes,
        cores=st.sampled_from([2, 8]),
        site=st.integers(1, 4),
        features=st.sets(st.sampled_from("ab")),
        gpus=st.lists(st.sampled_from(["x-1", "x-2", "y"]), max_size=4),
    )
    def join(
        self, node_id: int, cores: int, site: int, features: set[str], gpus: list[str]
    ) -> None:
        """Its features may change each time; its cores and GPUs stay, as those of a machine do."""
        site = self.sites.setdefault(node_id, site)
        cores = self.cores.setdefault(node_id, cores)
        kept = self.gpus.setdefault(node_id, tuple(gpus))
        self.features[node_id] = tuple(sorted(features))
        told = {"cores": cores, "site_id": site, "features": self.features[node_id], "gpus": kept}
        self.tell(node_joined(node_id, **told))

    @rule(node_id=nodes)
    def leave(self, node_id: int) -> None:
        if node_id in self.cores:
            self.tell(node_left(node_id))

    @rule(
        node_id=nodes,
        water_temp_c=st.floats(5.0, 55.0),
        demand_w=st.floats(0.0, 3000.0),
        works=st.booleans(),
    )
    def read(self, node_id: int, water_temp_c: float, demand_w: float, *, works: bool) -> None:
        fact = reading_taken(
            node_id,
            water_temp_c,
            taken_at_s=self.now_s,
            accepts_work=works,
            heat_demand_w=demand_w,
            headroom_wh=max(50.0 - water_temp_c, 0.0) * 500.0,
        )
        if node_id in self.cores:
            self.heard.add(self.sites[node_id])
        self.tell(fact)

    @rule(first_h=st.integers(-30, 30), temps_c=st.lists(st.floats(-20.0, 40.0), max_size=50))
    def hear_of_the_air(self, first_h: int, temps_c: list[float]) -> None:
        first_s = self.now_s + 3600.0 * first_h
        self.tell(WeatherForecast(site_ids=(), first_hour_s=first_s, outdoor_temp_c=tuple(temps_c)))

    @rule(
        cores=st.integers(1, 8),
        kind=types,
        whole=st.booleans(),
        limit_s=st.integers(60, 99_999),
        slack_s=st.floats(0.0, 90_000.0),
        resumes=st.booleans(),
        n_nodes=st.sampled_from([1, 1, 2, 3]),
        tenant_id=tenants,
        project=projects,
        asked=st.one_of(
            st.just({}),
            st.fixed_dictionaries({"requires": st.sampled_from(REQUIREMENTS)}),
            st.fixed_dictionaries({"gpus": st.integers(1, 3), "gpu_kind": st.sampled_from(KINDS)}),
            st.fixed_dictionaries({"licences": st.sampled_from(LICENCES)}),
        ),
    )
    def submit(
        self,
        cores: int,
        kind: str,
        limit_s: int,
        slack_s: float,
        n_nodes: int,
        asked: dict[str, Any],
        tenant_id: int,
        project: str,
        *,
        whole: bool,
        resumes: bool,
    ) -> None:
        number = max(self.jobs, default=0) + 1
        fact = job_queued(
            number,
            cores=cores,
            scheduling_type=kind,
            whole_node=whole,
            nodes=n_nodes,
            time_limit_s=limit_s,
            queued_at_s=self.now_s,
            start_before_s=self.now_s + slack_s if kind == SchedulingType.FLEX else None,
            is_preemptible=kind == SchedulingType.FLEX,
            can_resume=resumes,
            tenant_id=tenant_id,
            project=project,
            **asked,
        )
        self.jobs[number] = Job(fact)
        self.tell(fact)

    @rule(
        count=st.integers(1, 12),
        at_once=st.one_of(st.none(), st.integers(1, 4)),
        cores=st.integers(1, 4),
        kind=types,
        project=projects,
    )
    def submit_array(
        self, count: int, at_once: int | None, cores: int, kind: str, project: str
    ) -> None:
        fact = array_queued(
            max(self.jobs, default=0) + 1,
            count,
            at_once,
            cores=cores,
            project=project,
            scheduling_type=kind,
            queued_at_s=self.now_s,
            start_before_s=self.now_s + 3600.0 if kind == SchedulingType.FLEX else None,
            is_preemptible=kind == SchedulingType.FLEX,
        )
        for number in range(fact.first_ids[0], fact.last_ids[0] + 1):
            self.jobs[number] = Job(replace(fact.alike, instance_id=number))
        self.tell(fact)

    @precondition(lambda self: any(job.fact.array_id for job in self.jobs.values()))
    @rule(data=st.data(), span=st.tuples(st.integers(0, 12), st.integers(0, 12)))
    def withdraw_array(self, data: st.DataObject, span: tuple[int, int]) -> None:
        ids = sorted({job.fact.array_id for job in self.jobs.values() if job.fact.array_id})
        array_id = data.draw(st.sampled_from(ids))
        first, last = array_id + min(span), array_id + max(span)
        for number, job in self.jobs.items():
            is_meant = job.fact.array_id == array_id and first <= number <= last
            if is_meant and not job.is_claimed:
                job.is_over, job.node_id, job.member_ids = True, None, ()
        self.tell(JobArrayWithdrawn(array_id=array_id, first_ids=(first,), last_ids=(last,)))

    @precondition(lambda self: self._placed())
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self._placed()))
        assert job.node_id is not None
        job.is_claimed = True
        fact = claimed(job.fact.instance_id, job.attempt, job.node_id)
        self.tell(replace(fact, member_ids=job.member_ids))

    @precondition(lambda self: self._placed())
    @rule(
        data=st.data(),
        reason=st.sampled_from(list(EndReason)),
        wall_s=st.floats(SHORTEST_RUN_S, 9999.0),
        again=st.booleans(),
        repeats=st.integers(1, 2),
    )
    def end(
        self, data: st.DataObject, reason: EndReason, wall_s: float, repeats: int, *, again: bool
    ) -> None:
        job = data.draw(st.sampled_from(self._placed()))
        assert job.node_id is not None
        fact = ended(job.fact.instance_id, job.attempt, job.node_id, reason, wall_s)
        facts: list[Event] = [fact] * repeats
        again = again and reason is not EndReason.COMPLETED
        if again:
            job.fact = replace(job.fact, last_attempt=job.attempt, avoid_node_id=job.node_id)
            facts.append(job.fact)
        job.node_id, job.member_ids = None, ()
        job.is_claimed, job.is_over = False, not again
        self.tell(*facts)

    @precondition(lambda self: any(not job.is_claimed for job in self.jobs.values()))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from([job for job in self.jobs.values() if not job.is_claimed]))
        job.is_over, job.node_id, job.member_ids = True, None, ()
        self.tell(JobWithdrawn(instance_id=job.fact.instance_id))

    @rule(seconds_s=st.sampled_from([0.0, 30.0, 120.0, 601.0, 7200.0]))
    def wait(self, seconds_s: float) -> None:
        self.now_s += seconds_s
        self.tell(TimePassed())

    @invariant()
    def no_core_is_promised_twice(self) -> None:
        used = dict.fromkeys(self.cores, 0)
        for job in self._placed():
            assert job.node_id is not None
            for node_id in (job.node_id, *job.member_ids):
                whole = self.cores[node_id]
                used[node_id] += whole if job.fact.whole_node else job.fact.cores
        assert all(used[node_id] <= cores for node_id, cores in self.cores.items())

    @invariant()
    def whatever_devices_a_node_chose_there_are_enough_for_its_jobs(self) -> None:
        for node_id, models in self.gpus.items():
            placed = [job.fact for job in self._placed_on(node_id)]
            held = [fact for fact in placed if fact.gpus and not fact.whole_node]
            assert sum(fact.gpus for fact in held) <= len(models)
            # As an agent would that knows no better: the greedy choice always works.
            free = set(range(len(models)))
            for fact in held:
                chosen = pick(models, free, fact.gpu_kind, fact.gpus)
                assert len(chosen) == fact.gpus, "a job finds its GPUs taken"
                free -= set(chosen)

    @invariant()
    def every_job_waits_or_is_placed_or_is_over(self) -> None:
        state = self.engine.state
        check_invariants(state)
        for number, job in self.jobs.items():
            waits = number in state.queue or number in state.arrays
            assert waits == (not job.is_over and job.node_id is None)
            assert (number in state.occupations) == (job.node_id is not None)

    @invariant()
    def what_is_over_is_forgotten(self) -> None:
        state = self.engine.state
        assert len(state.queue) + len(state.arrays) + len(state.occupations) == sum(
            not job.is_over for job in self.jobs.values()
        )

    @invariant()
    def no_array_has_more_on_nodes_than_its_limit(self) -> None:
        placed: dict[int, int] = {}
        for job in self._placed():
            if job.fact.array_id is not None and job.fact.at_once is not None:
                count = placed[job.fact.array_id] = placed.get(job.fact.array_id, 0) + 1
                assert count <= job.fact.at_once

    @invariant()
    def what_is_promised_is_finite_and_of_what_is_placed(self) -> None:
        state = self.engine.state
        promised_wh = state.promises.heat_wh(state.fleet.sites.n_rows)
        assert np.isfinite(promised_wh).all()
        assert (promised_wh > -1e-6).all()
        if not state.occupations:
            assert (promised_wh < 1e-6).all()

    def teardown(self) -> None:
        """Replay the whole history on a fresh engine, bit for bit."""
        fresh = Engine(policy(self.policy_text))
        for facts, now_s, commands in self.log:
            assert fresh.handle(facts, now_s) == commands
        assert fresh.learned() == self.engine.learned()


@pytest.mark.parametrize(
    "policy_text",
    [
        *("coldest", "easy", "round-robin", "qarnot", "recipe", "chaufferie"),
        "chaufferie patience=0",
    ],
)
def test_any_history_is_survived_and_replays_bit_for_bit(policy_text: str) -> None:
    machine = type("Machine", (ClusterMachine,), {"policy_text": policy_text})

    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=50, deadline=None)
    )
