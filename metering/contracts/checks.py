"""What the fields of a contract have in common: text that can be printed, sums, first days."""

from datetime import date
from decimal import Decimal

_MOST_DIGITS = 15
_MOST_DECIMALS = 6
_LONGEST = 400
ZERO = Decimal(0)
ONE = Decimal(1)


def text(value: str, name: str, longest: int = _LONGEST) -> None:
    """Raise ``ValueError`` unless this is a line, or some lines, that can be printed."""
    if not value.strip():
        raise ValueError(f"{name} is empty")
    if len(value) > longest:
        raise ValueError(f"{name} has more than {longest} characters")
    if not all(sign.isprintable() or sign == "\n" for sign in value):
        raise ValueError(f"{name} has characters that cannot be printed")


def amount(value: Decimal, name: str, *, least: Decimal = ZERO) -> None:
    """Raise ``ValueError`` unless this is a number that a contract can name."""
    if not value.is_finite():
        raise ValueError(f"{name} is no number")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > _MOST_DECIMALS:
        raise ValueError(f"{name} has more than {_MOST_DECIMALS} decimals")
    if exponent > 0 or value.adjusted() >= _MOST_DIGITS - _MOST_DECIMALS:
        raise ValueError(f"{name} is out of all bounds, or written with an exponent")
    if value < least:
        raise ValueError(f"{name} is below {least}")


def begins_month(value: date, name: str) -> None:
    """Raise ``ValueError`` unless this is the first day of a month.

    Indexes are taken at the edges of months, so that a month has one contract and one price.
    """
    if value.day != 1:
        raise ValueError(f"{name} is {value}, and must be the first day of a month")
