from decimal import Decimal
from typing import Any

import pytest

from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind
from metering.statements.amounts import amounts_of, cost
from metering.statements.document import statement_document
from metering.statements.inputs import EarlierMonth, Heading, Kind, StatementInputs
from tests.support.statements import VAT, contract, heat_line, statement_inputs

MWH = 1_000_000
EARLIER = (EarlierMonth(month=202601, number="A-1", digest_sha256="0" * 64, energy_wh=9 * MWH),)


def _later(energy_wh: int, month: int, **changed: Any) -> StatementInputs:  # noqa: ANN401
    """A month of 2026 after one in which 9 MWh were delivered."""
    line = heat_line(energy_wh, month=month)
    return statement_inputs(line, month=month, earlier=EARLIER, **changed)


def _document(inputs: StatementInputs) -> dict[str, Any]:
    made = statement_document(inputs)
    assert not isinstance(made, Refused), made.sentence
    return made


@pytest.mark.parametrize(
    ("energy_wh", "price", "amount"),
    [
        (MWH, "95.10", "95.10"),
        (500, "10", "0.01"),  # half a cent, up
        (499, "10", "0.00"),
        (-500, "10", "-0.01"),  # and mirrored: a credit note takes back what was charged
        (2**53, "999999999.999999", "9007199254740982992.80"),
    ],
)
def test_heat_costs_its_price_rounded_half_up_to_the_cent(
    energy_wh: int, price: str, amount: str
) -> None:
    assert cost(energy_wh, Decimal(price)) == Decimal(amount)


def test_an_adjustment_costs_what_its_own_month_cost() -> None:
    tariffs = [
        {"valid_from": "2026-01-01", "price_per_mwh": "90"},
        {"valid_from": "2026-02-01", "price_per_mwh": "100"},
    ]
    late = heat_line(MWH, month=202602, about_month=202601, marks=[Mark.ADJUSTMENT])
    own = heat_line(MWH, line_id=2, month=202602)

    amounts = amounts_of(
        statement_inputs(late, own, month=202602, contract=contract(tariffs=tariffs))
    )

    assert amounts.of_lines == (Decimal("90.00"), Decimal("100.00"))
    assert amounts.year.with_this_wh == 2 * MWH


def test_above_the_ceiling_a_mwh_has_the_price_of_the_clause() -> None:
    terms = {"mwh_per_year": "10", "effect": "other-price", "price_per_mwh": "20"}
    sold = contract(ceiling=terms)

    inputs = _later(3 * MWH, 202602, contract=sold)
    (charge,) = _document(inputs)["charges"]

    assert (charge["kind"], charge["quantity_wh"]) == ("above-ceiling", 2 * MWH)
    assert (charge["unit_price"], charge["amount"]) == ("-75.10", "-150.20")
    assert _document(inputs)["totals"]["excl_vat"] == "135.10"  # 1 x 95.10 + 2 x 20


def test_a_ceiling_that_is_only_shown_costs_nothing() -> None:
    sold = contract(ceiling={"mwh_per_year": "10", "effect": "shown"})

    document = _document(_later(3 * MWH, 202602, contract=sold))

    assert document["charges"] == []
    assert document["year"]["above_ceiling_wh"] == 2 * MWH


@pytest.mark.parametrize(
    ("effect", "amount"), [("buyer-pays", "60.00"), ("supplier-pays", "-60.00")]
)
def test_what_is_missing_of_the_minimum_is_settled_in_the_last_month_of_the_year(
    effect: str, amount: str
) -> None:
    clause = {"mwh_per_year": "11", "effect": effect, "price_per_mwh": "60", "vat": VAT}
    sold = contract(minimum=clause)

    last, before = (_later(MWH, month, contract=sold) for month in (202612, 202611))

    assert [(item["kind"], item["amount"]) for item in _document(last)["charges"]] == [
        ("below-minimum", amount)
    ]
    assert _document(before)["charges"] == []
    assert _document(before)["year"]["below_minimum_wh"] is None


def test_tax_is_worked_out_for_each_rate_on_the_sum_of_its_amounts() -> None:
    reduced = {**VAT, "rate_percent": "5.5", "legal_ground": "CGI art. 278-0 bis B"}
    sold = contract(
        tariffs=[
            {
                "valid_from": "2026-01-01",
                "price_per_mwh": "95.10",
                "standing_charge_per_month": "120.55",
            }
        ],
        standing_charge_vat=reduced,
    )

    totals = _document(statement_inputs(heat_line(MWH), contract=sold))["totals"]

    assert [(item["base"], item["amount"]) for item in totals["vat"]] == [
        ("95.10", "19.02"),
        ("120.55", "6.63"),
    ]
    assert (totals["excl_vat"], totals["vat_total"], totals["incl_vat"]) == (
        "215.65",
        "25.65",
        "241.30",
    )


def test_a_credit_note_turns_every_sum_and_no_index() -> None:
    inputs = statement_inputs(heat_line(), heat_line(line_id=2, meter="HM-2", energy_wh=7))
    charged, credited = (
        _document(inputs),
        _document(inputs.headed(Heading(kind=Kind.CREDIT_NOTE))),
    )

    assert credited["totals"]["incl_vat"] == "-" + charged["totals"]["incl_vat"]
    assert credited["totals"]["energy_wh"] == -charged["totals"]["energy_wh"]
    assert [line["to_index_wh"] for line in credited["lines"]] == [
        line["to_index_wh"] for line in charged["lines"]
    ]
    assert credited["lines"][1]["amount"] == "0.00"  # nothing has no sign


def test_a_month_without_heat_has_a_statement_of_nothing() -> None:
    totals = _document(statement_inputs())["totals"]

    assert (totals["energy_wh"], totals["incl_vat"]) == (0, "0.00")
    assert len(totals["vat"]) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"energy_wh": 5, "to_index_wh": 1_000_006},
        {"to_index_wh": 999_999, "energy_wh": -1},
        {"from_at_s": 1e10},
        {"kind": MeterKind.ELECTRICITY},
        {"marks": (Mark.ROLLED_OVER,), "energy_wh": 5, "to_index_wh": 1_000_006},
    ],
)
def test_a_line_that_does_not_follow_from_its_indexes_makes_no_statement(
    changed: dict[str, Any],
) -> None:
    refused = statement_document(statement_inputs(heat_line(**{"energy_wh": 6, **changed})))

    assert isinstance(refused, Refused)
    assert refused.code == "statement.line"


def test_a_month_outside_the_contract_is_refused() -> None:
    refused = statement_document(statement_inputs(month=202512))

    assert isinstance(refused, Refused)
    assert refused.code == "contract.month"


@pytest.mark.parametrize(("month", "hours"), [(202602, 672), (202603, 743), (202610, 745)])
def test_a_month_has_the_hours_of_the_clock_in_paris(month: int, hours: int) -> None:
    period = _document(statement_inputs(heat_line(month=month), month=month))["period"]

    assert period["hours"] == hours
