"""What no node could ever hold, said with the largest that could hold most."""

from dataclasses import replace
from typing import Any

import pytest

from api.jobs.capacity import check_fits, fitting, knowing_nodes
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from tests.support.builders import node_spec

SIZES = [
    ("small", node_spec(cores=2, mem_mib=64_000)),
    ("large", node_spec(cores=16, mem_mib=8_000)),
]


def asking(*, excluded: tuple[str, ...] = (), **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    return JobSpec(name="case", resources=Resources(**fields), excluded=excluded)


def refusal(**fields: Any) -> str:  # noqa: ANN401 - any field
    found = check_fits(asking(**fields), SIZES)
    assert isinstance(found, Refused)
    assert found.code == "job.too_large"
    return found.sentence


def test_too_many_cores_names_the_widest_node() -> None:
    assert refusal(cores=128) == (
        "The job asks for 128 cores; the largest node has 16 (large). Ask for 16 or fewer."
    )


def test_too_much_memory_names_the_roomiest_node() -> None:
    assert "62.5 GiB (small)" in refusal(cores=1, mem_mib=128_000)
    assert "asks for 100.0 TiB of memory" in refusal(cores=1, mem_mib=100 << 20)


def test_cores_and_memory_that_no_one_node_has_together() -> None:
    assert "together" in refusal(cores=4, mem_mib=32_000)


def test_what_one_node_can_hold_passes_and_that_node_is_named() -> None:
    assert check_fits(asking(cores=16), SIZES) is None
    assert fitting(asking(cores=16), SIZES) == ["large"]
    assert fitting(asking(cores=1, mem_mib=9_000), SIZES) == ["small"]


def test_before_the_first_node_nothing_is_too_large() -> None:
    assert check_fits(asking(cores=10_000), []) is None


def test_an_excluded_node_is_none_that_fits_and_excluding_all_is_refused() -> None:
    assert fitting(asking(cores=1, excluded=("small",)), SIZES) == ["large"]
    found = check_fits(asking(cores=16, excluded=("large",)), SIZES)
    assert isinstance(found, Refused)
    assert found.code == "job.all_excluded"


def test_nodes_may_be_excluded_by_the_name_of_their_machine_and_strangers_are_noted() -> None:
    sizes = [*SIZES, ("pool", node_spec(host_name="pool-1"))]
    found = knowing_nodes(asking(excluded=("pool-1", "gpu07")), sizes)
    assert isinstance(found, JobSpec)
    assert found.excluded == ("gpu07", "pool")
    assert found.notes == ("--exclude names gpu07, which is no node here.",)
    assert knowing_nodes(asking(), sizes) == asking()


def test_a_node_may_be_wanted_by_the_name_of_its_machine_and_a_stranger_is_refused() -> None:
    sizes = [*SIZES, ("pool", node_spec(host_name="pool-1"))]
    found = knowing_nodes(replace(asking(), wanted_nodes=("pool-1", "large")), sizes)
    assert isinstance(found, JobSpec)
    assert found.wanted_nodes == ("large", "pool")
    assert fitting(found, sizes) == ["large", "pool"]

    refused = knowing_nodes(replace(asking(), wanted_nodes=("gpu07", "large")), sizes)
    assert isinstance(refused, Refused)
    assert refused.code == "job.no_such_node"
    assert "gpu07, which is no node here; there are: small, large, pool" in refused.sentence


TAGGED = [
    ("plain", node_spec(cores=64, features=("x86_64", "avx2"))),
    ("wide", node_spec(cores=4, features=("x86_64", "avx512"), gpus=("a100-sxm4", "a100-sxm4"))),
    ("old", node_spec(cores=4, features=("x86_64",), gpus=("v100",))),
]


def wanting(*features: str, **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    return replace(asking(**fields), features=features)


def test_features_and_gpus_decide_where_a_job_fits() -> None:
    assert fitting(wanting("avx2"), TAGGED) == ["plain"]
    assert fitting(wanting("avx2|avx512"), TAGGED) == ["plain", "wide"]
    assert fitting(wanting("gpu", "x86_64"), TAGGED) == ["wide", "old"]
    assert fitting(wanting("v100"), TAGGED) == ["old"]
    assert fitting(asking(gpus=1), TAGGED) == ["wide", "old"]
    assert fitting(asking(gpus=2, gpu_kind="a100"), TAGGED) == ["wide"]


@pytest.mark.parametrize(
    ("job", "code", "said"),
    [
        (wanting("knl"), "job.no_such_feature", "No node has knl; the features here are: a100"),
        (wanting("avx2", "gpu"), "job.no_such_feature", "avx2 and gpu together"),
        (wanting("gpu", cores=16), "job.too_large", "largest node with gpu has 4 (wide)"),
        (asking(gpus=1, gpu_kind="h100"), "job.no_such_gpu", "there are: a100-sxm4, v100"),
        (asking(gpus=4), "job.too_large", "the node with the most has 2 (wide)"),
        (wanting("avx2", gpus=1), "job.no_such_gpu", "no node with avx2 has any"),
        (asking(gpus=1, cores=64), "job.too_large", "64 cores and a GPU together"),
    ],
)
def test_what_is_missing_is_named(job: JobSpec, code: str, said: str) -> None:
    found = check_fits(job, TAGGED)
    assert isinstance(found, Refused)
    assert found.code == code
    assert said in found.sentence
