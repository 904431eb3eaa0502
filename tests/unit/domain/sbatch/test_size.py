"""How tasks, cores, nodes and memory add up to one part of one node."""

import pytest

from domain.refusal import Refused
from domain.sbatch.environment import Asked
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def submit(*options: str, script_options: str = "") -> Submission | Refused:
    script = f"#!/bin/bash\n#SBATCH {script_options}\ntrue\n"
    return parse_submission(SubmitRequest(now_s=0.0, script=script, options=options))


def accepted(*options: str, script_options: str = "") -> Submission:
    found = submit(*options, script_options=script_options)
    assert isinstance(found, Submission), found
    return found


def refused(*options: str) -> Refused:
    found = submit(*options)
    assert isinstance(found, Refused), found
    return found


@pytest.mark.parametrize(
    ("options", "ntasks", "cores"),
    [
        ([], 1, 1),
        (["-n4"], 4, 4),
        (["-c4"], 1, 4),
        (["-n2", "-c3"], 2, 6),
        (["-N1"], 1, 1),
        (["-N1", "--ntasks-per-node=4"], 4, 4),
        (["-N1", "--ntasks-per-node=4", "-c2"], 4, 8),
        (["--ntasks-per-node=4"], 4, 4),
        (["-N1", "-n3", "--ntasks-per-node=8"], 3, 3),
        (["-N1-4", "-n3"], 3, 3),
        (["-N1-4", "--ntasks-per-node=2"], 2, 2),
    ],
)
def test_cores_are_tasks_times_cores_each(options: list[str], ntasks: int, cores: int) -> None:
    found = accepted(*options)
    assert (found.ntasks, found.cores, found.nodes) == (ntasks, cores, 1)


@pytest.mark.parametrize(
    ("options", "nodes", "ntasks", "cores"),
    [
        (["-N4", "--ntasks-per-node=4"], 4, 16, 4),
        (["-N2"], 2, 2, 1),
        (["-N2", "-n16"], 2, 16, 8),
        (["-N2", "-n3", "-c2"], 2, 3, 4),
        (["-N2-4", "-n16"], 2, 16, 8),
        (["-N4,6", "-n12"], 4, 12, 3),
        (["-n8", "--ntasks-per-node=4"], 2, 8, 4),
        (["-n6", "--ntasks-per-node=4"], 2, 6, 4),
        (["-N2", "-n6", "--ntasks-per-node=2"], 2, 6, 3),
        (["-N1-2", "-n8", "--ntasks-per-node=4"], 2, 8, 4),
    ],
)
def test_several_nodes_have_as_many_cores_each_as_the_fullest_needs(
    options: list[str], nodes: int, ntasks: int, cores: int
) -> None:
    found = accepted(*options)
    assert (found.nodes, found.ntasks, found.cores) == (nodes, ntasks, cores)


def test_memory_and_gpus_of_several_nodes_are_those_of_each() -> None:
    found = accepted("-N2", "-n8", "--mem-per-cpu=100", "--gpus=4")
    assert (found.mem_mib, found.gpus) == (400, 2)
    assert accepted("-N2", "--gpus-per-node=3").gpus == 3
    assert accepted("-N2", "-n4", "--gpus-per-task=1").gpus == 2


def test_absurd_number_of_nodes_is_refused() -> None:
    assert refused("-N2000000").code == "sbatch.bad_value"


def test_more_nodes_than_tasks_shrink_to_the_tasks() -> None:
    found = accepted("-N2", "-n1")
    assert (found.cores, len(found.notes)) == (1, 1)


def test_too_few_tasks_per_node_have_no_effect_on_one_node() -> None:
    found = accepted("-N1", "-n8", "--ntasks-per-node=4")
    assert (found.ntasks, len(found.notes)) == (8, 1)


def test_absurd_number_of_cores_is_refused() -> None:
    assert refused("-n2000000000", "-c2000000000").code == "sbatch.bad_value"


@pytest.mark.parametrize(
    ("options", "mem_mib", "per_cpu_mib"),
    [
        ([], None, None),
        (["--mem=4G"], 4096, None),
        (["--mem-per-cpu=2G", "-n4"], 8192, 2048),
        (["--mem-per-cpu=100", "-n2", "-c3"], 600, 100),
        (["--mem-per-cpu=0"], None, None),
    ],
)
def test_memory_of_the_job(
    options: list[str], mem_mib: int | None, per_cpu_mib: int | None
) -> None:
    found = accepted(*options)
    assert (found.mem_mib, found.mem_per_cpu_mib) == (mem_mib, per_cpu_mib)
    assert not found.whole_node


def test_memory_of_a_stronger_source_displaces_the_other_kind() -> None:
    per_core = accepted("--mem-per-cpu=1G", script_options="--mem=8G -n2")
    assert (per_core.mem_mib, per_core.mem_per_cpu_mib) == (2048, 1024)
    node = accepted("--mem=8G", script_options="--mem-per-cpu=1G -n2")
    assert (node.mem_mib, node.mem_per_cpu_mib) == (8192, None)
    overridden = accepted("--mem-per-cpu=1G", script_options="--mem=0")
    assert (overridden.whole_node, len(overridden.notes)) == (False, 1)


def test_both_kinds_of_memory_in_one_place_leave_the_node_s() -> None:
    found = accepted(script_options="--mem-per-cpu=1G --mem=8G -n2")
    assert (found.mem_mib, len(found.notes)) == (8192, 1)


@pytest.mark.parametrize("option", ["--exclusive", "--mem=0", "--exclusive=user"])
def test_whole_node_is_noted_with_its_billing(option: str) -> None:
    found = accepted(option)
    assert (found.whole_node, found.mem_mib) == (True, None)
    assert "billed" in found.notes[0].text


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], set()),
        (["-N1"], set()),
        (["-n1"], {Asked.NTASKS}),
        (["--ntasks-per-node=2"], {Asked.NTASKS_PER_NODE}),
        (["-c1"], {Asked.CPUS_PER_TASK}),
        (["--mem=1G"], {Asked.MEM_PER_NODE}),
        (["--mem-per-cpu=1G"], {Asked.MEM_PER_CPU}),
        (["--mem=1G", "--mem-per-cpu=1G"], {Asked.MEM_PER_NODE}),
    ],
)
def test_what_was_asked_is_remembered(options: list[str], asked: set[Asked]) -> None:
    assert set(accepted(*options).asked) == asked


@pytest.mark.parametrize(
    "option", ["-n0", "-n-1", "-ntwo", "-c0", "--mem=lots", "-N0", "--ntasks-per-node=x"]
)
def test_size_that_is_no_number_is_refused_by_name(option: str) -> None:
    found = refused(option)
    assert found.code == "sbatch.bad_value"
    assert "write" in found.sentence
