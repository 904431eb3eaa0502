"""What a submission holds besides its size: what runs, when, and where its output goes."""

from datetime import UTC, datetime

import pytest

from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import EndWarning
from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import OpenMode, Submission, SubmitRequest

NOW_S = datetime(2026, 3, 10, 14, 30, tzinfo=UTC).timestamp()
SCRIPT = "#!/bin/bash -l\ntrue\n"


def submit(
    *options: str, directive: str | None = None, **known_names: SchedulingType
) -> Submission | Refused:
    script = SCRIPT if directive is None else f"#!/bin/bash\n#SBATCH {directive}\ntrue\n"
    request = SubmitRequest(
        now_s=NOW_S,
        script=script,
        script_name="runs/beam.sh",
        options=options,
        arguments=["a", "-b"],
        environment={"TOKEN": "secret", "OMP": "4"},
        submit_dir="/home/ada/case",
        known_names=known_names,
    )
    return parse_submission(request)


def accepted(
    *options: str, directive: str | None = None, **known_names: SchedulingType
) -> Submission:
    found = submit(*options, directive=directive, **known_names)
    assert isinstance(found, Submission), found
    return found


def refused(*options: str) -> Refused:
    found = submit(*options)
    assert isinstance(found, Refused), found
    return found


# What runs.


def test_bare_script_gets_every_default() -> None:
    found = accepted()
    assert found.name == "beam.sh"
    assert (found.script, found.interpreter) == (SCRIPT, "/bin/bash -l")
    assert found.arguments == ("a", "-b")
    assert (found.stdout_pattern, found.stderr_pattern) == ("slurm-%j.out", None)
    assert found.scheduling_type is SchedulingType.ON_DEMAND
    assert (found.time_limit_s, found.mem_mib, found.requeue) == (None, None, None)
    assert (found.is_held, found.wait, found.parsable, found.test_only) == (False,) * 4
    assert found.notes == ()


def test_script_from_standard_input_is_named_as_slurm_does() -> None:
    found = parse_submission(SubmitRequest(now_s=NOW_S, script=SCRIPT))
    assert isinstance(found, Submission)
    assert found.name == "sbatch"


def test_wrap_makes_a_script() -> None:
    found = parse_submission(SubmitRequest(now_s=NOW_S, options=["--wrap=echo $X # y"]))
    assert isinstance(found, Submission)
    assert (found.name, found.interpreter) == ("wrap", "/bin/sh")
    assert found.script == "#!/bin/sh\n\necho $X # y\n"


def test_command_needs_no_script() -> None:
    found = parse_submission(SubmitRequest(now_s=NOW_S, command=["/usr/bin/ccx", "-i", "beam"]))
    assert isinstance(found, Submission)
    assert (found.name, found.script, found.interpreter) == ("ccx", None, None)
    assert found.command == ("/usr/bin/ccx", "-i", "beam")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SubmitRequest(now_s=0.0), "sbatch.nothing_to_run"),
        (SubmitRequest(now_s=0.0, options=["--wrap="]), "sbatch.nothing_to_run"),
        (SubmitRequest(now_s=0.0, options=["--wrap= \t"]), "sbatch.nothing_to_run"),
        (SubmitRequest(now_s=0.0, command=["", "x"]), "sbatch.nothing_to_run"),
        (SubmitRequest(now_s=0.0, script=""), "sbatch.empty_script"),
        (SubmitRequest(now_s=0.0, script=" \n\n"), "sbatch.empty_script"),
        (SubmitRequest(now_s=0.0, script="#!/bin/sh\n\0"), "sbatch.not_text"),
        (SubmitRequest(now_s=0.0, script="#!/bin/sh\n# \udce9\n"), "sbatch.not_text"),
        (SubmitRequest(now_s=0.0, script=SCRIPT, options=["--wrap=x"]), "sbatch.two_ways"),
        (SubmitRequest(now_s=0.0, arguments=["x"], options=["--wrap=x"]), "sbatch.two_ways"),
        (SubmitRequest(now_s=0.0, script=SCRIPT, command=["x"]), "sbatch.two_ways"),
    ],
)
def test_nothing_or_too_much_to_run_is_refused(request_: SubmitRequest, code: str) -> None:
    found = parse_submission(request_)
    assert isinstance(found, Refused)
    assert found.code == code


def test_several_faults_are_told_from_the_top_of_the_script() -> None:
    script = "#!/bin/sh\n#SBATCH -c 0\n#SBATCH --time=soon\ntrue\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=script, options=["-n", "0"]))
    assert isinstance(found, Refused)
    assert found.line == 2


def test_huge_directive_is_refused() -> None:
    script = f"#!/bin/sh\n#SBATCH -J {'x' * 20_000}\ntrue\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=script))
    assert isinstance(found, Refused)
    assert (found.code, found.line) == ("sbatch.line_too_long", 2)


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\x1b[31m", "\udcff", "x" * 9000])
def test_value_with_control_characters_or_without_end_is_refused(value: str) -> None:
    assert refused("-J", value).code == "sbatch.bad_value"


def test_remarks_without_end_are_cut_short() -> None:
    script = "#!/bin/sh\n" + "#SBTACH -n 4\n" * 80 + "true\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=script))
    assert isinstance(found, Submission)
    assert len(found.notes) == 51
    assert "30 more" in found.notes[-1].text


# When it runs.


@pytest.mark.parametrize(
    ("options", "names", "expected"),
    [
        (["--type=flex"], {}, SchedulingType.FLEX),
        (["--qos=reserved"], {}, SchedulingType.RESERVED),
        (["--qos=Flex"], {}, SchedulingType.FLEX),
        (["--type=ondemand", "--qos=flex"], {}, SchedulingType.ON_DEMAND),
        (["--qos=long"], {"long": SchedulingType.FLEX}, SchedulingType.FLEX),
        (["-p", "a,long"], {"long": SchedulingType.FLEX}, SchedulingType.FLEX),
        (["-p", "long", "-q", "reserved"], {"long": SchedulingType.FLEX}, SchedulingType.RESERVED),
        (["-p", "flex"], {}, SchedulingType.ON_DEMAND),
    ],
)
def test_scheduling_type(
    options: list[str], names: dict[str, SchedulingType], expected: SchedulingType
) -> None:
    assert accepted(*options, **names).scheduling_type is expected


def test_qos_in_a_script_sets_the_type_and_the_command_line_overrides_it() -> None:
    assert accepted(directive="--qos=flex").scheduling_type is SchedulingType.FLEX
    typed = accepted("--type=reserved", directive="--qos=flex")
    assert typed.scheduling_type is SchedulingType.RESERVED


def test_unmapped_partition_and_qos_are_labels_with_one_note_each() -> None:
    found = accepted("-p", "short", "-q", "normal")
    assert (found.partition, found.qos) == ("short", "normal")
    assert len(found.notes) == 2


def test_flex_says_that_it_may_be_stopped_unless_told() -> None:
    assert "--no-requeue" in accepted("--type=flex").notes[0].text
    assert accepted("--type=flex", "--no-requeue").notes == ()


def test_unknown_type_is_refused() -> None:
    assert "flex, ondemand or reserved" in refused("--type=soon").sentence


def test_limit_of_nothing_leaves_the_operator_s() -> None:
    found = accepted("--time=UNLIMITED")
    assert (found.time_limit_s, len(found.notes)) == (None, 1)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--signal=USR1", EndWarning(signal_number=10)),
        ("--signal=B:TERM@120", EndWarning(signal_number=15, lead_s=120, to_shell_only=True)),
    ],
)
def test_signal_is_a_warning_before_the_end(option: str, expected: EndWarning) -> None:
    assert accepted(option).warning == expected
    assert accepted(directive=option).warning == expected
    assert accepted().warning is None


def test_tries_and_time_in_the_queue_are_ours() -> None:
    found = accepted("--max-attempts=3", "--max-queue-time=0:01:30")
    assert (found.max_attempts, found.max_queue_s) == (3, 90)
    assert (accepted().max_attempts, accepted().max_queue_s) == (1, None)


@pytest.mark.parametrize(
    "option",
    [
        "--max-attempts=0",
        "--max-attempts=101",
        "--max-attempts=x",
        "--max-queue-time=0",
        "--max-queue-time=soon",
        "--signal=NOPE",
        "--signal=USR1@x",
    ],
)
def test_nonsense_of_limits_is_refused(option: str) -> None:
    assert refused(option).code == "sbatch.bad_value"


def test_a_shorter_run_moves_the_last_start_of_a_deadline() -> None:
    found = accepted("--time=60", "--time-min=20", "--deadline=+30m")
    assert found.time_min_s == 1200
    assert found.start_before_s == NOW_S + 30 * 60 - 1200
    alone = accepted("--time=60", "--time-min=20")
    assert (alone.time_min_s, len(alone.notes)) == (None, 1)
    assert refused("--time=10", "--time-min=20", "--deadline=+8h").code == "sbatch.bad_value"


def test_a_deadline_without_a_limit_is_reckoned_with_the_usual_one() -> None:
    assert accepted("--deadline=+4h").start_before_s == NOW_S + 3 * 3600


def test_begin_and_deadline_are_instants() -> None:
    found = accepted("--begin=16:00", "--deadline=+4h", "--time=30")
    assert found.begin_s == NOW_S + 90 * 60
    assert found.deadline_s == NOW_S + 4 * 3600
    assert found.start_before_s == found.deadline_s - 1800
    assert accepted().start_before_s is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--deadline=now-1hour"], "sbatch.deadline_passed"),
        (["--deadline=+1h", "--begin=+2h"], "sbatch.deadline_passed"),
        (["--deadline=+1h", "--time=2:00:00"], "sbatch.deadline_too_close"),
        (["--deadline=+3h", "--begin=+2h", "--time=2:00:00"], "sbatch.deadline_too_close"),
        (["--deadline=whenever"], "sbatch.bad_value"),
    ],
)
def test_deadline_that_cannot_be_met_is_refused(options: list[str], code: str) -> None:
    assert refused(*options).code == code


# Where it runs and where its output goes.


@pytest.mark.parametrize(
    ("options", "stdout", "stderr"),
    [
        (["-o", "logs/%x-%j.out"], "logs/%x-%j.out", None),
        (["-o", "a", "-e", "b"], "a", "b"),
        (["-o", "a", "-e", "a"], "a", None),
        (["-o", "./a", "-e", "a"], "a", None),
        (["-e", "b"], "slurm-%j.out", "b"),
        (["-o", "/dev/null"], "/dev/null", None),
        (["-o", "none", "-e", "err"], "/dev/null", "err"),
        (["-o", "/scratch/me/%j.out"], "%j.out", None),
        (["-o", "../%j.out"], "%j.out", None),
    ],
)
def test_output_files_stay_inside_the_staged_directory(
    options: list[str], stdout: str, stderr: str | None
) -> None:
    found = accepted(*options)
    assert (found.stdout_pattern, found.stderr_pattern) == (stdout, stderr)


@pytest.mark.parametrize("value", ["logs/", "/", "..", "a/.."])
def test_output_that_is_a_directory_is_refused(value: str) -> None:
    assert refused("-o", value).code == "sbatch.bad_value"


@pytest.mark.parametrize(
    ("value", "word"),
    [("/scratch/x.out", "x.out"), ("log.%m%d", "%m %d"), ("a_%a", "outside an array")],
)
def test_odd_output_is_explained(value: str, word: str) -> None:
    (note,) = accepted("-o", value).notes
    assert word in note.text


@pytest.mark.parametrize(
    ("value", "chdir", "n_notes"),
    [
        ("run", "run", 0),
        ("./run/a", "run/a", 0),
        (".", None, 0),
        ("/home/ada/case", None, 0),
        ("/home/ada/case/run", "run", 0),
        ("/scratch/ada", None, 1),
        ("../other", None, 1),
    ],
)
def test_working_directory_is_inside_what_is_sent(
    value: str, chdir: str | None, n_notes: int
) -> None:
    found = accepted("-D", value)
    assert (found.chdir, len(found.notes)) == (chdir, n_notes)


@pytest.mark.parametrize(
    ("value", "mode"),
    [("append", OpenMode.APPEND), ("t", OpenMode.TRUNCATE), ("A", OpenMode.APPEND)],
)
def test_open_mode(value: str, mode: OpenMode) -> None:
    assert accepted(f"--open-mode={value}").open_mode is mode


def test_environment_is_never_carried_whole() -> None:
    assert accepted().export.variables == {}
    everything = accepted("--export=ALL")
    assert everything.export.variables == {}
    assert len(everything.notes) == 1
    assert accepted("--export=OMP,B=2").export.variables == {"OMP": "4", "B": "2"}
    assert "NOT_THERE" in accepted("--export=NOT_THERE").notes[0].text


def test_labels_and_wishes_are_kept() -> None:
    found = accepted("-A", "lab", "--comment=two words", "-H", "-W", "--parsable", "--test-only")
    assert (found.account, found.comment) == ("lab", "two words")
    assert (found.is_held, found.wait, found.parsable, found.test_only) == (True,) * 4


# Standard input, and nodes that are not wanted.


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--input=in/mesh.txt", "in/mesh.txt"),
        ("--input=/home/ada/case/mesh.txt", "mesh.txt"),
        ("--input=./mesh-%j.txt", "mesh-%j.txt"),
        ("--input=none", None),
        ("-i/dev/null", None),
    ],
)
def test_input_is_a_file_of_the_submit_directory(option: str, expected: str | None) -> None:
    assert accepted(option).stdin_pattern == expected


@pytest.mark.parametrize("option", ["--input=/etc/passwd", "--input=../up.txt", "--input=/"])
def test_input_from_elsewhere_is_refused(option: str) -> None:
    assert "copy it there" in refused(option).sentence


def test_excluded_nodes_are_expanded() -> None:
    assert accepted("--exclude=n[1-2],m").excluded == ("n1", "n2", "m")
    assert accepted().excluded == ()
    assert refused("--exclude=./hosts").code == "sbatch.bad_value"
