"""What the jobs of a request wait for: their texts read, their labels found, cycles refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from domain.sbatch.dependencies import Dependency, DependencyList, parse_dependency
from domain.units import MINUTE_S
from store.dependencies.targets import NewCondition

#: Conditions that all jobs of one request may have together.
MOST_IN_REQUEST = 20_000
_LONGEST_CYCLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What one job waits for."""

    conditions: tuple[NewCondition, ...] = ()
    any_suffices: bool = False


def read_waits(
    specs: Sequence[JobSpec | Refused], labels: Sequence[str | None]
) -> list[Waits | Refused]:
    """What each job waits for; a refusal where it cannot, or where it was refused before."""
    asked = [_asked(spec) for spec in specs]
    places = _places(labels)
    answers: list[Waits | Refused] = [
        spec if isinstance(spec, Refused) else _waits(its, places)
        for spec, its in zip(specs, asked, strict=True)
    ]
    for position, label in enumerate(labels):
        if label is not None and places[label] != position:
            sentence = f"Two jobs of this request are labelled {label}; call one otherwise."
            answers[position] = Refused(code="dependency.label_twice", sentence=sentence)
    _refuse_cycles(answers, labels)
    _refuse_too_many(answers)
    return answers


def refuse_with_what_they_wait_for(
    specs: Sequence[JobSpec | Refused], waits: Sequence[Waits | Refused]
) -> list[JobSpec | Refused]:
    """The same, with those refused too that wait for a refused one."""
    found: list[JobSpec | Refused] = [
        its if isinstance(its, Refused) else spec for spec, its in zip(specs, waits, strict=True)
    ]
    while True:
        refused = {place for place, spec in enumerate(found) if isinstance(spec, Refused)}
        touched = [
            place
            for place, its in enumerate(waits)
            if place not in refused
            and not isinstance(its, Refused)
            and any(one.position in refused for one in its.conditions)
        ]
        if not touched:
            return found
        for place in touched:
            found[place] = Refused(
                code="dependency.refused_job",
                sentence="A job of this request that it waits for was refused; see that one first.",
            )


def among_accepted(
    specs: Sequence[JobSpec | Refused], waits: Sequence[Waits | Refused]
) -> list[Waits]:
    """What each waits for, with places counted among those alone that are not refused."""
    accepted = [place for place, spec in enumerate(specs) if not isinstance(spec, Refused)]
    place_of = {place: index for index, place in enumerate(accepted)}
    return [
        Waits()
        if isinstance(its, Refused) or place not in place_of
        else Waits(
            conditions=tuple(
                one if one.position is None else replace(one, position=place_of[one.position])
                for one in its.conditions
            ),
            any_suffices=its.any_suffices,
        )
        for place, its in enumerate(waits)
    ]


def _asked(spec: JobSpec | Refused) -> DependencyList:
    text = None if isinstance(spec, Refused) else spec.dependency
    return (parse_dependency(text) if text else None) or DependencyList(conditions=())


def _places(labels: Sequence[str | None]) -> dict[str, int]:
    places: dict[str, int] = {}
    for position, label in enumerate(labels):
        if label is not None:
            places.setdefault(label, position)
    return places


def _waits(asked: DependencyList, places: dict[str, int]) -> Waits | Refused:
    conditions = []
    for one in asked.conditions:
        found = _condition(one, places)
        if isinstance(found, Refused):
            return found
        conditions.append(found)
    return Waits(conditions=tuple(conditions), any_suffices=asked.any_suffices)


def _condition(one: Dependency, places: dict[str, int]) -> NewCondition | Refused:
    number, position = None, None
    if one.named.startswith("@"):
        position = places.get(one.named[1:])
        if position is None:
            return Refused(
                code="dependency.unknown_label",
                sentence=f"No job of this request is labelled {one.named[1:]}; "
                "name it, or give the number of an earlier job.",
            )
    elif one.named:
        number = int(one.named)
    return NewCondition(
        kind=one.kind,
        number=number,
        position=position,
        index=one.index,
        delay_s=one.delay_min * MINUTE_S,
    )


def _refuse_cycles(answers: list[Waits | Refused], labels: Sequence[str | None]) -> None:
    graph = {
        place: {one.position for one in its.conditions if one.position is not None}
        for place, its in enumerate(answers)
        if not isinstance(its, Refused)
    }
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle: list[int] = error.args[1]
            for place in set(cycle):
                answers[place] = _cycle_refusal([labels[item] or "?" for item in cycle])
                graph.pop(place, None)
            for others in graph.values():
                others.difference_update(cycle)
        else:
            return


def _cycle_refusal(names: list[str]) -> Refused:
    shown = names if len(names) <= _LONGEST_CYCLE else [*names[:_LONGEST_CYCLE], "..."]
    return Refused(
        code="dependency.cycle",
        sentence=f"These jobs wait for one another: {' before '.join(shown)}; none could start.",
    )


def _refuse_too_many(answers: list[Waits | Refused]) -> None:
    count = 0
    for place, its in enumerate(answers):
        if not isinstance(its, Refused):
            count += len(its.conditions)
            if its.conditions and count > MOST_IN_REQUEST:
                answers[place] = Refused(
                    code="batch.too_many_dependencies",
                    sentence=f"The jobs of one request wait for more than {MOST_IN_REQUEST} jobs "
                    "together; send fewer at once.",
                )
