"""The operator's file: read whole, or refused in one sentence that names the place."""

from decimal import Decimal
from pathlib import Path

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.jobs.job import SchedulingType
from domain.refusal import Refused

WHOLE = """
currency = "EUR"
large_submit = 50
co2_factors = "rte-production"

[[prices]]
valid_from = 2026-01-01
core_hour = { flex = 0.010, ondemand = 0.025, reserved = 0.040 }
kwh = 0.1

[[prices]]
valid_from = 2026-07-01
core_hour = { flex = 0.011, ondemand = "0.026", reserved = 0 }
"""


def read(folder: Path, text: str) -> OperatorFile | Refused:
    file = folder / "prices.toml"
    file.write_text(text)
    return read_operator_file(file, folder)


def test_a_whole_file(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)

    assert isinstance(found, OperatorFile)
    assert found.prices is not None
    first, second = found.prices.versions
    assert (found.prices.currency, found.prices.large_submit) == ("EUR", Decimal(50))
    assert (first.from_month, second.from_month) == (202601, 202607)
    assert str(first.core_hour[SchedulingType.FLEX]) == "0.010"  # as written, no binary fraction
    assert second.core_hour[SchedulingType.ON_DEMAND] == Decimal("0.026")
    assert second.kwh == 0
    assert found.co2.of(2024).set_id == "rte-production"


def test_without_a_file_nothing_has_a_price(tmp_path: Path) -> None:
    found = read_operator_file(None, tmp_path)

    assert isinstance(found, OperatorFile)
    assert found.prices is None


def test_the_file_in_the_data_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "operator.toml").write_text(WHOLE)

    found = read_operator_file(None, tmp_path)

    assert isinstance(found, OperatorFile)
    assert found.prices is not None


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("2026-01-01", "2026-01-02", "first day of a month"),
        ("2026-01-01", "2026-08-01", "put them in order"),
        ("2026-01-01", "2026-07-01", "put them in order"),
        ("2026-01-01", '"soon"', "valid_from"),
        ("flex = 0.010", "flex = -1", "core_hour.flex"),
        ("flex = 0.010", "flex = nan", "core_hour.flex"),
        ("flex = 0.010", "flex = inf", "core_hour.flex"),
        ("flex = 0.010", "flex = 1e99", "core_hour.flex"),
        ("flex = 0.010", "flex = 0.0000001", "core_hour.flex"),
        ("flex = 0.010,", "", "core_hour.flex"),
        ("kwh = 0.1", "kWh = 0.1", "kWh"),
        ("kwh = 0.1", "kwh = true", "kwh"),
        ('"EUR"', '"euro"', "currency"),
        ('"rte-production"', '"made up"', "there is no set 'made up'"),
        ("[[prices]]", "[[prices]", "no TOML"),
        ("large_submit = 50", "large_submit = -1", "large_submit"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    found = read(tmp_path, WHOLE.replace(old, new, 1))

    assert isinstance(found, Refused)
    assert word in found.sentence
    assert "prices.toml" in found.sentence


def test_a_file_that_was_named_must_be_there_and_be_text(tmp_path: Path) -> None:
    missing = read_operator_file(tmp_path / "none.toml", tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    binary = read_operator_file(tmp_path / "binary.toml", tmp_path)

    assert isinstance(missing, Refused)
    assert isinstance(binary, Refused)
