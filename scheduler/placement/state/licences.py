"""Seats of licences: how many there are, how many jobs hold, and for whom some are kept."""

from collections.abc import Iterable, Mapping

from domain.events import JobQueued, LicencesSet
from domain.fleet.licences import Licences, counts_of


class LicenceBook:
    """Seats by licence, and what is held of them; offers count as what runs does."""

    def __init__(self) -> None:
        """Start with none."""
        self.seats: Mapping[str, int] = {}
        self._held: dict[str, int] = {}
        #: Seats that nobody else takes, so that a job that needs many gets its turn; by licence.
        self.kept: Mapping[str, int] = {}
        self.eased: set[str] = set()  #: Those of which seats came back since the last plan.

    def __len__(self) -> int:
        """Licences of which jobs may have any."""
        return len(self.seats)

    def set(self, event: LicencesSet) -> None:
        """Take in how many there are; what runs on more goes on."""
        self.eased |= {*self.seats, *event.seats}
        self.seats = event.seats

    def held(self, name: str) -> int:
        """Seats of a licence that jobs hold."""
        return self._held.get(name, 0)

    def free(self, name: str) -> int:
        """Seats of a licence that nobody holds; below 0 where there are fewer than are held."""
        return self.seats.get(name, 0) - self.held(name)

    def missing(self, licences: Licences) -> list[str]:
        """Those of these licences of which not enough seats are free."""
        return [name for name, count in counts_of(licences).items() if self.free(name) < count]

    def take(self, job: JobQueued) -> None:
        """A job holds its seats from now on."""
        for name, count in counts_of(job.licences).items():
            self._held[name] = self.held(name) + count

    def give_back(self, job: JobQueued) -> None:
        """It holds them no more."""
        for name, count in counts_of(job.licences).items():
            self.eased.add(name)
            self._held[name] -= count
            if not self._held[name]:
                del self._held[name]

    def check(self, held: Iterable[JobQueued]) -> None:
        """Raise where what is counted is not what the jobs on nodes hold."""
        counted = LicenceBook()
        for job in held:
            counted.take(job)
        if counted._held != self._held:
            raise AssertionError("licences count other seats than the jobs on nodes hold")


class LicenceDraft:
    """The same while a plan is being made."""

    def __init__(self, book: LicenceBook) -> None:
        """Begin with what is held now, and with what is kept."""
        self._book = book
        self._taken = dict(book.kept)

    def has_room(self, job: JobQueued) -> bool:
        """Whether as many seats are left as the job takes."""
        if not job.licences:
            return True
        return all(
            self._book.free(name) - self._taken.get(name, 0) >= count
            for name, count in counts_of(job.licences).items()
        )

    def take(self, job: JobQueued) -> None:
        """The plan gives the job its seats, or keeps them for it."""
        for name, count in counts_of(job.licences).items():
            self._taken[name] = self._taken.get(name, 0) + count
