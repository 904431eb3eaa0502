"""What an attempt holds while it is offered or runs."""

from dataclasses import dataclass

from domain.events import JobQueued


@dataclass(frozen=True, slots=True)
class Share:
    """What an attempt holds of one node."""

    row: int
    cores: int
    gpus: int
    allocation: int  #: Row in the allocations.


@dataclass(slots=True)
class Occupation:
    """An offered or running attempt, as the engine accounts for it."""

    job: JobQueued
    attempt: int
    shares: tuple[Share, ...]  #: Of each of its nodes, the one that runs its script first.
    since_s: float
    promise: int  #: Row in the promises.
    is_running: bool = False
    is_stopping: bool = False  #: Told to stop for better heat.

    @property
    def row(self) -> int:
        """Of the node that runs its script."""
        return self.shares[0].row

    @property
    def cores(self) -> int:
        """Cores that it holds, of all its nodes."""
        return sum(share.cores for share in self.shares)

    def cores_on(self, row: int) -> int:
        """Cores that it holds of one node."""
        return sum(share.cores for share in self.shares if share.row == row)
