"""Policies by name."""

from collections.abc import Callable, Mapping

from domain.refusal import Refused
from scheduler.placement.coldest import ColdestTank
from scheduler.placement.policy import Policy

POLICIES: Mapping[str, Callable[[], Policy]] = {"coldest": ColdestTank}


def policy_named(name: str) -> Policy | Refused:
    """The policy of this name, or the names there are."""
    make = POLICIES.get(name)
    if make is None:
        known = ", ".join(sorted(POLICIES))
        return Refused(
            code="policy.unknown", sentence=f"There is no policy {name!r}; there are: {known}."
        )
    return make()
