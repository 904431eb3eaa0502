import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import wire
from domain.commands import (
    AssignAttempt,
    Candidate,
    Command,
    LimitPower,
    PreemptAttempt,
    Why,
)
from domain.events import (
    BudgetLeft,
    EngineStarted,
    Event,
    JobArrayWithdrawn,
    JobWithdrawn,
    KnowledgeRestored,
    LicencesSet,
    PriorityChanged,
    QuotaSet,
    ReservationMade,
    ReservationRemoved,
    TimePassed,
    UsageRecalled,
    WeatherForecast,
)
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import InputFile, Resources
from tests.support.builders import (
    array_queued,
    array_spec,
    claimed,
    ended,
    job_queued,
    job_spec,
    node_joined,
    node_left,
    order_set,
    reading_taken,
)

EVENTS: list[Event] = [
    job_queued(1, start_before_s=1.5, mem_mib=3),
    job_queued(2, array_id=1, at_once=5),
    array_queued(1, 9, at_once=5, excluded=("boiler-2",)),
    JobWithdrawn(instance_id=1),
    JobArrayWithdrawn(array_id=1, first_ids=(2, 7), last_ids=(4, 9)),
    claimed(1),
    ended(1),
    QuotaSet(tenant_id=1, project="mesh", cores=8, jobs=None, is_spent=True),
    QuotaSet(
        tenant_id=1,
        project="",
        budgets=(
            BudgetLeft(
                measure="cost", left=1.25, per_core_s={"flex": 0.1}, per_wh=0.0, currency="EUR"
            ),
        ),
    ),
    node_joined(1),
    node_left(1),
    reading_taken(1),
    WeatherForecast(site_ids=(1, 2), first_hour_s=1.5, outdoor_temp_c=(3.0, -0.5)),
    KnowledgeRestored(knowledge={"demand": {"1": [0.1, None]}, "hours": []}),
    PriorityChanged(job_id=1, priority=-100),
    ReservationMade(reservation_id=1, starts_at_s=1.5, ends_at_s=9.5, node_ids=(1, 4)),
    ReservationRemoved(reservation_id=1),
    LicencesSet(seats={"starccm": 10, "hpc": 0}),
    order_set(shares={"1": 2.0, "1/thesis": 0.5}),
    UsageRecalled(tenant_id=1, project="thesis", core_s=0.1, ended_at_s=9.5),
    TimePassed(),
    EngineStarted(policy="coldest", version="1"),
]
CANDIDATE = Candidate(
    node_id=1,
    node_name="Piscine Élan",
    water_temp_c=20.1,
    free_cores=4,
    score=0.75,
    charge_frac=0.4,
)
WHY = Why(code="heat_wanted", candidates=(CANDIDATE,), heat_wh=5200.0, waited_s=60.5)
COMMANDS: list[Command] = [
    AssignAttempt(instance_id=1, attempt=2, node_id=3, why=WHY),
    PreemptAttempt(instance_id=1, attempt=2, node_id=3, why=Why(code="better_heat")),
    LimitPower(node_id=3, power_cap_frac=0.6, valid_for_s=900.0, why=Why(code="would_be_dumped")),
]


@pytest.mark.parametrize("event", EVENTS, ids=wire.event_kind)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    assert wire.load_event(wire.event_kind(event), wire.dumps(event)) == event


def test_every_kind_of_event_is_tried_above() -> None:
    kinds = {kind.__name__ for kind in Event.__args__}

    assert {wire.event_kind(event) for event in EVENTS} == kinds


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_is_read_as_it_was_written(command: Command) -> None:
    text = json.dumps(wire.command_to_plain(command))

    assert wire.load_command(json.loads(text)) == command


def test_a_reason_of_an_older_version_is_read_without_what_it_no_longer_means() -> None:
    plain = wire.command_to_plain(COMMANDS[0])
    plain["why"] = {
        "code": "coldest_water",
        "candidates": [{**wire.to_plain(CANDIDATE), "promised_temp_c": 21.3}],
    }

    loaded = wire.load_command(plain)

    assert loaded.why == Why(code="coldest_water", candidates=(CANDIDATE,))


def test_a_job_is_read_as_it_was_written() -> None:
    spec = job_spec(
        script="#!/bin/sh\ntrue\n",
        arguments=("a", "b c"),
        resources=Resources(cores=4, mem_mib=100, time_limit_s=60),
        asked=("ntasks",),
        array=array_spec("0-9:3%2"),
        scheduling_type=SchedulingType.FLEX,
        environment={"A": "1"},
        inputs=(InputFile(path="mesh.inp", sha256="0" * 64, size_bytes=7),),
        notes=("said once",),
    )

    assert wire.load_spec(json.loads(wire.dumps(spec))) == spec


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_cross_bit_for_bit(value: float) -> None:
    event = reading_taken(1, value)

    again = wire.load_event("ReadingTaken", wire.dumps(event))

    assert again == event
    assert wire.dumps(again) == wire.dumps(event)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_does_not_cross(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        wire.dumps(reading_taken(1, value))


def test_equal_jobs_give_equal_text_whatever_the_order_they_were_filled_in() -> None:
    first = job_spec(name="a", comment="b")
    second = replace(job_spec(comment="b"), name="a")

    assert wire.dumps(first) == wire.dumps(second)
