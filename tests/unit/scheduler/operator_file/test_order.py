"""The operator's file, as far as it says in which order jobs go."""

from pathlib import Path

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.jobs.order import OrderChoice
from domain.refusal import Refused
from scheduler.operator_file.order import read_order

FULL = """
currency = "EUR"

[order]
age = 50
tenant_share = 1200.5
half_life_days = 14

[order.shares]
lab = 3

[order.project_shares."A & B"]
thesis = 0.5
"""


def written(folder: Path, text: str) -> Path:
    (folder / "operator.toml").write_text(text)
    return folder


def test_without_a_file_the_usual_terms_hold(tmp_path: Path) -> None:
    assert read_order(None, tmp_path) == OrderChoice()
    assert read_order(None, written(tmp_path, 'currency = "EUR"\n')) == OrderChoice()


def test_a_file_says_what_differs(tmp_path: Path) -> None:
    found = read_order(None, written(tmp_path, FULL))

    assert found == OrderChoice(
        age=50.0,
        tenant_share=1200.5,
        half_life_s=14 * 86_400.0,
        shares={"lab": 3.0},
        project_shares={"A & B": {"thesis": 0.5}},
    )
    assert isinstance(read_operator_file(None, tmp_path), OperatorFile)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[order]\nage = 0\n", "order.age"),
        ("[order]\ntenant_share = -1\n", "order.tenant_share"),
        ("[order]\ntenant_share = nan\n", "order.tenant_share"),
        ("[order]\nhalf_life_days = inf\n", "order.half_life_days"),
        ("[order]\nheavy = 1\n", "order.heavy"),
        ("[order.shares]\nlab = 0\n", "order.shares.lab"),
        ('[order.project_shares]\nlab = "much"\n', "order.project_shares.lab"),
        ("order = 5\n", "order"),
        ("[order\n", "it is no TOML"),
    ],
)
def test_a_slip_is_named_by_whoever_reads_the_file(tmp_path: Path, text: str, said: str) -> None:
    written(tmp_path, text)

    for refused in (read_order(None, tmp_path), read_operator_file(None, tmp_path)):
        assert isinstance(refused, Refused)
        assert refused.code == "settings.operator_file"
        assert said in refused.sentence


def test_a_file_that_was_named_and_is_not_there_is_refused(tmp_path: Path) -> None:
    refused = read_order(tmp_path / "other.toml", tmp_path)

    assert isinstance(refused, Refused)
    assert "cannot be read" in refused.sentence
