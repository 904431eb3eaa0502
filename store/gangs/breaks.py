"""What ends an attempt of several nodes for all of them."""

from domain.jobs.job import EndReason

#: Ends of a member that are the program's own doing; any other means that its node was lost.
OWN_ENDS: frozenset[EndReason] = frozenset(
    {
        EndReason.TIME_LIMIT,
        EndReason.MEMORY_LIMIT,
        EndReason.OUTPUT_LIMIT,
        EndReason.DISK_LIMIT,
    }
)
#: Why a running attempt of several nodes has to stop, as it stands with its instance meanwhile.
BREAKS: frozenset[str] = frozenset({EndReason.MEMBER_LOST.value, *(end.value for end in OWN_ENDS)})
