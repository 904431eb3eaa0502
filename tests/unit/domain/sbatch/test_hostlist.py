"""Lists of node names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sbatch.hostlist import MOST_NAMES, fold_hostlist, parse_hostlist


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


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), ""),
        (("n1",), "n1"),
        (("n2", "n1", "n1"), "n[1-2]"),
        (("n10", "n9", "n11", "n13"), "n[9-11,13]"),
        (("n08", "n09", "n10", "n8"), "n[8,08-10]"),
        (("pool", "pool1", "town-3", "town-5"), "pool,pool1,town-[3,5]"),
    ],
)
def test_names_are_folded_as_slurm_writes_them(names: tuple[str, ...], text: str) -> None:
    assert fold_hostlist(names) == text


_names = st.from_regex(r"[a-c-]{0,2}[0-9]{0,12}[a.]?[0-9]{0,3}", fullmatch=True).filter(bool)


@given(st.lists(_names, min_size=1, max_size=30))
def test_what_is_folded_expands_to_the_same_names(names: list[str]) -> None:
    found = parse_hostlist(fold_hostlist(names))

    assert found is not None
    assert sorted(found) == sorted(set(names))
