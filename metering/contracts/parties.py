"""Who sells and who buys, and what an invoice to a public buyer must bear to find its way."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from domain.refusal import Refused
from domain.towns.siret import check_siret
from metering.contracts.checks import text

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/+-]*")
_LONGEST_REFERENCE = 100  # BT-10 of the French rules; BT-13 has no limit of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of a contract."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    name: str
    address: str
    siret: str
    vat_number: str | None = None

    def __post_init__(self) -> None:
        text(self.name, "name")
        text(self.address, "address")
        number = check_siret(self.siret)
        if isinstance(number, Refused):
            raise ValueError(number.sentence.removesuffix("."))  # noqa: TRY004 - one kind to catch
        if number != self.siret:
            raise ValueError(f"siret is written without spaces, as {number}")
        if self.vat_number is not None:
            text(self.vat_number, "vat_number", 20)


class RoutingField(StrEnum):
    """What a public buyer may demand on an invoice, or say that it does not demand."""

    SERVICE_CODE = "service_code"
    ENGAGEMENT_NUMBER = "engagement_number"
    MARKET_NUMBER = "market_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where in the buyer's house an invoice goes; each field is given, or named as not required."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    service_code: str | None = None
    engagement_number: str | None = None
    market_number: str | None = None
    not_required: tuple[RoutingField, ...] = ()

    def __post_init__(self) -> None:
        for field in RoutingField:
            value = getattr(self, field.value)
            if value is None:
                continue
            if field in self.not_required:
                raise ValueError(f"{field.value} is given, and named in not_required too")
            if len(value) > _LONGEST_REFERENCE or _REFERENCE.fullmatch(value) is None:
                raise ValueError(
                    f"{field.value} is at most {_LONGEST_REFERENCE} letters, digits, spaces and . "
                    "_ / + -, and begins with a letter or a digit"
                )


def routing_gaps(routing: Routing) -> Refused | None:
    """A refusal while a field is neither given nor declared as not required."""
    missing = [
        field.value
        for field in RoutingField
        if getattr(routing, field.value) is None and field not in routing.not_required
    ]
    if not missing:
        return None
    return Refused(
        code="contract.routing",
        sentence=(
            f"The contract's routing lacks {', '.join(missing)}: a public buyer rejects an invoice "
            "without them. Amend the contract with the values, or name them in not_required."
        ),
    )
