"""Jobs as columns, before they have a name and an hour: quick to draw by the hundred thousand."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who submits what: pairs of a user and an application; every array is (n_classes,)."""

    names: tuple[str, ...]
    tenant_id: Integers
    is_flex: Flags
    can_resume: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Jobs in the order of their drawing; every array is (n_jobs,)."""

    class_index: Integers  #: Into the population.
    batch: Integers  #: Jobs of one number are submitted together; it never falls.
    servers: Integers
    run_s: Floats
    time_limit_s: Integers  #: Never below the run time.

    def __len__(self) -> int:
        return len(self.run_s)

    def first(self, count: int) -> "Requests":
        return Requests(**{name: getattr(self, name)[:count] for name in self.__slots__})


class WorkloadModel(Protocol):
    """A population of which any number of jobs can be drawn."""

    @property
    def population(self) -> Population: ...

    def draw(self, rng: np.random.Generator, count: int) -> Requests:
        """At least so many jobs, whole batches of them."""
        ...


def joined(blocks: list[Requests]) -> Requests:
    """Blocks one after the other, their batches numbered on."""
    columns = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in Requests.__slots__
    }
    ends = np.cumsum([0, *(int(block.batch[-1]) + 1 for block in blocks[:-1])])
    columns["batch"] = np.concatenate(
        [block.batch + end for block, end in zip(blocks, ends, strict=True)]
    )
    return Requests(**columns)


def draw_flags(rng: np.random.Generator, weights: Floats, share_frac: float) -> Flags:
    """Which classes have a property that ``share_frac`` of the jobs shall have, (n_classes,).

    Classes are taken in a random order until their popularity fills the share; the one on the
    edge is taken when more than half of it lies within.
    """
    order = rng.permutation(len(weights))
    middles = np.cumsum(weights[order]) - weights[order] / 2
    flags = np.zeros(len(weights), dtype=np.bool_)
    flags[order] = middles < share_frac * weights.sum()
    return flags


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float], count: int) -> Floats:
    """Numbers (count,) between the bounds whose logarithms are uniform."""
    low, high = np.log(bounds)
    return np.asarray(np.exp(rng.uniform(float(low), float(high), count)), dtype=np.float64)
