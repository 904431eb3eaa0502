"""The table of features claims what a test shows, and nothing else."""

import re

import pytest

from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "reference" / "features.md"
_SHOWN = re.compile(r"\[(test_\w+)\]\(([^)\s]+\.py)\)")
_NOTHING = re.compile(r"not yet|n\b")
_THIS = "../../tests/architecture/test_features.py"
_TESTED = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


HEAD, *ROWS = _rows()


def _is_there(name: str, link: str) -> bool:
    path = (PAGE.parent / link).resolve()
    return path.is_file() and name in _TESTED.findall(path.read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_shown_by_tests_that_exist_or_claims_nothing(row: list[str]) -> None:
    ours, shown = row[1], _SHOWN.findall(row[-1])

    assert len(row) == len(HEAD)
    assert all(row[1:-1])
    assert [name for name, link in shown if not _is_there(name, link)] == []
    assert bool(shown) != bool(_NOTHING.match(ours)), ours


def test_the_table_has_the_systems_that_people_come_from() -> None:
    systems = ("Chaufferie", "Slurm", "HTCondor", "HyperQueue", "Nomad", "Kueue")

    assert [cell.split()[0] for cell in HEAD[1:-1]] == list(systems)
    assert len(ROWS) >= 30


def test_a_test_that_is_not_there_would_be_seen() -> None:
    assert _is_there("test_a_test_that_is_not_there_would_be_seen", _THIS)
    assert not _is_there("test_of_nothing", _THIS)
    assert not _is_there("test_of_nothing", "../../tests/nothing.py")
