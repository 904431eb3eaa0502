"""The life of a job instance and of its attempts.

Every state and every allowed move stands in this module and nowhere else. The store copies the
two tables into triggers, so that no program, however wrong, can make another move.
"""

from collections.abc import Iterable
from enum import StrEnum


class JobState(StrEnum):
    """Where an instance stands."""

    HELD = "held"  #: A person must release it.
    BLOCKED = "blocked"  #: Waits for another job.
    QUEUED = "queued"  #: May start as soon as a place suits it.
    ASSIGNED = "assigned"  #: Offered to a node that has not claimed it yet.
    RUNNING = "running"  #: Claimed; its process runs, or its lease has not ended.
    PREEMPTED = "preempted"  #: Told to stop for better heat; will queue again.
    CANCELLING = "cancelling"  #: Told to stop by its owner.
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one try of an instance on one node stands."""

    OFFERED = "offered"  #: Assigned by the scheduler, not claimed.
    RUNNING = "running"  #: Claimed by compare-and-set, which is also the start.
    DONE = "done"  #: The program ended with exit code 0.
    FAILED = "failed"  #: The program ended otherwise.
    KILLED = "killed"  #: Stopped by us: cancelled, preempted, over a limit.
    LOST = "lost"  #: Its node or its lease ended; another attempt may run.
    FENCED = "fenced"  #: Reported after it was lost; kept, never billed.


_ENDS = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)

JOB_TRANSITIONS: frozenset[tuple[JobState, JobState]] = frozenset(
    {
        (JobState.HELD, JobState.QUEUED),
        (JobState.HELD, JobState.BLOCKED),
        (JobState.HELD, JobState.CANCELLED),
        (JobState.BLOCKED, JobState.QUEUED),
        (JobState.BLOCKED, JobState.HELD),
        (JobState.BLOCKED, JobState.CANCELLED),
        (JobState.QUEUED, JobState.HELD),
        (JobState.QUEUED, JobState.ASSIGNED),
        (JobState.QUEUED, JobState.CANCELLED),
        (JobState.ASSIGNED, JobState.RUNNING),
        (JobState.ASSIGNED, JobState.QUEUED),
        (JobState.ASSIGNED, JobState.CANCELLED),
        (JobState.RUNNING, JobState.SUCCEEDED),
        (JobState.RUNNING, JobState.FAILED),
        (JobState.RUNNING, JobState.QUEUED),
        (JobState.RUNNING, JobState.HELD),
        (JobState.RUNNING, JobState.CANCELLING),
        (JobState.RUNNING, JobState.PREEMPTED),
        (JobState.PREEMPTED, JobState.QUEUED),
        (JobState.PREEMPTED, JobState.SUCCEEDED),
        (JobState.PREEMPTED, JobState.FAILED),
        (JobState.PREEMPTED, JobState.CANCELLING),
        (JobState.CANCELLING, JobState.CANCELLED),
        (JobState.CANCELLING, JobState.SUCCEEDED),
        (JobState.CANCELLING, JobState.FAILED),
        # A person has what has ended run again.
        *((end, again) for end in _ENDS for again in (JobState.QUEUED, JobState.BLOCKED)),
    }
)

ATTEMPT_TRANSITIONS: frozenset[tuple[AttemptState, AttemptState]] = frozenset(
    {
        (AttemptState.OFFERED, AttemptState.RUNNING),
        (AttemptState.OFFERED, AttemptState.LOST),
        (AttemptState.OFFERED, AttemptState.KILLED),
        (AttemptState.RUNNING, AttemptState.DONE),
        (AttemptState.RUNNING, AttemptState.FAILED),
        (AttemptState.RUNNING, AttemptState.KILLED),
        (AttemptState.RUNNING, AttemptState.LOST),
        (AttemptState.LOST, AttemptState.FENCED),
    }
)

#: They last until a person has the job run again.
FINAL_STATES: frozenset[JobState] = frozenset(_ENDS)

#: An attempt in one of these states holds a node's cores.
HOLDING_STATES: frozenset[JobState] = frozenset(
    {JobState.ASSIGNED, JobState.RUNNING, JobState.PREEMPTED, JobState.CANCELLING}
)


class SchedulingType(StrEnum):
    """What the submitter lets heat do with the job."""

    FLEX = "flex"  #: May wait for heat, may be preempted.
    ON_DEMAND = "ondemand"  #: Soon, anywhere.
    RESERVED = "reserved"  #: As OnDemand, and never preempted.


class EndReason(StrEnum):
    """Why an attempt ended, or why a job ended without one, in the words shown to people."""

    COMPLETED = "completed"
    PROGRAM_FAILED = "program_failed"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"  #: Its standard output or error grew too large.
    DISK_LIMIT = "disk_limit"  #: Its files took too much room.
    CANCELLED = "cancelled"
    QUEUE_LIMIT = "queue_limit"  #: It waited longer than it was to wait.
    DEPENDENCY_NEVER_MET = "dependency_never_met"  #: What it waited for can no longer happen.
    DEADLINE_PASSED = "deadline_passed"  #: Its deadline came while it still waited.
    PREEMPTED = "preempted"
    REQUEUED = "requeued"  #: A person had it stopped to queue again.
    NOT_STARTED = "not_started"  #: The program could not be started at all.
    NOT_CLAIMED = "not_claimed"  #: The node did not take the offer in time.
    NODE_RESTARTED = "node_restarted"
    MEMBER_LOST = "member_lost"  #: Of its several nodes, one that does not run its script.
    LEASE_ENDED = "lease_ended"
    WARDEN_LOST = "warden_lost"
    OVERHEATED = "overheated"


#: Ends that say nothing against the node on which they happened.
INNOCENT_ENDS: frozenset[EndReason] = frozenset({EndReason.PREEMPTED, EndReason.REQUEUED})

#: Ends that are the program's own fault; only these count toward ``max_attempts``.
PROGRAM_FAILURES: frozenset[EndReason] = frozenset(
    {
        EndReason.PROGRAM_FAILED,
        EndReason.TIME_LIMIT,
        EndReason.MEMORY_LIMIT,
        EndReason.OUTPUT_LIMIT,
        EndReason.DISK_LIMIT,
        EndReason.NOT_STARTED,
    }
)


#: What an array that has not ended is said to be: the first of these that any instance is in.
_ARRAY_SHOWN_AS: tuple[tuple[frozenset[JobState], JobState], ...] = (
    (HOLDING_STATES - {JobState.ASSIGNED}, JobState.RUNNING),
    (frozenset({JobState.ASSIGNED}), JobState.ASSIGNED),
    (frozenset({JobState.QUEUED}), JobState.QUEUED),
    (frozenset({JobState.BLOCKED}), JobState.BLOCKED),
    (frozenset({JobState.HELD}), JobState.HELD),
    (frozenset({JobState.FAILED}), JobState.FAILED),
    (frozenset({JobState.CANCELLED}), JobState.CANCELLED),
)


def state_of_array(states: Iterable[JobState]) -> JobState:
    """One word for the instances of an array: the furthest that goes on, else the worst end."""
    there = frozenset(states)
    return next((word for some, word in _ARRAY_SHOWN_AS if some & there), JobState.SUCCEEDED)
