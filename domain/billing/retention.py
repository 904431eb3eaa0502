"""How much is kept of tenants' files, and for how long."""

from dataclasses import dataclass

from domain.billing.quota import Quota, stored_bytes_quota
from domain.units import BYTES_PER_GIB, DAY_S

DEFAULT_STORED_GIB = 100.0
DEFAULT_INPUTS_KEPT_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What the operator set; the same for the API, which announces it, and for the worker."""

    stored_gib_per_tenant: float = DEFAULT_STORED_GIB
    inputs_kept_days: float = DEFAULT_INPUTS_KEPT_DAYS  #: After the end of the last job using them.
    results_kept_days: float | None = None  #: After the end of the job; None = for ever.

    @property
    def quota(self) -> Quota:
        """The quota on stored bytes."""
        return stored_bytes_quota(int(self.stored_gib_per_tenant * BYTES_PER_GIB))

    @property
    def inputs_kept_s(self) -> float:
        """How long an input outlives the last job that used it."""
        return self.inputs_kept_days * DAY_S

    @property
    def results_kept_s(self) -> float | None:
        """How long results outlive their job; None = for ever."""
        return None if self.results_kept_days is None else self.results_kept_days * DAY_S

    def announce(self, *, has_inputs: bool) -> tuple[str, ...]:
        """What a submitter is told, in sentences."""
        notes = []
        if has_inputs:
            days = _days(self.inputs_kept_days)
            notes.append(f"Inputs are deleted {days} after the end of the last job that uses them.")
        if self.results_kept_days is not None:
            notes.append(
                f"Results are deleted {_days(self.results_kept_days)} after the end of the job."
            )
        return tuple(notes)


def _days(days: float) -> str:
    return "1 day" if days == 1 else f"{days:g} days"
