"""What no node could ever hold, said with the largest that could hold most."""

from typing import Any

from api.capacity import check_fits, fitting
from domain.job_spec import Resources
from domain.refusal import Refused
from tests.support.builders import node_spec

SIZES = [
    ("small", node_spec(cores=2, mem_mib=64_000)),
    ("large", node_spec(cores=16, mem_mib=8_000)),
]


def refusal(**fields: Any) -> str:  # noqa: ANN401 - any field
    found = check_fits(Resources(**fields), SIZES)
    assert isinstance(found, Refused)
    assert found.code == "job.too_large"
    return found.sentence


def test_too_many_cores_names_the_widest_node() -> None:
    assert refusal(cores=128) == (
        "The job asks for 128 cores; the largest node has 16 (large). Ask for 16 or fewer."
    )


def test_too_much_memory_names_the_roomiest_node() -> None:
    assert "62.5 GiB (small)" in refusal(cores=1, mem_mib=128_000)


def test_cores_and_memory_that_no_one_node_has_together() -> None:
    assert "together" in refusal(cores=4, mem_mib=32_000)


def test_what_one_node_can_hold_passes_and_that_node_is_named() -> None:
    assert check_fits(Resources(cores=16), SIZES) is None
    assert fitting(Resources(cores=16), SIZES) == ["large"]
    assert fitting(Resources(cores=1, mem_mib=9_000), SIZES) == ["small"]


def test_before_the_first_node_nothing_is_too_large() -> None:
    assert check_fits(Resources(cores=10_000), []) is None
