from datetime import UTC, datetime

import pytest

from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.submission import JobRequest, Prepared, Wishes, prepare
from domain.jobs.job import SchedulingType

SCRIPT = "#!/bin/sh\n#SBATCH -n 2\ntrue\n"


def prepared(text: str = SCRIPT, **wishes: object) -> Prepared:
    return prepare(JobRequest(text=text, wishes=Wishes(**wishes)))  # type: ignore[typeddict-item]


def test_named_wishes_mean_what_the_options_mean() -> None:
    deadline = datetime(2099, 1, 31, 8, tzinfo=UTC)
    asked = prepared(
        text="#!/bin/sh\ntrue\n",
        name="mesh",
        cores=4,
        mem_mib=512,
        time_limit_s=90,
        type="flex",
        deadline=deadline,
        project="hull",
        max_attempts=3,
        max_queue_s=90.0,
    ).submission

    assert asked.name == "mesh"
    assert asked.cores == 4
    assert asked.mem_mib == 512
    assert asked.time_limit_s == 120, "limits are whole minutes"
    assert asked.scheduling_type is SchedulingType.FLEX
    assert asked.deadline_s == deadline.timestamp()
    assert asked.account == "hull"
    assert (asked.max_attempts, asked.max_queue_s) == (3, 90)


def test_further_options_go_before_those_of_the_script() -> None:
    assert prepared(options=["-n", "1"]).submission.ntasks == 1
    assert prepared().submission.ntasks == 2


def test_a_mistake_in_the_script_names_its_line_and_option() -> None:
    with pytest.raises(BadInputError, match="--ntaks") as caught:
        prepared("#!/bin/sh\n#SBATCH --ntaks=2\ntrue\n")

    assert caught.value.line == 2
    assert caught.value.code == "sbatch.unknown_option"


def test_the_shell_is_not_shipped_but_for_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hush")
    monkeypatch.setenv("MESH", "fine")
    monkeypatch.setenv("SBATCH_JOB_NAME", "hull")
    body = prepared(options=["--export=MESH,SIZE=3"], environment={"MORE": "1"}).body

    assert body["environment"] == {
        "MESH": "fine",
        "MORE": "1",
        "SBATCH_JOB_NAME": "hull",
        "SIZE": "3",
    }


def test_a_command_needs_no_script() -> None:
    ready = prepare(JobRequest(command=["/bin/echo", "hi"]))

    assert ready.body["command"] == ["/bin/echo", "hi"]
    assert ready.body["script"] is None
    assert ready.submission.name == "echo"


def test_bytes_that_are_no_text_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadInputError, match="UTF-8"):
        prepare(JobRequest(command=["/bin/echo", "\udcff"]))
