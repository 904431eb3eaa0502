"""Jobs that wait for one another, submitted in as many requests as they need."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from chaufferie.sdk.errors import BadInputError
from domain.sbatch.dependencies import Dependency, DependencyList, parse_dependency

if TYPE_CHECKING:
    from chaufferie.sdk.submission import Prepared


def in_order(prepared: Sequence["Prepared"]) -> list[int]:
    """Places of the jobs, each after those that it names by their labels.

    Raises ``BadInputError`` for labels that are missing or given twice, and for cycles.
    """
    places: dict[str, int] = {}
    for place, one in enumerate(prepared):
        label = one.body["label"]
        if label is not None and places.setdefault(label, place) != place:
            raise BadInputError(f"Two jobs are labelled {label!r}; call one otherwise.")
    graph = {place: _before(one, places) for place, one in enumerate(prepared)}
    if not any(graph.values()):
        return list(graph)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " before ".join(str(prepared[place].body["label"]) for place in error.args[1])
        raise BadInputError(
            f"These jobs wait for one another: {names}; none could start.",
            code="dependency.cycle",
        ) from None


def with_numbers(
    prepared: "Prepared", known: Mapping[str, int], here: frozenset[str]
) -> Mapping[str, Any]:
    """The body in which labels of earlier requests are numbers; those of this one stay."""
    asked = _asked(prepared)
    if not any(_label(one) in known and _label(one) not in here for one in asked.conditions):
        return prepared.body
    words = [str(_numbered(one, known)) for one in asked.conditions]
    text = ("?" if asked.any_suffices else ",").join(words)
    # The last of an option counts, wherever it stood first.
    return {**prepared.body, "options": [*prepared.body["options"], f"--dependency={text}"]}


def _asked(prepared: "Prepared") -> DependencyList:
    text = prepared.submission.dependency
    return (parse_dependency(text) if text else None) or DependencyList(conditions=())


def _label(one: Dependency) -> str | None:
    return one.named[1:] if one.named.startswith("@") else None


def _before(prepared: "Prepared", places: Mapping[str, int]) -> set[int]:
    found = set()
    for one in _asked(prepared).conditions:
        label = _label(one)
        if label is None:
            continue
        if label not in places:
            raise BadInputError(f"No job here is labelled {label!r}; check the dependency {one}.")
        found.add(places[label])
    return found


def _numbered(one: Dependency, known: Mapping[str, int]) -> Dependency:
    label = _label(one)
    if label is None or label not in known:
        return one
    rest = (one.job or "")[len(one.named) :]
    return Dependency(kind=one.kind, job=f"{known[label]}{rest}", delay_min=one.delay_min)
