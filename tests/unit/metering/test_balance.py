from dataclasses import replace

import pytest

from metering.balance import Measured, Quarantine, Told, balance_of
from metering.boiler_factors import DEFAULT_BOILER, boiler_factors
from metering.evidence import bar_th_170, eu_2024_1364

BOILER = boiler_factors()[DEFAULT_BOILER]
GRAMS = 50.0
DAY_S = 86_400.0
MEASURED = Measured(
    begin_s=0.0,
    end_s=DAY_S,
    heat_wh=90_000,
    electricity_wh=100_000,
    tolerance_frac=0.05,
    demand_wh=180_000.0,
    supply_temp_c=48.0,
    it_power_w=5_000.0,
    time_factor=1.0,
    is_simulated=False,
    measured_s=DAY_S,
    quarantine=Quarantine(),
)
TOLD = Told(it_share=0.95, it_share_source="PDU, March", water_l_per_kwh=0.0)


def test_a_balance_of_all_that_is_known() -> None:
    found = balance_of(MEASURED, TOLD, BOILER, GRAMS)

    assert found.metered_heat_kwh == 90.0
    assert found.tolerance_kwh == pytest.approx(4.5)
    assert (found.useful_heat_kwh_estimate, found.dumped_heat_kwh_estimate) == (90.0, 0.0)
    assert found.coverage_frac == 0.5
    assert found.pue == pytest.approx(100 / 95)
    assert found.erf == 0.9
    assert found.ere == pytest.approx(10 / 95)
    assert found.wue_l_per_kwh == 0.0
    assert found.capacity_factor == pytest.approx(100 / 120)
    assert found.boiler_kwh_avoided == pytest.approx(100.0)
    assert found.co2_kg_avoided == pytest.approx(22.7)
    assert found.co2_kg_avoided_net == pytest.approx(22.7 - 5.0)
    assert found.gaps == {}


def test_heat_beyond_the_demand_is_dumped() -> None:
    found = balance_of(replace(MEASURED, demand_wh=60_000.0), TOLD, BOILER, GRAMS)

    assert (found.useful_heat_kwh_estimate, found.dumped_heat_kwh_estimate) == (60.0, 30.0)
    assert found.coverage_frac == 1.0


def test_what_nobody_measured_is_not_said_and_the_gap_is_named() -> None:
    found = balance_of(
        replace(MEASURED, heat_wh=None, tolerance_frac=None, demand_wh=None),
        Told(),
        BOILER,
        GRAMS,
    )

    assert (found.pue, found.ere, found.erf, found.wue_l_per_kwh) == (None, None, None, None)
    assert (found.co2_kg_avoided, found.coverage_frac) == (None, None)
    assert found.electricity_kwh == 100.0
    assert set(found.gaps) == {
        "metered_heat_kwh",
        "tolerance_kwh",
        "pue",
        "wue_l_per_kwh",
        "useful_heat_kwh_estimate",
    }


def test_an_erf_above_one_is_shown_as_it_is() -> None:
    """It tells of a wrong meter, or of a period too short for what the coolant stores."""
    assert balance_of(replace(MEASURED, heat_wh=130_000), TOLD, BOILER, GRAMS).erf == 1.3


@pytest.mark.parametrize(
    ("heat_wh", "it_share", "within"),
    [(90_000, 0.95, [True, True]), (50_000, 0.95, [True, False]), (90_000, 0.80, [False, True])],
)
def test_evidence_says_what_was_found_beside_what_is_asked(
    heat_wh: int, it_share: float, within: list[bool]
) -> None:
    balance = balance_of(
        replace(MEASURED, heat_wh=heat_wh), replace(TOLD, it_share=it_share), BOILER, GRAMS
    )

    evidence = bar_th_170(balance)

    assert [item.supports for item in evidence[:2]] == within
    assert [item.asked for item in evidence[:2]] == ["<= 1.15", "<= 0.20"]


def test_evidence_that_is_lacking_supports_nothing() -> None:
    evidence = bar_th_170(balance_of(MEASURED, Told(), BOILER, GRAMS))

    assert [(item.found, item.supports) for item in evidence[:2]] == [(None, None)] * 2


def test_the_codes_of_the_regulation() -> None:
    found = {
        code: value for code, value, _ in eu_2024_1364(balance_of(MEASURED, TOLD, BOILER, GRAMS))
    }

    assert found["E_DC"] == 100.0
    assert found["E_REUSE"] == 90.0
    assert found["P_IT"] == 5.0
    assert found["REF"] is None


def test_factors_name_their_source_and_whether_it_was_read() -> None:
    for item in boiler_factors().values():
        assert item.source
        assert 0 < item.efficiency <= 1.1


def test_the_capacity_factor_is_of_the_time_that_was_measured_and_says_so() -> None:
    found = balance_of(replace(MEASURED, measured_s=DAY_S / 4), TOLD, BOILER, GRAMS)

    assert found.capacity_factor == pytest.approx(100 / 30)
    assert found.measured_frac == 0.25
    assert "25.0%" in found.gaps["measured_frac"]


@pytest.mark.parametrize(("most_wh", "said"), [(12_345, "12.345 kWh at most"), (None, "unknown")])
def test_heat_in_quarantine_is_said_beside_what_is_counted(most_wh: int | None, said: str) -> None:
    waiting = Quarantine(cases=1, most_wh=1000).and_also(Quarantine(cases=1, most_wh=most_wh))
    found = balance_of(replace(MEASURED, quarantine=waiting), TOLD, BOILER, GRAMS)

    assert found.metered_heat_kwh == 90.0
    assert found.quarantined_heat_kwh_at_most == (None if most_wh is None else 13.345)
    assert said.replace("12.345", "13.345") in found.gaps["quarantined_heat_kwh_at_most"]
    assert "2 cases" in found.gaps["quarantined_heat_kwh_at_most"]
