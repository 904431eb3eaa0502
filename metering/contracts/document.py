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
    """The contract as JSON has it: decimals and dates are text, what it does not say is left out.

    So a field that contracts may have one day changes no document of before it.
    """
    plain: dict[str, Any] = _ADAPTER.dump_python(contract, mode="json", exclude_none=True)
    return plain


def every_term(plain: object) -> dict[str, Any]:
    """The same with each field that there is, ``None`` where it says nothing."""
    whole: dict[str, Any] = _ADAPTER.dump_python(_ADAPTER.validate_python(plain), mode="json")
    return whole


def refused_field(error: ValidationError) -> Refused:
    """Where the first mistake is and what it is."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the contract"
    what = first["msg"].removeprefix("Value error, ")
    return Refused(code="contract.field", sentence=f"{where}: {what}.")
