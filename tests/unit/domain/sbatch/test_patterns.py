"""File name patterns and the variables of a job's environment."""

import pytest

from domain.sbatch.environment import Asked, JobFacts, job_environment
from domain.sbatch.patterns import ArrayPlace, PatternValues, expand_pattern, odd_letters

PLACE = ArrayPlace(job_id=120, index=37, count=50, first=1, last=50)
PLAIN = PatternValues(job_id=123, name="beam run/2", user="ada", node_name="n7.site.example")
ARRAY = PatternValues(
    job_id=123, name="x", user="ada", node_name="n7", restart_count=2, array=PLACE
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("slurm-%j.out", "slurm-123.out"),
        ("%J", "123"),
        ("%A", "123"),
        ("%a-%b", "0-0"),
        ("%x.log", "beam run_2.log"),
        ("%u@%N", "ada@n7"),
        ("%n%t", "00"),
        ("%s", "batch"),
        ("%r", "0"),
        ("%5j", "00123"),
        ("%05j", "00123"),
        ("%2j", "123"),
        ("%99j", "0000000123"),
        ("%4t", "0000"),
        ("%9x", "beam run_2"),
        ("%%j", "%j"),
        ("%%%j", "%123"),
        ("100%", "100%"),
        ("%m-%d-%Y", "%m-%d-%Y"),
        ("%3q", "%3q"),
        ("a\\%j", "a%j"),
        ("%j\\\\", "%j"),
        ("dir/%j/out", "dir/123/out"),
        ("", ""),
    ],
)
def test_pattern_outside_an_array(pattern: str, expected: str) -> None:
    assert expand_pattern(pattern, PLAIN) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("slurm-%A_%a.out", "slurm-120_37.out"),
        ("%3a", "037"),
        ("%b", "7"),
        ("%j", "123"),
        ("%r", "2"),
    ],
)
def test_pattern_inside_an_array(pattern: str, expected: str) -> None:
    assert expand_pattern(pattern, ARRAY) == expected


def test_job_name_cannot_climb_out() -> None:
    values = PatternValues(job_id=1, name="..", user="../x", node_name="n")
    assert expand_pattern("%x/%u", values) == "__/.._x"


def test_letters_that_surprise_are_found() -> None:
    assert odd_letters("log.%m%d_%a_%3b") == (("%m", "%d"), ("%a", "%b"))
    assert odd_letters("%%m\\%d") == ((), ())
    assert odd_letters("%j-%x") == ((), ())


def facts(*asked: Asked, **changes: object) -> dict[str, str]:
    values: dict[str, object] = {
        "job_id": 42,
        "name": "beam",
        "user": "ada",
        "node_name": "n7",
        "cores": 8,
        "ntasks": 4,
        "cpus_per_task": 2,
        "tasks_per_node": 4,
        "mem_mib": 4096,
        "mem_per_cpu_mib": 512,
        "asked": asked,
        "submit_dir": "/w/42",
        "tmp_dir": "/t/42",
        "started_at_s": 1000.9,
    }
    return job_environment(JobFacts(**(values | changes)))  # type: ignore[arg-type]


ALWAYS = {
    "SLURM_JOB_ID": "42",
    "SLURM_JOBID": "42",
    "SLURM_JOB_NAME": "beam",
    "SLURM_JOB_USER": "ada",
    "SLURM_SUBMIT_DIR": "/w/42",
    "SLURM_CLUSTER_NAME": "chaufferie",
    "SLURM_JOB_START_TIME": "1000",
    "SLURM_TMPDIR": "/t/42",
    "TMPDIR": "/t/42",
    "ENVIRONMENT": "BATCH",
    "HOSTNAME": "n7",
    "SLURM_JOB_NODELIST": "n7",
    "SLURM_NODELIST": "n7",
    "SLURMD_NODENAME": "n7",
    "SLURM_JOB_NUM_NODES": "1",
    "SLURM_NNODES": "1",
    "SLURM_TASKS_PER_NODE": "4",
    "SLURM_JOB_CPUS_PER_NODE": "8",
    "SLURM_CPUS_ON_NODE": "8",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "0",
    "HYDRA_LAUNCHER": "fork",
    "MPIEXEC": "mpirun",
    "FLAGS_MPI_BATCH": "-np 4",
    "I_MPI_HYDRA_BOOTSTRAP": "fork",
}


def test_without_anything_asked_only_what_always_holds_is_set() -> None:
    assert facts() == ALWAYS


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked.NTASKS, {"SLURM_NTASKS": "4", "SLURM_NPROCS": "4"}),
        (
            Asked.NTASKS_PER_NODE,
            {"SLURM_NTASKS": "4", "SLURM_NPROCS": "4", "SLURM_NTASKS_PER_NODE": "4"},
        ),
        (Asked.CPUS_PER_TASK, {"SLURM_CPUS_PER_TASK": "2"}),
        (Asked.MEM_PER_NODE, {"SLURM_MEM_PER_NODE": "4096"}),
        (Asked.MEM_PER_CPU, {"SLURM_MEM_PER_CPU": "512"}),
    ],
)
def test_sizes_are_set_only_when_asked(asked: Asked, expected: dict[str, str]) -> None:
    assert facts(asked) == ALWAYS | expected


def test_unknown_memory_is_not_told_even_when_asked() -> None:
    found = facts(Asked.MEM_PER_NODE, mem_mib=None)
    assert "SLURM_MEM_PER_NODE" not in found


def test_optional_facts_appear_when_they_are_true() -> None:
    found = facts(
        ends_at_s=4600.0,
        restart_count=1,
        partition="p",
        qos="q",
        account="a",
        submit_host="h",
        array=PLACE,
    )
    assert {name: found[name] for name in sorted(found.keys() - ALWAYS.keys())} == {
        "SLURM_ARRAY_JOB_ID": "120",
        "SLURM_ARRAY_TASK_COUNT": "50",
        "SLURM_ARRAY_TASK_ID": "37",
        "SLURM_ARRAY_TASK_MAX": "50",
        "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_STEP": "1",
        "SLURM_JOB_ACCOUNT": "a",
        "SLURM_JOB_END_TIME": "4600",
        "SLURM_JOB_PARTITION": "p",
        "SLURM_JOB_QOS": "q",
        "SLURM_RESTART_COUNT": "1",
        "SLURM_SUBMIT_HOST": "h",
    }


@pytest.mark.parametrize(
    ("asked", "cores", "ntasks", "slots"),
    [((Asked.NTASKS,), 16, 4, "4"), ((), 16, 1, "8"), ((), 1, 1, "1")],
)
def test_slots_for_mpi_are_the_tasks_asked_or_what_the_cores_allow(
    asked: tuple[Asked, ...], cores: int, ntasks: int, slots: str
) -> None:
    found = facts(*asked, cores=cores, ntasks=ntasks)
    assert found["SLURM_TASKS_PER_NODE"] == slots
