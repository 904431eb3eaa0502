"""What tenants and their projects took of late, and how far that puts them back.

Core time counts half as much with each half-life that passes. A tenant that took its share of what
all took stands at one half, one that took nothing at 1: ``2 ** -(taken / share)``, as in Slurm's
classic multifactor priority; a project stands likewise among those of its tenant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

K = TypeVar("K")
#: A tenant, and one of its projects; the project is empty where a job names none.
Account = tuple[int, str]

_DEFAULT_SHARE = 1.0
#: Less than this is not worth carrying over to the next run [core-seconds].
_LEAST_KEPT_CORE_S = 1.0


@dataclass(slots=True)
class _Taken:
    """Of one account."""

    ended_core_s: float = 0.0  #: As it counted at ``at_s``.
    at_s: float = 0.0
    n_running: int = 0
    running_cores: int = 0
    #: Sum of cores times start over what runs: what it took by now follows from it.
    started_core_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where every account stands, 0 to 1: the more it took of late, the lower."""

    tenant_frac: Mapping[int, float]
    project_frac: Mapping[Account, float]


class FairShare:
    """Core time of all accounts, kept up to date by each start and end."""

    def __init__(self) -> None:
        """Start with nothing taken."""
        self._accounts: dict[Account, _Taken] = {}

    def begin(self, account: Account, cores: int, now_s: float) -> None:
        """Some of its cores are busy from now on."""
        taken = self._accounts.setdefault(account, _Taken())
        taken.n_running += 1
        taken.running_cores += cores
        taken.started_core_s += cores * now_s

    def finish(self, account: Account, cores: int, since_s: float) -> None:
        """They are busy no more; what they took is told by `add`."""
        taken = self._accounts[account]
        taken.n_running -= 1
        taken.running_cores -= cores
        # Sums of many starts are rounded: what is left of them must not stay for ever.
        taken.started_core_s = taken.started_core_s - cores * since_s if taken.n_running else 0.0

    def add(self, account: Account, core_s: float, at_s: float, half_life_s: float) -> None:
        """It took this much, up to this moment."""
        taken = self._accounts.setdefault(account, _Taken())
        later_s = max(at_s, taken.at_s)
        taken.ended_core_s = _faded(taken.ended_core_s, later_s - taken.at_s, half_life_s)
        taken.ended_core_s += _faded(core_s, later_s - at_s, half_life_s)
        taken.at_s = later_s

    def taken_core_s(self, account: Account, now_s: float, half_life_s: float) -> float:
        """What counts against it by now, of what runs as of what ended."""
        taken = self._accounts.get(account)
        if taken is None:
            return 0.0
        ended_core_s = _faded(taken.ended_core_s, now_s - taken.at_s, half_life_s)
        return ended_core_s + max(taken.running_cores * now_s - taken.started_core_s, 0.0)

    def standing(
        self, now_s: float, half_life_s: float, shares: Mapping[str, float], least_core_s: float
    ) -> Standing:
        """Where every account stands now.

        ``shares`` are parts by ``TENANT_ID`` and ``TENANT_ID/PROJECT``, among those that took
        anything of late; whoever is not named stands at 1. What was taken is measured against what
        all took, but at least against ``least_core_s``: a first job of a minute must not put its
        tenant behind everybody else.
        """
        by_tenant: dict[int, dict[Account, float]] = {}
        for account in sorted(self._accounts):
            core_s = self.taken_core_s(account, now_s, half_life_s)
            if core_s > 0.0:
                by_tenant.setdefault(account[0], {})[account] = core_s
        tenants = {tenant_id: sum(its.values()) for tenant_id, its in by_tenant.items()}
        parts = {tenant_id: shares.get(str(tenant_id), _DEFAULT_SHARE) for tenant_id in tenants}
        projects: dict[Account, float] = {}
        for its in by_tenant.values():
            wanted = {item: shares.get(f"{item[0]}/{item[1]}", _DEFAULT_SHARE) for item in its}
            projects.update(_stand(its, wanted, least_core_s))
        return Standing(tenant_frac=_stand(tenants, parts, least_core_s), project_frac=projects)

    def to_plain(self) -> list[list[Any]]:
        """What ended, as JSON values; what runs is known again when its job is."""
        return [
            [*account, taken.ended_core_s, taken.at_s]
            for account, taken in sorted(self._accounts.items())
            if taken.ended_core_s >= _LEAST_KEPT_CORE_S
        ]

    def restore(self, plain: Sequence[Sequence[Any]], half_life_s: float) -> None:
        """Take up what `to_plain` gave."""
        for tenant_id, project, core_s, at_s in plain:
            self.add((int(tenant_id), str(project)), float(core_s), float(at_s), half_life_s)


def _faded(core_s: float, after_s: float, half_life_s: float) -> float:
    """What is left of it after so long."""
    return core_s * 0.5 ** (max(after_s, 0.0) / half_life_s) if core_s else 0.0


def _stand(
    taken: Mapping[K, float], parts: Mapping[K, float], least_core_s: float
) -> dict[K, float]:
    all_core_s, all_parts = max(sum(taken.values()), least_core_s, 1.0), sum(parts.values())
    return {
        key: 0.5 ** ((core_s / all_core_s) / (parts[key] / all_parts))
        for key, core_s in taken.items()
    }
