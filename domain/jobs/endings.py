"""What each end means to the person whose job it was, in words."""

from collections.abc import Mapping

from domain.jobs.job import EndReason

END_SENTENCES: Mapping[EndReason, str] = {
    EndReason.COMPLETED: "The program ended with exit code 0.",
    EndReason.PROGRAM_FAILED: "The program ended with an error; look at its output.",
    EndReason.TIME_LIMIT: "It ran longer than its time limit; ask for more with --time.",
    EndReason.MEMORY_LIMIT: "It used more memory than it asked for; ask for more with --mem.",
    EndReason.OUTPUT_LIMIT: "It printed more than its node keeps; write to files, or print less.",
    EndReason.DISK_LIMIT: "Its files took more room than its node gives; write less.",
    EndReason.CANCELLED: "It was cancelled.",
    EndReason.QUEUE_LIMIT: "It waited for as long as --max-queue-time let it, and did not start.",
    EndReason.DEPENDENCY_NEVER_MET: "What it waited for can no longer happen.",
    EndReason.DEADLINE_PASSED: "Its deadline came before it could start; give it more time.",
    EndReason.REQUEUED: "It was stopped by a person, to queue again.",
    EndReason.PREEMPTED: "It was stopped for better heat and queues again.",
    EndReason.NOT_STARTED: "The program could not be started; check its name and its #! line.",
    EndReason.NOT_CLAIMED: "The node did not take it in time.",
    EndReason.NODE_RESTARTED: "Its node restarted.",
    EndReason.MEMBER_LOST: "One of its nodes was lost, and it ran on all of them together.",
    EndReason.LEASE_ENDED: "Its node was not heard of for longer than the job allows.",
    EndReason.WARDEN_LOST: "The process that watched it on the node was lost.",
    EndReason.OVERHEATED: "Its boiler became too hot and was stopped.",
}


def describe_reason(reason: str | None) -> str | None:
    """The sentence for a reason as stored; as it stands where it is none of ours."""
    if reason is None:
        return None
    if reason in set(EndReason):
        return END_SENTENCES[EndReason(reason)]
    return f"It is {reason.replace('_', ' ')}."
