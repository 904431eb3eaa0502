"""Arrays as people write them, their ranks, and how their elements are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.array_spec import MAX_ARRAY_SIZE, ArrayMistake, ArraySpec, parse_array
from domain.jobs.job_ref import JobRef, element_ref, parse_job_ref


def array(text: str) -> ArraySpec:
    found = parse_array(text)
    assert isinstance(found, ArraySpec)
    return found


def indexes(spec: ArraySpec) -> list[int]:
    return [index for part in spec.parts() for index in part.indexes()]


@pytest.mark.parametrize(
    ("text", "expected", "at_once"),
    [
        ("0-3", [0, 1, 2, 3], None),
        ("7", [7], None),
        ("1-4%2", [1, 2, 3, 4], 2),
        ("1,3,5", [1, 3, 5], None),
        ("5,1,3", [1, 3, 5], None),
        ("0-6:2", [0, 2, 4, 6], None),
        ("0-7:3", [0, 3, 6], None),
        ("10-12,18", [10, 11, 12, 18], None),
        ("0-3:1%2", [0, 1, 2, 3], 2),
        ("[4]%1", [4], 1),
    ],
)
def test_array(text: str, expected: list[int], at_once: int | None) -> None:
    found = array(text)
    assert indexes(found) == expected
    assert (found.count, found.first, found.last) == (len(expected), expected[0], expected[-1])
    assert found.at_once == at_once


def test_the_step_is_that_of_the_only_part() -> None:
    assert array("0-50:2").step == 2
    assert array("0-50:2,51").step == 1


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("", "bad_value", "0-9"),
        ("a", "bad_value", "0-9"),
        ("1-", "bad_value", "0-9"),
        ("%3", "bad_value", "0-9"),
        ("1,,2", "bad_value", "0-9"),
        ("1-4%x", "bad_value", "0-9"),
        ("-3", "bad_value", "below 0"),
        ("-3--1", "bad_value", "below 0"),
        ("1,-2", "bad_value", "below 0"),
        ("4-1", "array_backwards", "4-1"),
        ("1-4:0", "array_step", "1 or more"),
        ("1-4%0", "array_limit", "%0"),
        ("3,1,1", "array_twice", "index 1"),
        ("0-4,4-9", "array_twice", "index 4"),
        (f"0-{MAX_ARRAY_SIZE}", "array_too_large", str(MAX_ARRAY_SIZE)),
        ("0-999999999", "array_too_large", "1000000000"),
        (",".join(["0-999999"] * 9), "array_too_large", str(MAX_ARRAY_SIZE)),
    ],
)
def test_what_is_no_array_says_why(text: str, code: str, named: str) -> None:
    found = parse_array(text)
    assert isinstance(found, ArrayMistake)
    assert found.code == code
    assert named in found.remedy


def test_the_largest_array_is_read() -> None:
    assert array(f"0-{MAX_ARRAY_SIZE - 1}%200").count == MAX_ARRAY_SIZE


_parts = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12), st.integers(1, 4)), min_size=1, max_size=4
)


@given(_parts, _parts)
def test_ranks_count_the_indexes_and_selections_find_them(
    parts: list[tuple[int, int, int]], wanted: list[tuple[int, int, int]]
) -> None:
    whole, some = (
        parse_array(",".join(f"{first}-{first + span}:{step}" for first, span, step in item))
        for item in (parts, wanted)
    )
    if isinstance(whole, ArrayMistake) or isinstance(some, ArrayMistake):
        return  # An index was named twice.
    by_rank = indexes(whole)
    assert [whole.rank_of(index) for index in by_rank] == list(range(whole.count))
    assert whole.rank_of(99) is None
    ranks = [rank for first, last in whole.ranks_of(some) for rank in range(first, last + 1)]
    assert ranks == sorted(ranks)
    assert {by_rank[rank] for rank in ranks} == set(by_rank) & set(indexes(some))
    told = whole.text_of(whole.ranks_of(some))
    assert (
        sorted(indexes(array(told))) == sorted(by_rank[rank] for rank in ranks)
        if ranks
        else not told
    )


def test_runs_of_ranks_are_told_as_people_write_indexes() -> None:
    whole = array("0-9,20-40:5,99%2")

    assert whole.text_of([(3, 9)]) == "3-9"
    assert whole.text_of([(0, 0), (8, 12), (15, 15)]) == "0,8-9,20-30:5,99"
    assert whole.text_of([(0, 15)]) == whole.text
    assert whole.text_of([]) == ""


@pytest.mark.parametrize("text", ["12", "12_3", "12_[0-9,12]", "12_*"])
def test_names_of_jobs(text: str) -> None:
    found = parse_job_ref(text)
    assert found is not None
    assert found.number == 12


def test_one_element_is_known_by_its_index() -> None:
    found = parse_job_ref("12_3")
    assert found is not None
    assert found.index == 3
    assert parse_job_ref("12_*") == JobRef(number=12)
    assert (element_ref(12, None), element_ref(12, 3)) == ("12", "12_3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "x",
        "12_",
        "12_-1",
        "12_[]",
        "12_[3-1]",
        "12_[1%2]",
        "1_2_3",
        "12.0",
        "1" * 40,
        "12_[" + ",".join(["1"] * 2000) + "]",
        "\u0661",
    ],
)
def test_what_names_no_job(text: str) -> None:
    assert parse_job_ref(text) is None
