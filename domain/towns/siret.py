"""The number under which a French public body or company is registered."""

import re

from domain.refusal import Refused

_DIGITS = 14
_SIREN_DIGITS = 9
#: La Poste has too many establishments for the check digit; theirs sum up to a multiple of 5.
_LA_POSTE = "356000000"


def check_siret(text: str) -> str | Refused:
    """A SIRET as 14 digits, its check digits verified; spaces between groups are dropped."""
    siret = re.sub(r"[ \u00a0\u202f]", "", text)
    if not (siret.isascii() and siret.isdecimal() and len(siret) == _DIGITS):
        return Refused(
            code="siret.form",
            sentence=f"{text[:30]!r} is no SIRET, which has {_DIGITS} digits; "
            "the town's own documents show it.",
        )
    digits = [int(digit) for digit in siret]
    is_postal = siret.startswith(_LA_POSTE) and sum(digits) % 5 == 0
    if not is_postal and not (_is_luhn(digits) and _is_luhn(digits[:_SIREN_DIGITS])):
        return Refused(
            code="siret.check",
            sentence=f"The check digit of the SIRET {siret} is wrong: compare it with the "
            "town's own documents.",
        )
    return siret


def _is_luhn(digits: list[int]) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    doubled = (digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - a digit
