from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from domain.sbatch.change import CHANGEABLE, Change, parse_change
from domain.sbatch.options import OPTIONS

NOW_S = 1_800_000_000.0
BEFORE = JobSpec(
    name="case",
    command=("true",),
    project="mesh",
    resources=Resources(
        cores=4, ntasks=2, cpus_per_task=2, mem_mib=8000, mem_per_cpu_mib=2000, time_limit_s=7200
    ),
    asked=("ntasks", "cpus_per_task", "mem_per_cpu"),
    features=("avx2",),
)


def changed(*words: str, before: JobSpec = BEFORE) -> JobSpec:
    found = parse_change(words, before, now_s=NOW_S)
    assert isinstance(found, Change), found
    return found.spec


def code(*words: str, before: JobSpec = BEFORE) -> str:
    found = parse_change(words, before, now_s=NOW_S)
    assert isinstance(found, Refused), found
    return found.code


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-J", "other"], {"name": "other"}),
        (["--account=flow"], {"project": "flow"}),
        (["--account="], {"project": None}),
        (["--type=flex"], {"scheduling_type": SchedulingType.FLEX}),
        (["-C", "gpu&avx2"], {"features": ("gpu", "avx2")}),
        (["--constraint=none"], {"features": ()}),
        (["--exclude", "n[1-2]"], {"excluded": ("n1", "n2")}),
        (["-w", "n1"], {"wanted_nodes": ("n1",)}),
        (["--max-attempts=3", "--no-requeue"], {"max_attempts": 3, "requeue": False}),
        (["--begin=+1h"], {"not_before_s": NOW_S + 3600.0}),
        (["--max-queue-time=2:00:00"], {"max_queue_s": 7200}),
        (["--dependency=none"], {"dependency": None}),
        (["--comment", "why not"], {"comment": "why not"}),
    ],
)
def test_what_is_named_changes_and_nothing_else(words: list[str], expected: dict[str, Any]) -> None:
    assert replace(changed(*words), notes=()) == replace(BEFORE, **expected)


def test_a_time_limit_changes_alone_and_moves_the_latest_start() -> None:
    before = replace(BEFORE, deadline_s=NOW_S + 10_000.0, start_before_s=NOW_S + 2800.0)

    spec = changed("--time=1:00:00", before=before)

    assert spec.resources == replace(BEFORE.resources, time_limit_s=3600)
    assert spec.start_before_s == NOW_S + 6400.0


def test_of_a_size_what_is_not_named_is_asked_for_as_before() -> None:
    assert changed("-c", "8").resources == replace(
        BEFORE.resources, cores=16, cpus_per_task=8, mem_mib=32_000
    )
    assert changed("-n", "1").resources == replace(
        BEFORE.resources, cores=2, ntasks=1, mem_mib=4000
    )
    whole = changed("--mem=16G")
    assert whole.resources == replace(BEFORE.resources, mem_mib=16_384, mem_per_cpu_mib=None)
    assert whole.asked == ("ntasks", "cpus_per_task", "mem_per_node")


def test_gpus_and_a_whole_node_stay_when_cores_change() -> None:
    resources = Resources(cores=1, whole_node=True, gpus=2, gpu_kind="a100")
    before = replace(BEFORE, resources=resources, asked=("gpus_per_node",))

    spec = changed("-c", "8", before=before)

    assert spec.resources == replace(resources, cores=8, cpus_per_task=8)
    assert spec.asked == ("cpus_per_task", "gpus_per_node")


def test_a_job_of_several_nodes_stays_on_as_many() -> None:
    resources = Resources(cores=2, nodes=2, ntasks=4)
    before = replace(BEFORE, resources=resources, asked=("ntasks",))

    assert changed("-c", "3", before=before).resources == replace(
        resources, cores=6, cpus_per_task=3
    )


def test_a_node_that_was_taken_for_its_memory_stays_whole() -> None:
    resources = Resources(cores=1, whole_node=True)
    before = replace(BEFORE, resources=resources, asked=("mem_per_node",))

    assert changed("-n", "2", before=before).resources.whole_node
    assert not changed("--mem=2G", before=before).resources.whole_node


def test_a_deadline_comes_and_goes() -> None:
    later = changed("--deadline=now+3hours")

    assert later.deadline_s == NOW_S + 10_800.0
    assert later.start_before_s == NOW_S + 3600.0
    none = changed("--deadline=none", before=later)
    assert (none.deadline_s, none.start_before_s) == (None, None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "modify.nothing"),
        (["stray"], "modify.stray_word"),
        (["--output=x"], "modify.not_changeable"),
        (["--array=0-3"], "modify.not_changeable"),
        (["--wrap=true"], "modify.not_changeable"),
        (["--dependency=afterok:3"], "modify.dependency"),
        (["--deadline=now+1hour"], "modify.deadline_too_close"),
        (["--time=soon"], "sbatch.bad_value"),
        (["--tme=1"], "sbatch.unknown_option"),
        (["-c", "0"], "sbatch.bad_value"),
        (["-J", "x" * 300], "sbatch.bad_value"),
        (["--type=gold"], "sbatch.bad_value"),
    ],
)
def test_what_cannot_change_is_refused(words: list[str], expected: str) -> None:
    assert code(*words) == expected


def test_what_may_change_is_known_to_submissions() -> None:
    assert {option.key for option in OPTIONS} >= CHANGEABLE


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    assert isinstance(parse_change(words, BEFORE, now_s=NOW_S), Change | Refused)


@given(st.lists(st.sampled_from(sorted(CHANGEABLE)), min_size=1, max_size=3), st.text(max_size=20))
def test_any_values_are_read_or_refused(keys: list[str], value: str) -> None:
    words = [f"--{key}={value}" for key in keys]

    assert isinstance(parse_change(words, BEFORE, now_s=NOW_S), Change | Refused)
