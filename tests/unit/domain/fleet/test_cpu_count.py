"""What a warden counted, as a file carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.cpu_count import CpuCount, read_cpu_count, write_cpu_count

COUNT = CpuCount(cpu_s=12.5, cores=4, at_s=1000.0)


def test_what_is_written_is_read_again() -> None:
    assert read_cpu_count(write_cpu_count(COUNT)) == COUNT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"cpu_s": 1.0, "cores": 4}',
        '{"cpu_s": "a", "cores": 4, "at_s": 0}',
        '{"cpu_s": -1.0, "cores": 4, "at_s": 0}',
        '{"cpu_s": 1.0, "cores": 0, "at_s": 0}',
        '{"cpu_s": NaN, "cores": 4, "at_s": 0}',
        '{"cpu_s": 1e999, "cores": 4, "at_s": 0}',
        f'{{"cpu_s": 1{"0" * 400}, "cores": 4, "at_s": 0}}',
    ],
)
def test_what_is_no_count_says_nothing(text: str) -> None:
    assert read_cpu_count(text) is None


@given(data=st.binary(max_size=60))
def test_no_bytes_are_an_error(data: bytes) -> None:
    found = read_cpu_count(data)

    assert found is None or found.cores > 0
