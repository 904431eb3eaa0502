"""Lists of node names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sbatch.hostlist import MOST_NAMES, parse_hostlist


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", ("n1",)),
        ("n1,n2,n1", ("n1", "n2")),
        ("n[1-3,07]", ("n1", "n2", "n3", "n07")),
        ("r[1-2]-n[08-10]", ("r1-n08", "r1-n09", "r1-n10", "r2-n08", "r2-n09", "r2-n10")),
        ("gpu.example.org, town-pool_1", ("gpu.example.org", "town-pool_1")),
    ],
)
def test_a_list_is_expanded(text: str, names: tuple[str, ...]) -> None:
    assert parse_hostlist(text) == names


@pytest.mark.parametrize(
    "text",
    ["", ",", "n1,,n2", "n[", "n[]", "n[3-1]", "n[1-x]", "./file", "n 1", "n[1-2", "n[0-99999999]"],
)
def test_what_is_no_list_is_none(text: str) -> None:
    assert parse_hostlist(text) is None


@given(st.text(alphabet="n[]-,01 9", max_size=40))
def test_hostile_lists_end_soon_and_stay_small(text: str) -> None:
    found = parse_hostlist(text)
    assert found is None or len(found) <= MOST_NAMES
