"""What must hold of the live store, each stated beside the query for the rows that break it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select

from store.checks import gang_offenders, ledger_offenders, offenders, statement_offenders
from store.database import Database
from store.engine import leadership
from store.transaction import Transaction

Query = Callable[[Transaction], Select[tuple[int]]]
Look = Callable[[Transaction], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One thing that must hold; ``look`` names what breaks it, at most a handful."""

    name: str
    holds: str  #: The sentence that is true of a sound store.
    look: Look
    #: True where it only holds while a scheduler is at work to make it so.
    needs_scheduler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What looking at one invariant showed; sound where nothing offends."""

    name: str
    holds: str
    offenders: tuple[str, ...] = ()


def look_at_all(database: Database, *, role: str) -> list[Finding]:
    """Look at every invariant; at those that need a scheduler only where one leads in this role."""
    with database.read() as connection:
        tx = Transaction(
            connection=connection,
            now_s=database.now_s(connection),
            locks_rows=not database.is_sqlite,
        )
        is_led = leadership.is_led(tx, role=role)
        return [
            Finding(name=item.name, holds=item.holds, offenders=tuple(item.look(tx)))
            for item in INVARIANTS
            if is_led or not item.needs_scheduler
        ]


def _numbered(what: str, query: Query) -> Look:
    def look(tx: Transaction) -> list[str]:
        found = tx.connection.execute(query(tx).limit(offenders.MOST_EXAMPLES)).scalars()
        return [f"{what} {number}" for number in found]

    return look


def _of_jobs(name: str, holds: str, query: Query) -> Invariant:
    return Invariant(name=name, holds=holds, look=_numbered("job", query))


def _of_a_working_scheduler(name: str, holds: str, what: str, query: Query) -> Invariant:
    return Invariant(name=name, holds=holds, look=_numbered(what, query), needs_scheduler=True)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        name="file",
        holds="The database file is whole and every reference in it leads somewhere.",
        look=offenders.damaged,
    ),
    Invariant(
        name="triggers",
        holds="The database itself refuses every move between states that is not allowed.",
        look=offenders.triggers_differ,
    ),
    _of_jobs(
        "one-current-attempt",
        "A job has at most one attempt that is offered or running.",
        offenders.two_current_attempts,
    ),
    _of_jobs(
        "placed-job-has-its-attempt",
        "A job that holds a node has its newest attempt open on that node.",
        offenders.current_attempt_is_wrong,
    ),
    _of_jobs(
        "open-attempt-has-its-job",
        "An open attempt is the newest of a job that holds a node.",
        offenders.open_attempt_without_job,
    ),
    _of_jobs(
        "gang-is-whole",
        "A running job of several nodes has all of them, at one site.",
        gang_offenders.gang_not_whole,
    ),
    _of_jobs(
        "gang-ends-together",
        "No attempt is over while a node of it may still run a part of it.",
        gang_offenders.member_of_nothing,
    ),
    _of_jobs(
        "attempts-without-gap",
        "The attempts of a job are numbered from 1 to its newest.",
        offenders.attempts_with_gap,
    ),
    _of_jobs(
        "no-overlap",
        "No two attempts of a job ran at the same time.",
        offenders.overlapping,
    ),
    _of_jobs(
        "succeeded-once",
        "A job succeeded if and only if exactly one attempt of it is done and billed, save where a "
        "person had it run again.",
        offenders.succeeded_not_once,
    ),
    _of_jobs(
        "billed-once",
        "Every attempt that ran and was reported is billed; lost and fenced ones are not.",
        offenders.usage_is_wrong,
    ),
    _of_jobs(
        "bill-has-its-attempt",
        "Everything billed belongs to an attempt.",
        offenders.usage_without_attempt,
    ),
    _of_jobs(
        "failures-counted",
        "Only failures of the program count toward the tries a job has.",
        offenders.failures_miscounted,
    ),
    _of_jobs(
        "ends-and-leases",
        "Exactly the ended jobs have an end, and exactly the placed ones have a lease.",
        offenders.end_is_wrong,
    ),
    _of_jobs(
        "job-has-instance",
        "Every job that was accepted has something to run.",
        offenders.job_without_instance,
    ),
    _of_jobs(
        "array-is-whole",
        "An array has one instance for each of its indexes.",
        offenders.array_not_whole,
    ),
    _of_jobs(
        "array-limit",
        "No array has more instances on nodes than its limit lets run at once.",
        offenders.array_over_limit,
    ),
    _of_jobs(
        "blocked-waits",
        "Every blocked job waits for something that may still happen.",
        offenders.blocked_for_nothing,
    ),
    _of_jobs(
        "dependency-decided",
        "What a job waited for is decided as soon as all it is about has ended.",
        offenders.condition_forgotten,
    ),
    _of_jobs(
        "placement-has-reason",
        "The decision behind every attempt is on record.",
        offenders.attempt_without_reason,
    ),
    Invariant(
        name="stored-bytes-counted",
        holds="What counts toward a tenant's quota of stored bytes is the sum of its files.",
        look=_numbered("tenant", offenders.stored_bytes_miscounted),
    ),
    Invariant(
        name="usage-summed",
        holds="What budgets are held against is the sum of what was billed.",
        look=offenders.usage_miscounted,
    ),
    _of_a_working_scheduler(
        "leases-end",
        "No lease is long over and still held.",
        "job",
        offenders.lease_forgotten,
    ),
    _of_a_working_scheduler(
        "waiting-ends",
        "No job waits for long past its deadline, or past its longest time in the queue.",
        "job",
        offenders.waits_for_ever,
    ),
    _of_a_working_scheduler(
        "log-consumed",
        "The engine has seen every event of more than a minute ago.",
        "event",
        offenders.event_not_consumed,
    ),
    _of_a_working_scheduler(
        "outbox-sent",
        "Every message of more than two minutes ago was sent or dropped as stale.",
        "message",
        offenders.message_not_sent,
    ),
    Invariant(
        name="ledger-chain",
        holds="Every sealed month of a meter is what its digest says, and follows the one before.",
        look=ledger_offenders.broken_chains,
    ),
    Invariant(
        name="ledger-closings",
        holds="The closed months of a site have no hole, and each is what its digest says.",
        look=ledger_offenders.wrong_closings,
    ),
    Invariant(
        name="ledger-lines",
        holds="The lines of closed months are those that were sealed.",
        look=ledger_offenders.changed_lines,
    ),
    Invariant(
        name="heat-shared",
        holds="The shares of each interval add up to what the meters counted.",
        look=ledger_offenders.shares_that_do_not_add_up,
    ),
    Invariant(
        name="ledger-rows",
        holds="No sealed row was added or lost but by pruning.",
        look=ledger_offenders.miscounted_rows,
    ),
    Invariant(
        name="statement-numbers",
        holds="Each series of statements or invoices holds every number from 1 to its last.",
        look=statement_offenders.series_with_gaps,
    ),
    Invariant(
        name="statement-months",
        holds="No month of a contract has two statements that hold.",
        look=statement_offenders.twice_billed,
    ),
    Invariant(
        name="statement-digests",
        holds="Every statement that was issued is what its digest says.",
        look=statement_offenders.other_digests,
    ),
    Invariant(
        name="invoice-digests",
        holds="Every invoice that was issued is what its digest says.",
        look=statement_offenders.other_invoices,
    ),
    Invariant(
        name="simulated-readings-marked",
        holds="A meter whose readings are simulated is marked as simulated.",
        look=_numbered("meter", offenders.simulated_as_real),
    ),
    Invariant(
        name="simulated-nodes-marked",
        holds="Every meter of a simulated node is marked as simulated.",
        look=offenders.node_simulated_meter_not,
    ),
)
