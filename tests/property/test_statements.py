"""Statements: one set of inputs, one digest; sums are sums; and what was changed is found."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.refusal import Refused
from metering.statements.canonical import canonical, digest_of
from metering.statements.document import statement_document
from metering.statements.inputs import HeatLine, StatementInputs
from metering.statements.verify import verify
from tests.support.statements import contract, heat_line, statement_inputs

CENT = Decimal("0.01")
lines = st.lists(
    st.builds(
        heat_line,
        energy_wh=st.integers(0, 10**12),
        line_id=st.integers(1, 10**6),
        site_id=st.integers(1, 5),
        meter=st.sampled_from(["HM-1", "HM-2", 'é, ; " =1+1']),
        from_index_wh=st.integers(0, 10**12),
    ),
    max_size=12,
    unique_by=lambda item: item.line.line_id,
)
prices = st.decimals("0", "9999", places=4)


def _inputs(chosen: list[HeatLine], price: Decimal) -> StatementInputs:
    tariffs = [{"valid_from": "2026-01-01", "price_per_mwh": format(price, "f")}]
    return statement_inputs(*chosen, contract=contract(tariffs=tariffs))


def _document(inputs: StatementInputs) -> dict[str, Any]:
    made = statement_document(inputs)
    assert not isinstance(made, Refused)
    return made


@given(chosen=lines, price=prices, seed=st.randoms())
def test_the_order_of_the_lines_changes_no_byte(
    chosen: list[HeatLine],
    price: Decimal,
    seed: Any,  # noqa: ANN401 - Hypothesis's own
) -> None:
    shuffled = list(chosen)
    seed.shuffle(shuffled)

    assert canonical(_document(_inputs(chosen, price))) == canonical(
        _document(_inputs(shuffled, price))
    )


@given(chosen=lines, price=prices)
def test_totals_are_the_sums_of_what_is_shown(chosen: list[HeatLine], price: Decimal) -> None:
    document = _document(_inputs(chosen, price))
    totals = document["totals"]

    shown = sum((Decimal(line["amount"]) for line in document["lines"]), Decimal(0))
    taxes = sum((Decimal(item["amount"]) for item in totals["vat"]), Decimal(0))
    assert Decimal(totals["excl_vat"]) == shown
    assert Decimal(totals["incl_vat"]) == shown + taxes
    assert totals["energy_wh"] == sum(line["energy_wh"] for line in document["lines"])
    for line in document["lines"]:
        exact = Decimal(line["energy_wh"]) * price / 10**6
        assert abs(Decimal(line["amount"]) - exact) <= Decimal("0.005")
        assert Decimal(line["amount"]) == exact.quantize(CENT, ROUND_HALF_UP)


@given(chosen=lines, price=prices)
def test_a_statement_verifies_from_its_bytes_alone(chosen: list[HeatLine], price: Decimal) -> None:
    verdict = verify(canonical(_document(_inputs(chosen, price))))

    assert not isinstance(verdict, Refused)
    assert verdict.findings == ()


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in _places(item, (*path, key))]
    if isinstance(value, list):
        return [place for key, item in enumerate(value) for place in _places(item, (*path, key))]
    return [path]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_no_value_can_be_changed_unseen(data: st.DataObject) -> None:
    document = _document(_inputs([heat_line(), heat_line(line_id=2, meter="HM-2")], Decimal(95)))
    place = data.draw(st.sampled_from(_places(document)))
    new = data.draw(
        st.none() | st.integers() | st.text(max_size=5) | st.just("2026-02") | st.just([1])
    )
    holder: Any = document
    for step in place[:-1]:
        holder = holder[step]
    if holder[place[-1]] == new and type(holder[place[-1]]) is type(new):
        return
    holder[place[-1]] = new

    verdict = verify(json.dumps(document).encode())

    assert isinstance(verdict, Refused) or verdict.findings


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_other_files_are_refused_in_a_sentence(data: bytes) -> None:
    assert isinstance(verify(data), Refused)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abcXYZ_019", max_size=4), inner),
        max_leaves=10,
    )
)
def test_the_canonical_form_reads_back_and_is_written_alike(value: object) -> None:
    try:
        written = canonical(value)
    except UnicodeEncodeError:
        return  # half of a pair of surrogates is no text
    assert canonical(json.loads(written)) == written
    assert digest_of({"a": value}) == digest_of({"digest_sha256": "x", "a": value})
