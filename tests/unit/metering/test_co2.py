"""Factors of emission: each with its source and its year."""

from decimal import Decimal

from metering.co2 import DEFAULT_SET, factor_sets


def test_every_factor_says_what_it_counts_and_where_it_is_from() -> None:
    sets = factor_sets()

    assert DEFAULT_SET in sets
    for found in sets.values():
        for year, factor in found.by_year.items():
            assert factor.year == year
            assert factor.title
            assert factor.source
            assert 1 < factor.g_per_kwh < 1000  # g per kWh, not kg or t


def test_a_year_has_its_own_factor_or_that_of_the_nearest_year_before() -> None:
    found = factor_sets()["rte-production"]

    assert [found.of(year).year for year in (2020, 2023, 2024, 2031)] == [2023, 2023, 2024, 2024]


def test_emissions_are_told_to_the_gram() -> None:
    factor = factor_sets()["rte-production"].of(2024)

    assert factor.co2_kg(Decimal("10.000")) == Decimal("0.217")
    assert str(factor.co2_kg(Decimal("0.001"))) == "0.000"
