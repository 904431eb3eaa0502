"""Who sells, as French law wants it on an invoice: once in the operator's file, for all contracts.

Nothing here has a default: what decides money, such as the interest on a late payment, is the
operator's to state.
"""

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from domain.refusal import Refused
from domain.towns.siret import check_siret
from metering.contracts.checks import text

_POSTCODE = re.compile(r"[0-9]{5}")
_VAT_NUMBER = re.compile(r"FR[0-9A-Z]{2}[0-9]{9}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_PREFIX = re.compile(r"[A-Z0-9](?:[A-Z0-9_-]{0,18}[A-Z0-9])?")
_SIREN_DIGITS = 9
_LONGEST_NOTE = 1024
_MOST_DAYS = 60  # CCP art. R2192-10 s.: 30 days for towns, 50 for health, 60 for public companies
_IBAN_MODULUS = 97  # ISO 7064, MOD 97-10
_OPTIONAL = ("bic",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """What the operator's file says of whoever issues invoices; what it lacks is None."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    invoice_prefix: str | None = None  #: Invoices are numbered PREFIX-YEAR-N.
    siret: str | None = None
    vat_number: str | None = None
    legal_form: str | None = None  #: With capital and register, such as "SAS au capital de ...".
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    iban: str | None = None
    bic: str | None = None
    payment_days: int | None = None  #: From the day of issue.
    late_interest: str | None = None  #: The sentence on interest for late payment.
    recovery_fee: str | None = None  #: The sentence on the fixed cost of recovery.
    early_payment: str | None = None  #: The sentence on a discount, or on there being none.

    def __post_init__(self) -> None:
        for name in ("legal_form", "street", "city"):
            self._check_text(name, 200)
        for name in ("late_interest", "recovery_fee", "early_payment"):
            self._check_text(name, _LONGEST_NOTE)
        if self.siret is not None:
            found = check_siret(self.siret)
            if isinstance(found, Refused):
                raise ValueError(f"siret: {found.sentence}".removesuffix("."))
            if found != self.siret:
                raise ValueError(f"siret is written without spaces, as {found}")
        self._check_shape("invoice_prefix", _PREFIX, "1 to 20 capital letters, digits, _ or -")
        self._check_shape("postcode", _POSTCODE, "five digits")
        self._check_shape("vat_number", _VAT_NUMBER, "FR, two signs and the SIREN, without spaces")
        self._check_shape("bic", _BIC, "8 or 11 capital letters and digits")
        self._check_shape("iban", _IBAN, "the number of an account, without spaces")
        if self.iban is not None and not _is_iban(self.iban):
            raise ValueError("iban has wrong check digits: a digit was mistyped")
        if self.siret and self.vat_number and self.siret[:_SIREN_DIGITS] != self.vat_number[4:]:
            raise ValueError("vat_number is of another company than siret")
        if self.payment_days is not None and not 0 < self.payment_days <= _MOST_DAYS:
            raise ValueError(f"payment_days is 1 to {_MOST_DAYS}")

    def _check_text(self, name: str, longest: int) -> None:
        value = getattr(self, name)
        if value is not None:
            text(value, name, longest)
            if value != " ".join(value.split()):
                raise ValueError(f"{name} is one line, without spaces at its ends")

    def _check_shape(self, name: str, shape: re.Pattern[str], what: str) -> None:
        value = getattr(self, name)
        if value is not None and shape.fullmatch(value) is None:
            raise ValueError(f"{name} is {what}")


def lacking(seller: Seller) -> Refused | None:
    """A refusal that names all that the operator's file does not say yet."""
    missing = [
        item.name
        for item in fields(seller)
        if item.name not in _OPTIONAL and getattr(seller, item.name) is None
    ]
    if not missing:
        return None
    return Refused(
        code="invoice.seller",
        sentence=(
            f"The table [seller] of the operator's file (operator.toml) lacks {', '.join(missing)}:"
            " an invoice must say them. Write them there and start the API anew."
        ),
    )


def _is_iban(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % _IBAN_MODULUS == 1
