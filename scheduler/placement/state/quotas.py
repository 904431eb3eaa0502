"""What tenants and projects may have on nodes at once, and what they have."""

from collections.abc import Iterable, Mapping

from domain.events import JobQueued, QuotaSet
from scheduler.placement.state.accounts import Account, accounts_of
from scheduler.placement.state.budgets import BudgetBook
from scheduler.placement.state.fleet import FleetTable
from scheduler.placement.state.occupation import Occupation

#: Of cores, where nothing limits them.
NO_LIMIT = 2**62


class QuotaBook:
    """Limits by account, and what is held by it; offers count as what runs does."""

    def __init__(self) -> None:
        """Start with no limit and nothing held."""
        self._limits: dict[Account, QuotaSet] = {}
        self._held: dict[Account, tuple[int, int]] = {}  # instances and cores
        self.budgets = BudgetBook()

    def __len__(self) -> int:
        """Accounts with a limit."""
        return len(self._limits)

    def set(self, event: QuotaSet, held: Iterable[Occupation], fleet: FleetTable) -> bool:
        """Take in a limit; whether other jobs than before must keep it, or otherwise."""
        account = (event.tenant_id, event.project)
        was_limited = account in self._limits
        if event == QuotaSet(tenant_id=event.tenant_id, project=event.project):
            self._limits.pop(account, None)
        else:
            self._limits[account] = event
        is_otherwise_safe = self.budgets.set(event, held, fleet)
        return is_otherwise_safe or was_limited != (account in self._limits)

    def account_of(self, job: JobQueued) -> Account | None:
        """Whose limits the job must keep, the narrower account where both have some."""
        limited = [account for account in accounts_of(job) if account in self._limits]
        return limited[-1] if limited else None

    def take(self, held: Occupation, fleet: FleetTable) -> None:
        """A job is on nodes from now on."""
        self._count(held.job, 1, held.cores)
        self.budgets.take(held, fleet)

    def give_back(self, held: Occupation) -> None:
        """It is there no more."""
        self._count(held.job, -1, -held.cores)
        self.budgets.give_back(held.job)

    def _count(self, job: JobQueued, jobs: int, cores: int) -> None:
        for account in accounts_of(job):
            held_jobs, held_cores = self._held.get(account, (0, 0))
            now = (held_jobs + jobs, held_cores + cores)
            if now == (0, 0):
                del self._held[account]
            else:
                self._held[account] = now

    def room_cores(self, account: Account, taken: Mapping[Account, tuple[int, int]]) -> int:
        """Cores that one more job of the account may take; 0 where none may start.

        ``taken`` is what a plan gave away meanwhile.
        """
        room = NO_LIMIT
        for each in dict.fromkeys(((account[0], ""), account)):
            limit = self._limits.get(each)
            if limit is None:
                continue
            jobs, cores = self._held.get(each, (0, 0))
            more_jobs, more_cores = taken.get(each, (0, 0))
            if limit.is_spent or (limit.jobs is not None and jobs + more_jobs >= limit.jobs):
                return 0
            if limit.cores is not None:
                room = min(room, limit.cores - cores - more_cores)
        return max(room, 0)

    def held(self, job: JobQueued) -> list[tuple[QuotaSet, int, int]]:
        """The limits that a job must keep, each with the instances and cores held under it."""
        return [
            (self._limits[account], *self._held.get(account, (0, 0)))
            for account in accounts_of(job)
            if account in self._limits
        ]

    def check(self, held: Iterable[Occupation]) -> None:
        """Raise where what is counted is not what the jobs on nodes hold."""
        counted, found = QuotaBook(), list(held)
        for one in found:
            counted._count(one.job, 1, one.cores)
        self.budgets.check(found)
        if counted._held != self._held:
            raise AssertionError("quotas count other jobs on nodes than there are")


class QuotaDraft:
    """The same while a plan is being made."""

    def __init__(self, book: QuotaBook) -> None:
        """Begin with what is held now."""
        self._book = book
        self._taken: dict[Account, tuple[int, int]] = {}

    def room_cores(self, job: JobQueued) -> int:
        """Cores that the job may take now; 0 where it may not start."""
        account = self._book.account_of(job) if len(self._book) else None
        return NO_LIMIT if account is None else self._book.room_cores(account, self._taken)

    def take(self, job: JobQueued, cores: int) -> None:
        """The plan gives cores to the job."""
        if len(self._book):
            for account in accounts_of(job):
                jobs, held_cores = self._taken.get(account, (0, 0))
                self._taken[account] = (jobs + 1, held_cores + cores)
