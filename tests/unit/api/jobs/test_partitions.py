"""What the operator says that partitions stand for."""

import pytest

from api.jobs.partitions import read_partitions
from api.jobs.submission import SubmissionIn, to_spec
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from tests.support.builders import NOW_S


def test_a_partition_of_the_table_is_its_type_and_needs_no_note() -> None:
    table = read_partitions("debug=ondemand, long=flex,")
    assert not isinstance(table, Refused)
    body = SubmissionIn(command=["true"], options=["-p", "short,long", "--no-requeue"])

    spec, unknown = to_spec(body, NOW_S, table), to_spec(body, NOW_S)

    assert isinstance(spec, JobSpec)
    assert isinstance(unknown, JobSpec)
    assert (spec.scheduling_type, spec.notes) == (SchedulingType.FLEX, ())
    assert unknown.scheduling_type is SchedulingType.ON_DEMAND
    assert "label" in unknown.notes[0]
    assert read_partitions("") == {}


@pytest.mark.parametrize("text", ["long", "long=slow", "=flex", "a=flex,b"])
def test_a_table_that_says_nothing_is_refused(text: str) -> None:
    found = read_partitions(text)
    assert isinstance(found, Refused)
    assert "NAME=TYPE" in found.sentence
