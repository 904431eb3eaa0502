from hypothesis import given
from hypothesis import strategies as st

from store.wakeups import decode_changes, encode_changes

ids = st.lists(st.integers(0, 2**40), max_size=20)


@given(nodes=ids, jobs=ids)
def test_changes_are_read_as_they_were_written(nodes: list[int], jobs: list[int]) -> None:
    told = decode_changes(encode_changes(nodes, jobs))

    assert told == (list(dict.fromkeys(nodes)), list(dict.fromkeys(jobs)))


def test_a_line_too_long_for_a_message_says_that_everything_may_have_changed() -> None:
    assert decode_changes(encode_changes([], range(1_000_000, 1_002_000))) is None


def test_an_empty_line_says_that_nothing_changed() -> None:
    assert decode_changes("") == ([], [])
