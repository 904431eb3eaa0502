"""The last run of the engine, run again from its log: it must give the same orders, bit for bit."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain import wire
from domain.refusal import Refused
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.registry import policy_named
from scheduler.placement.state.invariants import check_invariants
from store.database import Database
from store.engine import event_log
from store.engine.event_log import EngineRun, LoggedBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What running the log again showed."""

    run: EngineRun
    batches: int
    events: int
    commands: int
    #: The first batch after which the engine answered otherwise; None = the same throughout.
    differs_at: int | None
    logged: str = ""  #: What was decided there, and what the engine says now.
    replayed: str = ""
    books: str | None = None  #: Where the engine's own books disagree at the end.


def replay_last_run(database: Database) -> Replay | Refused:
    """Run the newest run in this database again, by its own policy."""
    with database.read() as connection:
        run = event_log.last_run(connection)
        if run is None:
            return Refused(
                code="replay.empty",
                sentence="No engine has run on this database yet; start the scheduler first.",
            )
        if run.version != ENGINE_VERSION:
            return Refused(
                code="replay.version",
                sentence=(
                    f"The last run was made by engine {run.version}, this is {ENGINE_VERSION}; "
                    "start the scheduler once, then replay its run."
                ),
            )
        policy = policy_named(run.policy)
        if isinstance(policy, Refused):
            return policy
        return replay(run, policy, event_log.batches(connection, run.first_batch))


def replay(run: EngineRun, policy: Policy, batches: Iterable[LoggedBatch]) -> Replay:
    """Feed the logged batches to a fresh engine; stops where it first answers otherwise."""
    engine = Engine(policy)
    n_batches = n_events = n_commands = 0
    for batch in batches:
        commands = engine.handle(batch.events, batch.now_s)
        n_batches += 1
        n_events += len(batch.events)
        n_commands += len(commands)
        text = wire.dumps([wire.command_to_plain(command) for command in commands])
        if text != batch.commands:
            return Replay(
                run=run,
                batches=n_batches,
                events=n_events,
                commands=n_commands,
                differs_at=batch.batch,
                logged=batch.commands,
                replayed=text,
            )
    return Replay(
        run=run,
        batches=n_batches,
        events=n_events,
        commands=n_commands,
        differs_at=None,
        books=_check_books(engine),
    )


def _check_books(engine: Engine) -> str | None:
    try:
        check_invariants(engine.state)
    except AssertionError as error:
        return str(error)
    return None
