"""Counted licences: no seat is given twice, whoever needs one waits, and nobody for ever."""

from typing import Any

import pytest

from domain.events import AttemptEnded, LicencesSet, NodeLeft, TimePassed
from domain.jobs.job import EndReason, SchedulingType
from scheduler.explaining.waiting import Line, explain_waiting
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.heat_aware import HeatAware
from tests.support.builders import NOW_S, array_queued, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

POLICIES = ["coldest", "easy", "easy-on-demand-first", "round-robin", "qarnot", "recipe"]
POLICIES += ["chaufferie", "least-loaded", "random"]
FLEX = SchedulingType.FLEX.value


def cluster(policy_text: str, *boilers: int, **seats: int) -> Told:
    """Boilers of eight cores, and seats of licences."""
    facts = [
        fact for number in boilers or (1,) for fact in (node_joined(number), reading_of(number))
    ]
    return Told(policy_text, LicencesSet(seats=seats), *facts)


def started(told: Told, *numbers: int, **fields: Any) -> list[int]:  # noqa: ANN401 - any field
    """The jobs that start when these come in together."""
    facts = [job_queued(number, **fields) for number in numbers]
    return sorted(offer[0] for offer in told.hear(*facts))


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_seat_that_comes_back_is_given_again(policy_text: str) -> None:
    told = cluster(policy_text, solver=2)

    assert started(told, 1, 2, 3, 4, licences=("solver:1",)) == [1, 2]
    told.hear(claimed(1), claimed(2))
    assert [offer[0] for offer in told.hear(ended(1))] == [3]
    assert told.hear(ended(1)) == []  # Told twice, freed once.


@pytest.mark.parametrize("policy_text", POLICIES)
def test_others_pass_who_waits_for_a_licence(policy_text: str) -> None:
    told = cluster(policy_text, solver=1, mesher=1)

    assert started(told, 1, 2, licences=("solver:1",)) == [1]
    assert started(told, 3, licences=("mesher:1",)) == [3]
    assert started(told, 4, 5) == [4, 5]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_all_licences_of_a_job_or_none(policy_text: str) -> None:
    told = cluster(policy_text, solver=4, hpc=8)

    assert started(told, 1, licences=("hpc:6", "solver:1")) == [1]
    assert started(told, 2, licences=("hpc:3", "solver:1")) == []
    assert started(told, 3, licences=("solver:3",)) == []  # One is kept for the job before it.
    assert started(told, 4, licences=("solver:2",)) == [4]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_licence_that_is_not_declared_keeps_its_jobs_waiting(policy_text: str) -> None:
    told = cluster(policy_text)

    assert started(told, 1, licences=("solver:1",)) == []
    assert [offer[0] for offer in told.hear(LicencesSet(seats={"solver": 1}))] == [1]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_fewer_seats_than_are_held_stop_nothing(policy_text: str) -> None:
    told = cluster(policy_text, solver=3)
    started(told, 1, 2, 3, licences=("solver:1",))
    told.hear(claimed(1), claimed(2), claimed(3))

    assert told.hear(LicencesSet(seats={"solver": 1})) == []

    assert started(told, 4, licences=("solver:1",)) == []
    assert told.hear(ended(1)) == told.hear(ended(2)) == []
    assert [offer[0] for offer in told.hear(ended(3))] == [4]


@pytest.mark.parametrize("policy_text", POLICIES)
def test_a_job_that_needs_many_is_not_passed_for_ever(policy_text: str) -> None:
    """Small ones come all the time; the wide one has its turn once those before it have ended."""
    told = cluster(policy_text, 1, 2, solver=4)
    started(told, 1, 2, 3, 4, licences=("solver:1",), queued_at_s=NOW_S - 100.0)
    told.hear(*(claimed(number, 1, held) for number, held in placed(told).items()))
    assert started(told, 10, licences=("solver:4",), queued_at_s=NOW_S - 50.0) == []
    started(told, *range(11, 20), licences=("solver:1",), queued_at_s=NOW_S)

    where = placed(told)
    given = [
        offer[0] for number in (1, 2, 3, 4) for offer in told.hear(ended(number, 1, where[number]))
    ]

    assert given == [10]


def placed(told: Told) -> dict[int, int]:
    """The node of each job that holds one."""
    state = told.engine.state
    return {
        number: state.fleet.facts[held.row].node_id for number, held in state.occupations.items()
    }


def test_a_job_that_no_node_could_take_keeps_no_seat_from_others() -> None:
    told = cluster("chaufferie", 1, 2, solver=2)
    started(told, 1, 2, licences=("solver:1",))
    told.hear(*(claimed(number, 1, held) for number, held in placed(told).items()))
    told.hear(NodeLeft(node_id=2))
    where = placed(told)
    wants = {"licences": ("solver:2",), "requires": ("node:boiler-2",)}
    started(told, 10, queued_at_s=NOW_S - 50.0, **wants)
    started(told, 11, licences=("solver:1",), queued_at_s=NOW_S)

    assert [offer[0] for offer in told.hear(ended(1, 1, where[1]))] == [11]


def test_a_patient_job_keeps_no_seat_until_its_last_hour() -> None:
    told = cluster("chaufferie", 1, 2, solver=2)
    started(told, 1, 2, licences=("solver:1",))
    told.hear(*(claimed(number, 1, held) for number, held in placed(told).items()))
    fields = {"scheduling_type": FLEX, "start_before_s": NOW_S + 80_000.0}
    started(told, 10, licences=("solver:2",), **fields)
    where = placed(told)

    started(told, 11, licences=("solver:1",))

    assert [offer[0] for offer in told.hear(ended(1, 1, where[1]))] == [11]


@pytest.mark.parametrize("policy_text", ["coldest", "easy", "least-loaded", "random"])
def test_a_policy_that_takes_all_by_age_keeps_seats_for_a_patient_job_too(
    policy_text: str,
) -> None:
    told = cluster(policy_text, 1, 2, solver=2)
    started(told, 1, 2, licences=("solver:1",))
    told.hear(*(claimed(number, 1, held) for number, held in placed(told).items()))
    fields = {"scheduling_type": FLEX, "start_before_s": NOW_S + 80_000.0}
    started(told, 10, licences=("solver:2",), queued_at_s=NOW_S - 50.0, **fields)
    where = placed(told)
    started(told, 11, licences=("solver:1",), queued_at_s=NOW_S)

    assert told.hear(ended(1, 1, where[1])) == []
    assert [offer[0] for offer in told.hear(ended(2, 1, where[2]))] == [10]


@pytest.mark.parametrize(("left_s", "first"), [(3000.0, 11), (800.0, 10)])
def test_seats_go_to_a_patient_job_before_others_only_when_it_presses(
    left_s: float, first: int
) -> None:
    """As a place on a node does: somebody waits for the other."""
    told = cluster("chaufferie", solver=1)
    started(told, 1, licences=("solver:1",))
    told.hear(claimed(1))
    due = {"scheduling_type": FLEX, "start_before_s": NOW_S + left_s}
    started(told, 10, licences=("solver:1",), **due)
    started(told, 11, licences=("solver:1",))

    assert [offer[0] for offer in told.hear(ended(1))] == [first]


def test_a_job_that_waits_for_a_node_keeps_its_seats_with_it() -> None:
    """Two boilers: a wide job's node is kept, and so is what it needs beside it."""
    told = cluster("coldest", 1, 2, solver=1)
    started(told, 1, 2, cores=5)  # One on each: nobody wider than three fits.
    assert started(told, 3, cores=8, licences=("solver:1",), queued_at_s=NOW_S - 9.0) == []

    assert started(told, 4, cores=1, licences=("solver:1",)) == []


def test_each_element_of_an_array_takes_its_own_seats() -> None:
    told = cluster("coldest", solver=5)

    assert len(told.hear(array_queued(10, 50, licences=("solver:2",)))) == 2


def test_a_job_of_several_nodes_takes_its_seats_once() -> None:
    told = Told(
        "coldest",
        LicencesSet(seats={"solver": 3}),
        *(node_joined(number, site_id=1) for number in (1, 2)),
        *(reading_of(number) for number in (1, 2)),
    )

    assert started(told, 1, nodes=2, cores=2, licences=("solver:2",)) == [1]
    assert started(told, 2, licences=("solver:1",)) == [2]


@pytest.mark.parametrize("reason", [EndReason.LEASE_ENDED, EndReason.PREEMPTED])
def test_a_job_that_queues_again_gives_its_seats_back_first(reason: EndReason) -> None:
    told = cluster("coldest", 1, 2, solver=1)
    started(told, 1, licences=("solver:1",))
    node_id = placed(told)[1]
    told.hear(claimed(1, 1, node_id))

    lost = AttemptEnded(instance_id=1, attempt=1, node_id=node_id, reason=reason, wall_s=9.0)
    again = job_queued(1, licences=("solver:1",), last_attempt=1, avoid_node_id=node_id)
    offers = told.hear(lost, again)

    assert [offer[:2] for offer in offers] == [(1, 2)]
    assert told.engine.state.licences.held("solver") == 1


def test_the_reason_names_the_licence_what_is_in_use_and_for_whom_it_is_kept() -> None:
    told = cluster("chaufferie", solver=3)
    started(told, 1, 2, licences=("solver:1",))

    def why(*ahead: Any, **fields: Any) -> tuple[str, str]:  # noqa: ANN401 - any field
        view = View(state=told.engine.state, now_s=told.now_s)
        policy = HeatAware("chaufferie", HeatRule())
        line = Line(n_ahead=len(ahead), first=ahead)
        found = explain_waiting(view, job_queued(9, **fields), line, policy)
        return found.code, found.sentence

    assert why(licences=("solver:2",)) == (
        "waiting_for_licences",
        (
            "It takes 2 seats of the licence solver; 2 of 3 are in use, and it starts when enough "
            "have come back."
        ),
    )
    assert why(job_queued(8, licences=("solver:3",)), licences=("solver:1",)) == (
        "waiting_for_licences",
        (
            "What is free of the licence solver is kept for job 8, which is ahead of it and takes "
            "3 seats."
        ),
    )
    assert why(licences=("solver:1",))[0] == "about_to_start"
    assert why(licences=("solver:4",))[0] == why(licences=("old:1",))[0] == "no_such_licence"
    told.hear(TimePassed())
