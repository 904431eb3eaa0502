from decimal import Decimal
from typing import Any

import pytest

from domain.refusal import Refused
from metering.contracts.document import contract_from_plain, contract_to_plain
from metering.contracts.parties import routing_gaps
from tests.support.statements import VAT, contract, contract_terms

INDEX = {"value": "141.4", "source": "INSEE, ICHTrev-TS IME", "published_on": "2025-01-10"}
FORMULA: dict[str, Any] = {
    "fixed_share": "0.15",
    "coefficient_decimals": 4,
    "price_decimals": 2,
    "terms": [{"index": "ICHT-IME", "weight": "0.85", "base": INDEX}],
    "revisions": [
        {"valid_from": "2027-01-01", "values": {"ICHT-IME": {**INDEX, "value": "145.0"}}},
        {"valid_from": "2028-01-01", "values": {"ICHT-IME": {**INDEX, "value": "140.0"}}},
    ],
}


def _tariff(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"valid_from": "2026-01-01", "price_per_mwh": "95.10", **changed}


def test_a_contract_comes_back_from_its_document_unchanged() -> None:
    made = contract(tariffs=[_tariff(indexation=FORMULA)])

    assert contract_from_plain(contract_to_plain(made)) == made


def test_each_month_has_the_price_of_its_tariff() -> None:
    made = contract(tariffs=[_tariff(), _tariff(valid_from="2027-03-01", price_per_mwh="97")])

    assert made.tariff_of(202702).price_in(202702) == Decimal("95.10")
    assert made.tariff_of(202703).price_in(202703) == Decimal(97)


def test_a_formula_moves_the_price_from_each_revision_on() -> None:
    tariff = contract(tariffs=[_tariff(indexation=FORMULA)]).tariff_of(202601)

    assert tariff.indexation is not None
    assert tariff.indexation.coefficient(202612) == Decimal(1)
    # 0.15 + 0.85 x 145 / 141.4 = 1.02164..., rounded to 1.0216; x 95.10 = 97.15416
    assert tariff.indexation.coefficient(202701) == Decimal("1.0216")
    assert tariff.price_in(202701) == Decimal("97.15")
    assert tariff.price_in(202801) == Decimal("94.30")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"heat_vat": None}, "heat_vat"),
        ({"heat_vat": {"rate_percent": "20", "stated_on": "2026-01-01"}}, "legal_ground"),
        ({"heat_vat": {**VAT, "legal_ground": " "}}, "is empty"),
        ({"starts_on": "2026-01-15"}, "first day of a month"),
        ({"years": 0}, "years is 1 to"),
        ({"years": 300}, "years is 1 to"),
        ({"tariffs": []}, "the first must hold from 2026-01-01"),
        ({"tariffs": [_tariff(valid_from="2026-02-01")]}, "the first must hold from 2026-01-01"),
        ({"tariffs": [_tariff(), _tariff()]}, "put them in order"),
        ({"tariffs": [_tariff(price_per_mwh="-1")]}, "is below 0"),
        ({"tariffs": [_tariff(price_per_mwh="NaN")]}, "price_per_mwh"),
        ({"tariffs": [_tariff(price_per_mwh="1E+5")]}, "exponent"),
        ({"tariffs": [_tariff(price_per_mwh="1.0000001")]}, "decimals"),
        ({"tariffs": [_tariff(indexation={**FORMULA, "fixed_share": "0.16"})]}, "add up to 1.01"),
        ({"tariffs": [_tariff(indexation={**FORMULA, "terms": []})]}, "at least one index"),
        ({"tariffs": [_tariff(standing_charge_per_month="100")]}, "standing_charge_vat"),
        ({"deliveries": []}, "at least one site"),
        ({"deliveries": [{"site_id": 1}, {"site_id": 1}]}, "only once"),
        ({"deliveries": [{"site_id": 1, "since": "2025-01-01"}]}, "leaves the contract's years"),
        ({"deliveries": [{"site_id": 1, "until": "2026-01-01"}]}, "leaves the contract's years"),
        ({"minimum": {"mwh_per_year": "10", "effect": "buyer-pays"}}, "price_per_mwh goes with"),
        ({"minimum": {"mwh_per_year": "10"}}, "effect"),
        ({"ceiling": {"mwh_per_year": "10", "effect": "other-price"}}, "price_per_mwh goes with"),
        ({"number_prefix": "a b"}, "number_prefix"),
        ({"routing": {"service_code": "=1+1"}}, "service_code is at most"),
        ({"routing": {"service_code": "A", "not_required": ["service_code"]}}, "not_required too"),
        ({"discount": 1}, "discount"),
        ({"supplier": {"name": "x\x1b[2J", "address": "y", "siret": "73282932000074"}}, "printed"),
        ({"supplier": {"name": "x", "address": "y", "siret": "73282932000075"}}, "check digit"),
        ({"supplier": {"name": "x", "address": "y", "siret": "732 829 320 00074"}}, "spaces"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_contract_is_refused_by_the_name_of_its_field(
    changed: dict[str, Any], said: str
) -> None:
    refused = contract_from_plain(contract_terms(**changed))

    assert isinstance(refused, Refused)
    assert said in refused.sentence


def test_a_revision_gives_a_value_for_each_index_and_no_other() -> None:
    other = {"valid_from": "2027-01-01", "values": {"FSD2": INDEX}}
    formula = {**FORMULA, "revisions": [other]}

    refused = contract_from_plain(contract_terms(tariffs=[_tariff(indexation=formula)]))

    assert isinstance(refused, Refused)
    assert "a value for each of ICHT-IME" in refused.sentence


def test_routing_is_complete_once_each_field_is_given_or_named_as_not_required() -> None:
    bare = routing_gaps(contract(routing={}).routing)
    declared = ["service_code", "engagement_number", "market_number"]

    assert isinstance(bare, Refused)
    assert "service_code, engagement_number, market_number" in bare.sentence
    assert routing_gaps(contract(routing={"not_required": declared}).routing) is None
    assert routing_gaps(contract().routing) is None


def test_a_site_counts_in_the_months_of_its_delivery() -> None:
    made = contract(
        deliveries=[{"site_id": 1}, {"site_id": 2, "since": "2026-07-01", "until": "2027-01-01"}]
    )

    assert made.site_ids_in(202606) == (1,)
    assert made.site_ids_in(202607) == (1, 2)
    assert made.site_ids_in(202701) == (1,)
    assert made.site_ids_in(203801) == ()


def test_contract_years_run_from_the_first_month() -> None:
    made = contract(starts_on="2025-10-01", tariffs=[_tariff(valid_from="2025-10-01")], years=2)

    assert made.year_start(202609) == 202510
    assert made.ends_year(202609)
    assert made.year_start(202610) == 202610
    assert not made.ends_year(202610)
    assert not made.covers(202710)
