"""A store with a tenant, sites and nodes, spoken to as API, scheduler and agents would."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from domain.commands import AssignAttempt, PreemptAttempt, Why
from domain.events import Event
from domain.fleet.node import NodeSpec, SiteSpec
from domain.jobs.delivery import AttemptKey, Completion, CompletionResult
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_ref import parse_job_ref
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.access import keys
from store.attempts import assignments, claims, completions, reconcile
from store.attempts.claims import Handed, Pulse
from store.engine import event_log
from store.fleet import nodes
from store.jobs import job_lists, job_refs, job_steering, jobs
from store.jobs.job_refs import Single, Target
from store.jobs.new_job import Accepted, NewJob
from store.notices.noting import note_changes
from store.tables.jobs import attempt, instance, job_usage
from store.transaction import Store
from tests.support.builders import job_spec, node_spec
from tests.support.clock import ClockedDatabase, SetClock
from tests.support.wakeups import SilentWakeups


class Scene:
    """One test's world."""

    def __init__(self, url: str) -> None:
        self.clock = SetClock()
        self.database = ClockedDatabase(url, self.clock)
        self.store = Store(self.database, SilentWakeups(), note_changes)
        with self.store.transaction() as tx:
            self.tenant_id = keys.add_tenant(tx, "lab", "test")
        self._batch = 0

    def site(self, name: str = "pool") -> int:
        """A place whose water is heated."""
        with self.store.transaction() as tx:
            site_id = nodes.add_site(tx, SiteSpec(name=name, storage_wh_per_k=500.0), "test")
        assert isinstance(site_id, int)
        return site_id

    def node(
        self,
        name: str = "boiler",
        spec: NodeSpec | None = None,
        *,
        up: bool = True,
        site_id: int | None = None,
    ) -> int:
        """A node, enrolled at a site of its own unless another is named."""
        site_id = self.site(name) if site_id is None else site_id
        with self.store.transaction() as tx:
            nodes.add_enrolment(
                tx, token=name, site_id=site_id, node_name=name, ttl_s=60.0, actor="test"
            )
            enrolled = nodes.enrol(tx, name, spec or node_spec())
            assert not isinstance(enrolled, Refused)
            if up:
                nodes.declare(tx, enrolled.node_id, spec or node_spec())
        return enrolled.node_id

    def submission(self, spec: JobSpec | None = None, key: str | None = None) -> NewJob:
        return NewJob(
            tenant_id=self.tenant_id,
            key_id=None,
            idempotency_key=key,
            spec=spec or job_spec(),
        )

    def submit_all(self, items: Sequence[NewJob]) -> list[Accepted | Refused]:
        with self.store.transaction() as tx:
            return jobs.submit(tx, items)

    def submit(self, spec: JobSpec | None = None, key: str | None = None) -> int:
        """One accepted job's id."""
        answer = self.submit_all([self.submission(spec, key)])[0]
        assert isinstance(answer, Accepted)
        return answer.job_id

    def assign(
        self, job_id: int, node_id: int, attempt_number: int = 1, member_ids: Sequence[int] = ()
    ) -> int:
        """Offer an attempt, with its decision on record; the number of offers made."""
        order = AssignAttempt(
            instance_id=job_id,
            attempt=attempt_number,
            node_id=node_id,
            member_ids=tuple(member_ids),
            why=Why(code="test"),
        )
        self._batch += 1
        with self.store.transaction() as tx:
            event_log.log_batch(
                tx, batch=self._batch, now_s=tx.now_s, consumed=[], commands=[order]
            )
            return assignments.assign(tx, [order], self._batch)

    def claim(
        self,
        node_id: int,
        boot_id: str = "boot-1",
        holding: Sequence[AttemptKey] = (),
        stopping: Sequence[AttemptKey] = (),
        free_cores: int = 8,
        sharing: Mapping[AttemptKey, str | None] | None = None,
    ) -> Handed:
        with self.store.transaction() as tx:
            return claims.claim(
                tx,
                node_id=node_id,
                boot_id=boot_id,
                holding=set(holding),
                stopping=set(stopping),
                free_cores=free_cores,
                total_cores=8,
                sharing=sharing or {},
            )

    def run_all(self, numbers: Sequence[int], node_id: int) -> None:
        """These run, each once and well, in one transaction for each step."""
        orders = [
            AssignAttempt(instance_id=number, attempt=1, node_id=node_id, why=Why(code="test"))
            for number in numbers
        ]
        self._batch += 1
        with self.store.transaction() as tx:
            event_log.log_batch(tx, batch=self._batch, now_s=tx.now_s, consumed=[], commands=orders)
            assignments.assign(tx, orders, self._batch)
        handed = self.claim(node_id, free_cores=len(numbers))
        done = [
            Completion(key=item.key, boot_id="boot-1", reason=EndReason.COMPLETED, exit_code=0)
            for item in handed.claimed
        ]
        with self.store.transaction() as tx:
            completions.complete(tx, node_id, done)

    def running(
        self, node_id: int, spec: JobSpec | None = None, boot_id: str = "boot-1"
    ) -> AttemptKey:
        """A job of which this node runs the first attempt."""
        job_id = self.submit(spec)
        self.assign(job_id, node_id)
        handed = self.claim(node_id, boot_id)
        key = AttemptKey(instance_id=job_id, attempt=1)
        assert key in {item.key for item in handed.claimed}
        return key

    def heartbeat(
        self,
        node_id: int,
        boot_id: str = "boot-1",
        holding: Sequence[AttemptKey] = (),
        spooled: Sequence[AttemptKey] = (),
        sharing: Sequence[AttemptKey] = (),
    ) -> Pulse:
        with self.store.transaction() as tx:
            return claims.heartbeat(
                tx,
                node_id=node_id,
                boot_id=boot_id,
                holding=set(holding),
                spooled=set(spooled),
                status="{}",
                sharing=set(sharing),
            )

    def report(
        self,
        node_id: int,
        key: AttemptKey,
        reason: EndReason = EndReason.COMPLETED,
        boot_id: str = "boot-1",
        **fields: Any,  # noqa: ANN401 - any field of a completion
    ) -> CompletionResult:
        exit_code = 0 if reason is EndReason.COMPLETED else 1
        completion = Completion(
            key=key,
            boot_id=boot_id,
            reason=reason,
            **{"exit_code": exit_code, "wall_s": 10.0, "cpu_s": 5.0, **fields},
        )
        with self.store.transaction() as tx:
            return completions.complete(tx, node_id, [completion])[0]

    def cancel(self, job_id: int) -> JobState | None:
        with self.store.transaction() as tx:
            return job_steering.cancel(tx, job_id, self.tenant_id, "test")

    def target(self, name: str) -> Target:
        """An array, or elements of one, by name."""
        found = self.found(name)
        assert isinstance(found, Target), found
        return found

    def found(self, name: str) -> Single | Target:
        """What a name stands for."""
        ref = parse_job_ref(name)
        assert ref is not None
        with self.database.read() as connection:
            found = job_refs.find(connection, ref, self.tenant_id)
        assert not isinstance(found, Refused), found
        return found

    def preempt(self, key: AttemptKey, node_id: int) -> int:
        order = PreemptAttempt(
            instance_id=key.instance_id,
            attempt=key.attempt,
            node_id=node_id,
            why=Why(code="test"),
        )
        with self.store.transaction() as tx:
            return assignments.preempt(tx, [order])

    def reconcile(self) -> int:
        with self.store.transaction() as tx:
            return reconcile.lose_expired(tx)

    def events(self) -> list[Event]:
        """Every event that no engine has seen, oldest first."""
        with self.store.transaction() as tx:
            return [item.event for item in event_log.unconsumed(tx, None)]

    def states(self, job_id: int) -> dict[str, int]:
        """How many instances of an array are in each state."""
        with self.database.read() as connection:
            counts: dict[str, int] = job_lists.array_row(connection, job_id)["counts"]
        return counts

    def state(self, job_id: int) -> JobState:
        return JobState(self.instance(job_id)["state"])

    def instance(self, job_id: int) -> dict[str, Any]:
        with self.database.read() as connection:
            row = connection.execute(select(instance).where(instance.c.id == job_id)).one()
            return dict(row._mapping)

    def attempt_state(self, key: AttemptKey) -> str:
        statement = select(attempt.c.state).where(
            attempt.c.instance_id == key.instance_id, attempt.c.attempt == key.attempt
        )
        with self.database.read() as connection:
            return str(connection.execute(statement).scalar_one())

    def usage(self) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(select(job_usage))]

    def close(self) -> None:
        self.database.close()
