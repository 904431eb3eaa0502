"""Whatever is typed after srun, squeue, sacct, scancel or scontrol is answered or refused."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given
from hypothesis import strategies as st

from chaufferie.sdk.errors import BadInputError
from chaufferie.slurm import looking, steering
from chaufferie.slurm.words import fill, state_of
from domain.jobs.job import EndReason, JobState
from node_agent.shims.srun import file_name, step_environment
from node_agent.shims.srun_options import SrunError, read_step

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

USUAL = (
    "-n",
    "-N",
    "-c",
    "-l",
    "-o",
    "-e",
    "-j",
    "-t",
    "-h",
    "-P",
    "-X",
    "-n2",
    "--ntasks=3",
    "--nodes=2",
    "--label",
    "--output=",
    "1",
    "2",
    "x",
    "all",
    "--",
    "show",
    "job",
    "hostnames",
    "requeue",
    "release",
    "update",
    "JobId=12",
    "TimeLimit=5",
    "Nice=x",
    "12_3",
    "--format=%i|%T",
    "--state=R",
)
WORDS = st.lists(
    st.one_of(
        st.sampled_from(USUAL),
        st.builds("--{}={}".format, st.text(max_size=8), st.text(max_size=8)),
        st.text(max_size=8),
    ),
    max_size=6,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "job_id": st.integers(1, 9),
        "ref": st.sampled_from(["1", "1_7"]),
        "name": st.text(max_size=8),
        "state": st.sampled_from([state.value for state in JobState]),
        "reason": st.none() | st.sampled_from([reason.value for reason in EndReason]),
        "exit_code": st.none() | st.integers(0, 255),
        "tenant": st.just("lab"),
        "project": st.none() | st.text(max_size=5),
        "scheduling_type": st.just("flex"),
        "cores": st.integers(1, 64),
        "nodes": st.integers(1, 4),
        "time_limit_s": st.none() | st.integers(60, 10**7),
        "attempt": st.integers(0, 3),
        "node": st.none() | st.just("n1"),
        "submitted_at_s": st.just(1_700_000_000.0),
        "started_at_s": st.none() | st.just(1_700_000_100.0),
        "finished_at_s": st.none() | st.just(1_700_000_200.0),
    }
)


class Jobs:
    """A server that holds one job, whatever is asked for."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.state = JobState(document["state"])

    def job(self, _: object) -> "Jobs":
        return self

    def job_documents(self, **_: object) -> Iterator[dict[str, Any]]:
        yield self.document

    def cancel(self, *_: object) -> None:
        """It is gone."""

    hold = release = requeue = modify = set_priority = cancel


@given(words=WORDS, document=DOCUMENTS)
def test_any_words_for_the_server_are_answered_or_refused(
    words: list[str], document: dict[str, Any]
) -> None:
    client = cast("Client", Jobs(document))
    for command in (looking.squeue, looking.sacct, steering.scancel, steering.scontrol):
        with contextlib.suppress(BadInputError):
            assert all(isinstance(line, str) for line in command(client, words))


@given(words=WORDS, cores=st.text(max_size=3), pattern=st.text(max_size=12))
def test_any_step_is_read_or_refused(words: list[str], cores: str, pattern: str) -> None:
    job = {"SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": cores, "SLURM_JOB_NAME": "a/b"}
    with contextlib.suppress(SrunError):
        step = read_step(words, job)
        assert step.ntasks >= 1
        assert step.argv
        assert step_environment(step, job)["SLURM_NTASKS"] == str(step.ntasks)
    assert file_name(pattern, job, 0).count("/") == pattern.count("/")


@given(pattern=st.text(max_size=20), document=DOCUMENTS)
def test_any_format_is_filled(pattern: str, document: dict[str, Any]) -> None:
    long, short = state_of(document)
    assert len(fill(pattern, {"T": long, "t": short})) <= len(pattern) * 10_000


@given(document=DOCUMENTS)
def test_all_nodes_of_a_job_are_counted(document: dict[str, Any]) -> None:
    client, nodes = cast("Client", Jobs(document)), str(document["nodes"])

    assert looking.squeue(client, ["-h", "-t", "all", "-o", "%D"]) == [nodes]
    assert looking.sacct(client, ["-n", "-P", "-o", "NNodes"]) == [nodes]
    assert f"NumNodes={nodes} " in steering.scontrol(client, ["show", "job", "7"])[0]
