"""GPUs: how their models are called, and which of them a job may take.

A node lists the model of each device in the order of its devices. A job asks for a number of
them, of any kind or of one; ``a100`` is a kind of ``a100-sxm4-40gb``.
"""

import re
from collections.abc import Collection, Sequence

#: Of any kind.
ANY_KIND = ""
MOST_GPUS = 64
LONGEST_MODEL = 64
#: Words of a maker that people leave out.
_MAKERS = frozenset({"nvidia", "tesla", "geforce", "quadro", "amd", "instinct", "radeon", "intel"})
_BETWEEN = re.compile(r"[^a-z0-9.]+")


def gpu_model(text: str) -> str:
    """The model as everybody writes it: ``NVIDIA A100-SXM4-40GB`` is ``a100-sxm4-40gb``."""
    words = [word for word in _BETWEEN.split(text.lower()) if word]
    kept = [word for word in words if word not in _MAKERS]
    return "-".join(kept or words)[:LONGEST_MODEL] or "gpu"


def is_of_kind(model: str, kind: str) -> bool:
    """Whether a device of this model will do where this kind is asked for."""
    return kind in {ANY_KIND, model} or model.startswith(f"{kind}-")


def overlap(one: str, other: str) -> bool:
    """Whether some device could be of both kinds."""
    return is_of_kind(one, other) or is_of_kind(other, one)


def count_of_kind(models: Collection[str], kind: str) -> int:
    """How many of these devices are of a kind."""
    return sum(is_of_kind(model, kind) for model in models)


def pick(models: Sequence[str], free: Collection[int], kind: str, count: int) -> tuple[int, ...]:
    """Which free devices a job gets; too few where there are not so many of the kind."""
    fitting = [device for device in sorted(free) if is_of_kind(models[device], kind)]
    return tuple(fitting[:count])


def in_words(count: int, kind: str) -> str:
    """``2 GPUs of kind a100``."""
    number = "a GPU" if count == 1 else f"{count} GPUs"
    return number if kind == ANY_KIND else f"{number} of kind {kind}"


def gpu_features(models: Collection[str]) -> tuple[str, ...]:
    """Features of a node with these devices: ``gpu``, each model, and what it is short for."""
    found: set[str] = set()
    for model in models:
        words = model.split("-")
        found |= {"-".join(words[:count]) for count in range(1, len(words) + 1)}
    return tuple(sorted(found | ({"gpu"} if models else set())))
