"""People under any history: they submit jobs and arrays, also such that wait, and steer them."""

from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from domain.sbatch.change import Change, parse_change
from domain.sbatch.dependencies import DependencyKind
from store.dependencies.targets import NewCondition
from store.jobs import array_steering, job_lists
from store.jobs.modifying import modify
from store.transaction import Transaction
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene

TOLERANCE_S = 60
CORES = 8
#: What must be true of every job waited for before one that waits so may start.
FULFILLED = {
    DependencyKind.AFTER_OK: frozenset({JobState.SUCCEEDED}),
    DependencyKind.AFTER_NOT_OK: frozenset({JobState.FAILED, JobState.CANCELLED}),
    DependencyKind.AFTER_ANY: FINAL_STATES,
}


class SubmittingMachine(RuleBasedStateMachine):
    """The jobs of one store; what runs them is added by others."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.jobs: list[int] = []
        self.arrays: list[int] = []
        self.submitted: list[int] = []  # as people name them: singles and whole arrays
        #: By instance: what it waits for, and whether one of it suffices.
        self.waits: dict[int, tuple[list[tuple[DependencyKind, int]], bool]] = {}

    @rule(
        cores=st.integers(1, CORES),
        max_attempts=st.integers(1, 2),
        requeue=st.sampled_from([None, False]),
        n_nodes=st.sampled_from([1, 1, 2]),
    )
    def submit(self, cores: int, max_attempts: int, n_nodes: int, *, requeue: bool | None) -> None:
        spec = job_spec(
            resources=Resources(cores=-(-cores // n_nodes), nodes=n_nodes),
            max_attempts=max_attempts,
            requeue=requeue,
            disconnect_tolerance_s=TOLERANCE_S,
        )
        self.jobs.append(self.scene.submit(spec, key=f"job-{len(self.jobs)}"))
        self.submitted.append(self.jobs[-1])

    @rule(
        count=st.integers(1, 4),
        at_once=st.one_of(st.none(), st.integers(1, 2)),
        cores=st.integers(1, 3),
    )
    def submit_array(self, count: int, at_once: int | None, cores: int) -> None:
        limit = "" if at_once is None else f"%{at_once}"
        spec = job_spec(
            cores=cores,
            array=array_spec(f"0-{count - 1}{limit}"),
            disconnect_tolerance_s=TOLERANCE_S,
        )
        job_id = self.scene.submit(spec, key=f"job-{len(self.jobs)}")
        self.jobs += range(job_id + 1, job_id + 1 + count)
        self.arrays.append(job_id)
        self.submitted.append(job_id)

    @precondition(lambda self: self.submitted)
    @rule(
        data=st.data(),
        kinds=st.lists(st.sampled_from(DependencyKind), min_size=1, max_size=2),
        any_suffices=st.booleans(),
        count=st.one_of(st.none(), st.integers(1, 3)),
    )
    def submit_after(
        self,
        data: st.DataObject,
        kinds: list[DependencyKind],
        count: int | None,
        *,
        any_suffices: bool,
    ) -> None:
        """A job or an array that waits for some of those before it, also elements of arrays."""
        names = st.sampled_from([*self.submitted, *self.jobs])
        meant = [(kind, data.draw(names)) for kind in kinds]
        spec = job_spec(
            array=None if count is None else array_spec(f"0-{count - 1}"),
            disconnect_tolerance_s=TOLERANCE_S,
        )
        is_alone = DependencyKind.SINGLETON
        conditions = tuple(
            NewCondition(kind=kind, number=None if kind is is_alone else number)
            for kind, number in meant
        )
        item = replace(
            self.scene.submission(spec, key=f"job-{len(self.jobs)}"),
            conditions=conditions,
            any_suffices=any_suffices,
        )
        (answer,) = self.scene.submit_all([item])
        if isinstance(answer, Refused):  # Element by element goes between arrays that match.
            assert DependencyKind.AFTER_CORR in kinds
            return
        fresh = (
            [answer.job_id]
            if count is None
            else range(answer.job_id + 1, answer.job_id + 1 + count)
        )
        self.jobs += fresh
        self.submitted.append(answer.job_id)
        self.arrays += [] if count is None else [answer.job_id]
        self.waits |= dict.fromkeys(fresh, (meant, any_suffices))

    @precondition(lambda self: self.arrays)
    @rule(data=st.data(), last=st.integers(0, 3))
    def cancel_some(self, data: st.DataObject, last: int) -> None:
        target = self.scene.target(str(data.draw(st.sampled_from(self.arrays))))
        part = replace(target, wanted=array_spec(f"0-{last}"))
        with self.scene.store.transaction() as tx:
            array_steering.cancel(tx, part, "test")

    @precondition(lambda self: self.arrays)
    @rule(data=st.data())
    def hold_and_release(self, data: st.DataObject) -> None:
        target = self.scene.target(str(data.draw(st.sampled_from(self.arrays))))
        for steer in (array_steering.hold, array_steering.release):
            with self.scene.store.transaction() as tx:
                steer(tx, target, "test")

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), cores=st.integers(1, CORES), limit_min=st.integers(1, 300))
    def modify(self, data: st.DataObject, cores: int, limit_min: int) -> None:
        """Whatever state it is in: it is changed, or refused and stays as it was."""
        target = self.scene.found(str(data.draw(st.sampled_from(self.jobs))))
        words = data.draw(
            st.sampled_from([[f"--cpus-per-task={cores}"], [f"--time={limit_min}"], ["-Jother"]])
        )
        with self.scene.store.transaction() as tx:
            modify(tx, target, partial(_changing, words), "test")

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.scene.cancel(data.draw(st.sampled_from(self.jobs)))

    def may_start(self, number: int) -> None:
        """What it waited for has happened; ends are for ever, so this still shows."""
        meant, any_suffices = self.waits.get(number, ([], False))
        with self.scene.database.read() as connection:
            states = job_lists.states(connection, [on for _, on in meant], self.scene.tenant_id)
        known = [JobState(states[on]) in FULFILLED[kind] for kind, on in meant if kind in FULFILLED]
        others = len(meant) - len(known)  # Of these no state tells.
        assert (any_suffices and others) or not known or (any if any_suffices else all)(known)


def _changing(words: list[str], tx: Transaction, before: JobSpec, _: int) -> Change | Refused:
    return parse_change(words, before, now_s=tx.now_s)
