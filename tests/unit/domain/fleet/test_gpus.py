"""GPUs by the names that people use."""

import pytest

from domain.fleet.gpus import (
    count_of_kind,
    gpu_features,
    gpu_model,
    in_words,
    is_of_kind,
    overlap,
    pick,
)

MODELS = ("a100-sxm4-40gb", "v100", "a100-pcie")


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ("NVIDIA A100-SXM4-40GB", "a100-sxm4-40gb"),
        ("Tesla V100-SXM2-32GB", "v100-sxm2-32gb"),
        ("GeForce GTX 1080 Ti", "gtx-1080-ti"),
        ("a100_1g.5gb", "a100-1g.5gb"),
        ("AMD Instinct MI210", "mi210"),
        ("NVIDIA", "nvidia"),
        ("", "gpu"),
    ],
)
def test_a_model_is_called_as_people_call_it(said: str, model: str) -> None:
    assert gpu_model(said) == model
    assert gpu_model(model) == model


def test_a_short_name_means_every_model_of_it() -> None:
    assert is_of_kind("a100-sxm4-40gb", "a100")
    assert not is_of_kind("a1000", "a100")
    assert count_of_kind(MODELS, "a100") == 2
    assert count_of_kind(MODELS, "") == 3
    assert overlap("a100", "a100-pcie")
    assert not overlap("a100-sxm4-40gb", "a100-pcie")


def test_devices_are_picked_from_those_that_are_free() -> None:
    assert pick(MODELS, {0, 1, 2}, "a100", 2) == (0, 2)
    assert pick(MODELS, {1, 2}, "a100", 2) == (2,)
    assert pick(MODELS, {2, 1}, "", 2) == (1, 2)


def test_models_are_features() -> None:
    assert gpu_features(MODELS[:1]) == ("a100", "a100-sxm4", "a100-sxm4-40gb", "gpu")
    assert gpu_features(()) == ()


def test_in_words() -> None:
    assert in_words(1, "") == "a GPU"
    assert in_words(2, "a100") == "2 GPUs of kind a100"
