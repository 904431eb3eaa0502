from domain.jobs.job import (
    ATTEMPT_TRANSITIONS,
    FINAL_STATES,
    HOLDING_STATES,
    JOB_TRANSITIONS,
    PROGRAM_FAILURES,
    AttemptState,
    EndReason,
    JobState,
)

#: What becomes of a job without a person who has it run again after its end.
BY_ITSELF = {(before, after) for before, after in JOB_TRANSITIONS if before not in FINAL_STATES}


def _reachable(start: JobState) -> set[JobState]:
    found, new = {start}, {start}
    while new:
        new = {after for before, after in BY_ITSELF if before in new} - found
        found |= new
    return found


def test_nothing_leaves_a_final_state_by_itself_and_everything_else_can_be_left() -> None:
    assert {state for state in JobState if len(_reachable(state)) == 1} == FINAL_STATES


def test_what_ended_may_only_queue_again_or_wait_for_others() -> None:
    again = {(before, after) for before, after in JOB_TRANSITIONS if before in FINAL_STATES}

    assert again == {
        (end, after) for end in FINAL_STATES for after in (JobState.QUEUED, JobState.BLOCKED)
    }


def test_every_job_that_has_not_ended_can_still_be_cancelled() -> None:
    stuck = {state for state in JobState if JobState.CANCELLED not in _reachable(state)}

    assert stuck == {JobState.SUCCEEDED, JobState.FAILED}


def test_every_state_can_come_about() -> None:
    first = {JobState.HELD, JobState.BLOCKED, JobState.QUEUED}

    assert set.union(*(_reachable(state) for state in first)) == set(JobState)


def test_a_job_reaches_a_node_only_by_an_offer() -> None:
    entries = {
        (before, after)
        for before, after in JOB_TRANSITIONS
        if before not in HOLDING_STATES and after in HOLDING_STATES
    }

    assert entries == {(JobState.QUEUED, JobState.ASSIGNED)}


def test_only_a_program_that_ran_can_succeed() -> None:
    before_success = {a for a, b in JOB_TRANSITIONS if b is JobState.SUCCEEDED}

    assert before_success == {JobState.RUNNING, JobState.PREEMPTED, JobState.CANCELLING}


def test_what_was_lost_can_only_be_fenced_and_never_be_done() -> None:
    assert {b for a, b in ATTEMPT_TRANSITIONS if a is AttemptState.LOST} == {AttemptState.FENCED}


def test_losing_a_node_is_not_the_programs_fault() -> None:
    ours = {
        EndReason.NOT_CLAIMED,
        EndReason.NODE_RESTARTED,
        EndReason.LEASE_ENDED,
        EndReason.WARDEN_LOST,
        EndReason.OVERHEATED,
        EndReason.PREEMPTED,
        EndReason.CANCELLED,
    }

    assert not ours & PROGRAM_FAILURES
