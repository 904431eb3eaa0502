import math
from datetime import UTC, datetime
from pathlib import Path

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


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"colour": "red"}, "There is no wish colour; there are: "),
        ({"time_limit": 60}, "did you mean time_limit_s?"),
        ({"inputs": "mesh.dat"}, "inputs=['mesh.dat']"),
        ({"options": "--array=0-3"}, "options is a list"),
        ({"arguments": "fine"}, "arguments is a list"),
        ({"time_limit_s": 0}, "above 0"),
        ({"time_limit_s": -5}, "above 0"),
        ({"time_limit_s": math.nan}, "above 0"),
        ({"max_queue_s": math.inf}, "above 0"),
        ({"checkpoint_every_s": "10"}, "above 0"),
        ({"deadline": 5}, "is no time"),
    ],
)
def test_a_wish_of_another_form_is_refused_and_not_dropped(
    wish: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        prepared(**wish)  # type: ignore[arg-type]

    assert said in str(caught.value)


def test_a_command_in_one_text_is_not_taken_for_its_letters() -> None:
    with pytest.raises(BadInputError, match="command is a list"):
        prepare(JobRequest(command="echo hi"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("new\nline", "holds a control character; rename it."),
        ("esc\x1b[31m", "holds a control character; rename it."),
        ("odd\udcff", "is not UTF-8 text; rename it."),
    ],
)
def test_an_input_of_an_odd_name_is_told_so(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_text("x")

    with pytest.raises(BadInputError) as caught:
        prepared(inputs=["."], directory=tmp_path)

    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["", " "])
def test_a_blank_input_does_not_send_all_that_is_here(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("x")

    with pytest.raises(BadInputError, match="blank name"):
        prepared(inputs=[name], directory=tmp_path)
