"""Which licences a job waits for, in words."""

from collections.abc import Callable, Sequence

from domain.events import JobQueued
from domain.fleet.licences import counts_of
from scheduler.placement.state.licences import LicenceBook

WAITING_FOR_LICENCES = "waiting_for_licences"
NO_SUCH_LICENCE = "no_such_licence"


def why_no_licence(
    book: LicenceBook,
    job: JobQueued,
    ahead: Sequence[JobQueued],
    is_due: Callable[[JobQueued], bool],
) -> tuple[str, str] | None:
    """Where seats are missing, or are kept for a job that is due and whose turn comes first."""
    counts = counts_of(job.licences)
    for name, count in counts.items():
        if book.seats.get(name, 0) < count:
            return NO_SUCH_LICENCE, (
                f"It takes {_seats(count)} of the licence {name}, of which there are "
                f"{book.seats.get(name, 0)} now; ask the operator, or cancel it."
            )
    for name in book.missing(job.licences):
        return WAITING_FOR_LICENCES, (
            f"It takes {_seats(counts[name])} of the licence {name}; {book.held(name)} of "
            f"{book.seats[name]} are in use, and it starts when enough have come back."
        )
    for other in ahead:
        short = book.missing(other.licences)
        shared = [name for name in short if name in counts]
        if shared and is_due(other):
            return WAITING_FOR_LICENCES, (
                f"What is free of the licence {shared[0]} is kept for job {other.instance_id}, "
                f"which is ahead of it and takes {_seats(counts_of(other.licences)[shared[0]])}."
            )
    return None


def _seats(count: int) -> str:
    return "1 seat" if count == 1 else f"{count} seats"
