"""Indexes as they stand on the displays of meters."""

import pytest
import typer

from chaufferie.cli.heat_sales.meters import index_wh_of


@pytest.mark.parametrize(
    ("text", "index_wh"),
    [
        ("12345.678", 12_345_678),
        ("12345,678 kWh", 12_345_678),
        ("7 Wh", 7),
        ("1.5 MWh", 1_500_000),
        ("3.6 GJ", 1_000_000),
        ("0.001 GJ", 278),
        ("44,444 gj", 12_345_556),
        ("0.0000018 GJ", 1),
    ],
)
def test_an_index_is_whole_watt_hours_whatever_its_unit(text: str, index_wh: int) -> None:
    assert index_wh_of(text) == index_wh


def test_a_difference_of_two_indexes_in_gigajoules_is_right_to_the_watt_hour() -> None:
    first = index_wh_of("1234.567 GJ")
    for thousandths in range(0, 40_000, 7):
        whole, rest = divmod(1_234_567 + thousandths, 1000)
        moved_wh = index_wh_of(f"{whole}.{rest:03} GJ") - first
        assert abs(moved_wh - thousandths * 1_000_000 / 3600) <= 1


@pytest.mark.parametrize("text", ["=1+1", "1 234", "1.234,5", "-5", "12 TJ", "1e9", "", "0.0001"])
def test_what_is_no_index_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        index_wh_of(text)
