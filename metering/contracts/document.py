"""A contract as plain data: what a file says, what the store keeps, what a statement repeats."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.refusal import Refused
from metering.contracts.contract import Contract

_ADAPTER = TypeAdapter(Contract)


def contract_from_plain(plain: object) -> Contract | Refused:
    """The contract that this says, or the first field that is wrong, by name."""
    try:
        return _ADAPTER.validate_python(plain)
    except ValidationError as error:
        return refused_field(error)


def contract_to_plain(contract: Contract) -> dict[str, Any]:
    """The contract as JSON has it: decimals and dates are strings."""
    plain: dict[str, Any] = _ADAPTER.dump_python(contract, mode="json")
    return plain


def refused_field(error: ValidationError) -> Refused:
    """Where the first mistake is and what it is."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the contract"
    what = first["msg"].removeprefix("Value error, ")
    return Refused(code="contract.field", sentence=f"{where}: {what}.")
