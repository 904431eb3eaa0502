"""How many GPUs a job asks for, and of which kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from domain.fleet.gpus import ANY_KIND, MOST_GPUS, gpu_model
from domain.sbatch.environment import Asked
from domain.sbatch.given import Given
from domain.sbatch.gres import Gres, parse_gpus, parse_gres
from domain.sbatch.settings import Settings

_GPU = "gpu"
_A_GRES = "resources such as gpu:2 or gpu:a100:2"
_A_NUMBER = "a number such as 2, or a100:2"
_OPTIONS: Mapping[str, tuple[Callable[[str], tuple[Gres, ...] | None], str, Asked | None]] = {
    "gres": (parse_gres, _A_GRES, None),
    "gpus": (parse_gpus, _A_NUMBER, Asked.GPUS),
    "gpus-per-node": (parse_gpus, _A_NUMBER, Asked.GPUS_PER_NODE),
    "gpus-per-task": (parse_gpus, _A_NUMBER, Asked.GPUS_PER_TASK),
}
#: Where several say how many, the first of these counts: a total before a share.
_STRONGEST_FIRST = ("gpus", "gpus-per-node", "gres", "gpus-per-task")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpus:
    """What a job asks of a node's GPUs."""

    count: int = 0
    kind: str = ANY_KIND
    asked: tuple[Asked, ...] = ()


def read_gpus(settings: Settings, ntasks: int, n_nodes: int = 1) -> Gpus:
    """The GPUs of each node that the options add up to; what cannot be had is refused.

    ``ntasks`` are those of a node. What is said of the whole job is shared out to its nodes.
    """
    found = {key: (given, gpus) for key, given, gpus in _each(settings, ntasks, n_nodes)}
    strongest = next((key for key in _STRONGEST_FIRST if key in found), None)
    if strongest is None:
        return Gpus()
    given, gpus = found[strongest]
    if gpus.count > MOST_GPUS:
        settings.refuse(
            given, "bad_value", f"{given.text} makes {gpus.count} GPUs; no node has so many."
        )
    for weaker, other in found.values():
        if other != gpus:
            settings.note(weaker, f"{weaker.text} has no effect beside {given.text}.")
    asked = tuple(name for key, (_, _, name) in _OPTIONS.items() if key in found and name)
    return replace(gpus, asked=asked)


def _each(settings: Settings, ntasks: int, n_nodes: int) -> Iterator[tuple[str, Given, Gpus]]:
    """Every option that asks for some; one that asks for none is noted and passed over."""
    for key, (parse, wanted, _) in _OPTIONS.items():
        given = settings.given(key)
        resources = settings.read(key, parse, wanted)
        if given is None or resources is None:
            continue
        resources = tuple(item for item in resources if item.count)
        if not resources:
            settings.note(given, f"{given.text} asks for nothing and has no effect.")
            continue
        gpus = _of_one_kind(settings, given, resources)
        if gpus is not None:
            count = gpus.count * (ntasks if key == "gpus-per-task" else 1)
            yield key, given, replace(gpus, count=-(-count // n_nodes) if key == "gpus" else count)


def _of_one_kind(settings: Settings, given: Given, resources: tuple[Gres, ...]) -> Gpus | None:
    other = next((item.name for item in resources if item.name.lower() != _GPU), None)
    if other is not None:
        settings.refuse(
            given,
            "no_such_gres",
            f"{given.text} asks for {other!r}, which no node counts; only gpu can be asked for.",
        )
        return None
    kinds = {ANY_KIND if item.kind is None else gpu_model(item.kind) for item in resources}
    if len(kinds) > 1:
        settings.refuse(
            given, "several_kinds", f"{given.text} asks for GPUs of several kinds; name one."
        )
        return None
    return Gpus(count=sum(item.count for item in resources), kind=kinds.pop())
