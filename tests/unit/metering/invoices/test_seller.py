"""The seller's legal data: each slip is told by its field, and all that lacks is named at once."""

import pytest

from domain.refusal import Refused
from metering.invoices.seller import Seller, lacking
from tests.support.invoices import SELLER, SELLER_TABLE


def test_a_whole_seller_lacks_nothing() -> None:
    assert lacking(SELLER) is None


def test_everything_that_lacks_is_named_in_one_refusal() -> None:
    known = {
        key: value for key, value in SELLER_TABLE.items() if key not in {"iban", "late_interest"}
    }

    refused, all_of_it = lacking(Seller(**known)), lacking(Seller())

    assert isinstance(refused, Refused)
    assert "lacks iban, late_interest:" in refused.sentence
    assert isinstance(all_of_it, Refused)
    assert all(name in all_of_it.sentence for name in SELLER_TABLE)
    assert "bic" not in all_of_it.sentence


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("iban", "FR7630006000011234567890188", "check digits"),
        ("iban", "FR76 3000 6000 0112 3456 7890 189", "without spaces"),
        ("iban", "", "without spaces"),
        ("siret", "73282932000075", "check digit"),
        ("siret", "732 829 320 00074", "written without spaces"),
        ("vat_number", "FR44732829321", "another company"),
        ("vat_number", "DE123456789", "SIREN"),
        ("postcode", "7501", "five digits"),
        ("payment_days", 0, "1 to 60"),
        ("payment_days", 61, "1 to 60"),
        ("legal_form", " ", "empty"),
        ("legal_form", "SAS\nau capital", "one line"),
        ("late_interest", "x\x00", "printed"),
        ("invoice_prefix", "FAC 2026", "capital letters"),
        ("invoice_prefix", "F" * 21, "capital letters"),
        ("bic", "BNPAFRP", "8 or 11"),
    ],
)
def test_a_slip_is_told_by_its_field(field: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=field) as told:
        Seller(**{**SELLER_TABLE, field: value})

    assert said in str(told.value)


def test_the_longest_prefix_makes_a_number_that_france_takes() -> None:
    assert len(f"{'F' * 20}-2026-00001") <= 35
