"""Every option named in the reference is recognised, and does what its group says."""

import pytest

from domain.refusal import Refused
from domain.sbatch.getopt import split_command_line
from domain.sbatch.licences import LicenceWish
from domain.sbatch.options import OPTIONS, Duty, Takes
from domain.sbatch.parse import parse_submission
from domain.sbatch.precedence import VARIABLES
from domain.sbatch.submission import Submission, SubmitRequest

SCRIPT = "#!/bin/bash\ntrue\n"

# Typed from the reference and not from the table, with a value where one belongs.
EFFECT_NOW = """
    -t|10 --time=10 -J|x --job-name=x -o|f --output=f -e|f --error=f -N|1 --nodes=1 -n|2 --ntasks=2
    -c|2 --cpus-per-task=2 --ntasks-per-node=2 --tasks-per-node=2 --mem=1G --mem-per-cpu=1G -p|x
    --partition=x -A|x --account=x -q|x --qos=x --exclusive --export=NONE -D|d --chdir=d
    --workdir=d --requeue --no-requeue --open-mode=append -b|now --begin=now --deadline=+1h --wait
    -W --parsable --test-only -H --hold --comment=x -i|in.txt --input=in.txt
    -i|/dev/null --input=/dev/null
    -x|n1 --exclude=n[1-3,07] --wrap=true
    --signal=B:USR1@60 --time-min=5|--deadline=+2h --max-attempts=3
    --max-queue-time=1:00:00 --type=flex --quiet -Q
    --gres=gpu:1 -G|1 --gpus=1 --gpus-per-node=1 --gpus-per-task=1
    -G|2|--cpus-per-gpu=1 -G|2|--mem-per-gpu=1G -C|gpu --constraint=avx2&(gpu)
    -w|n1 --nodelist=n1
    --nice --nice=5 --nice=-5 --priority=-100 --priority=7 --reservation=course -L|a:2
    --licenses=a:1,b
"""
NOTED = """
    --mail-type=END --mail-user=a@b --hint=nomultithread
    --ntasks-per-core=1 --ntasks-per-socket=1 --threads-per-core=1
    --cores-per-socket=1 --sockets-per-node=1 -B|1 --extra-node-info=1 -m|block
    --distribution=block --cpu-freq=low --gpu-bind=none --gres-flags=x --mem-bind=local
    --switches=1 --contiguous -S|1 --core-spec=1 --mincpus=1 --spread-job --get-user-env
    --get-user-env=L --wait-all-nodes=1 -v --verbose -s --oversubscribe --share -O --overcommit
    -k --no-kill --profile=all --propagate --propagate=ALL --acctg-freq=30 --wckey=x
    -M|x --clusters=x --cluster=x --network=x --ignore-pbs
    --kill-on-invalid-dep=yes --ear=on --ear-policy=x --quotatype=x --fpgalink=x --tmp=1G
    --use-min-nodes --cpus-per-gpu=1 --mem-per-gpu=1G -w|n[1-2]
"""
NOT_YET = """
    --gpus-per-socket=1 -F|hosts --nodefile=hosts --container=x
    --container-image=x --container-mounts=x --container-name=x --image=x --volume=a:b
    --ntasks-per-gpu=1
"""
REFUSED = ["--export-file=f", "--uid=0", "--gid=0", "--help", "-h", "--version", "-V", "--usage"]


def submit(*options: str, script: str | None = SCRIPT) -> Submission | Refused:
    wraps = any(option.startswith("--wrap") for option in options)
    request = SubmitRequest(
        now_s=1_800_000_000.0, script=None if wraps else script, options=options
    )
    return parse_submission(request)


def words(entry: str) -> list[str]:
    return entry.split("|")


@pytest.mark.parametrize("entry", EFFECT_NOW.split())
def test_option_that_works_is_accepted_in_silence_about_effects(entry: str) -> None:
    found = submit(*words(entry))
    assert isinstance(found, Submission), found
    assert not [note for note in found.notes if "means nothing here" in note.text]


@pytest.mark.parametrize("entry", NOTED.split())
def test_option_without_effect_is_accepted_with_one_note(entry: str) -> None:
    found = submit(*words(entry))
    assert isinstance(found, Submission), found
    (note,) = found.notes
    assert words(entry)[0].partition("=")[0] in note.text


@pytest.mark.parametrize("entry", NOT_YET.split())
def test_option_that_would_change_results_is_refused_as_not_yet(entry: str) -> None:
    found = submit(*words(entry))
    assert isinstance(found, Refused), found
    assert found.code == "sbatch.not_yet"
    assert words(entry)[0].partition("=")[0] in found.sentence


@pytest.mark.parametrize("option", ["--gres=none", "--gpus=0", "--gres=gpu:0,nvme:0"])
def test_asking_for_none_of_a_resource_is_accepted_with_a_note(option: str) -> None:
    found = submit(option)
    assert isinstance(found, Submission), found
    assert len(found.notes) == 1


@pytest.mark.parametrize("entry", REFUSED)
def test_option_that_is_impossible_is_refused(entry: str) -> None:
    found = submit(entry)
    assert isinstance(found, Refused), found
    assert found.code == "sbatch.not_possible"


@pytest.mark.parametrize(
    "entry",
    [
        e
        for e in f"{EFFECT_NOW} {NOTED} {NOT_YET}".split()
        if "wrap" not in e and "type=f" not in e and "--max-" not in e
    ],
)
def test_script_and_command_line_read_an_option_alike(entry: str) -> None:
    script = f"#!/bin/bash\n#SBATCH {' '.join(words(entry))}\ntrue\n"
    in_script, typed = submit(script=script), submit(*words(entry))
    assert type(in_script) is type(typed)
    if isinstance(in_script, Refused) and isinstance(typed, Refused):
        assert (in_script.code, in_script.line) == (typed.code, 2)


@pytest.mark.parametrize(
    "option", ["--wrap=true", "--type=flex", "--max-attempts=2", "--max-queue-time=5"]
)
def test_option_for_the_command_line_is_refused_in_a_script(option: str) -> None:
    found = submit(script=f"#!/bin/bash\n#SBATCH {option}\ntrue\n")
    assert isinstance(found, Refused)
    assert (found.code, found.line) == ("sbatch.command_line_only", 2)


def test_no_two_options_share_a_name_or_a_letter() -> None:
    names = [option.name for option in OPTIONS]
    letters = [option.short for option in OPTIONS if option.short]
    assert len(names) == len(set(names))
    assert len(letters) == len(set(letters))


def test_spellings_of_one_setting_have_one_duty() -> None:
    duties: dict[str, set[Duty]] = {}
    for option in OPTIONS:
        duties.setdefault(option.key, set()).add(option.duty)
    assert {key for key, found in duties.items() if len(found) > 1} == set()


def test_unknown_option_on_the_command_line_is_refused() -> None:
    found = submit("--no-such-thing")
    assert isinstance(found, Refused)
    assert (found.code, found.line) == ("sbatch.unknown_option", None)
    assert "--no-such-thing" in found.sentence


def test_unknown_letter_is_refused_by_name() -> None:
    found = submit("-Z")
    assert isinstance(found, Refused)
    assert "-Z" in found.sentence


def test_letters_may_be_joined() -> None:
    found = submit("-HWn4")
    assert isinstance(found, Submission)
    assert (found.is_held, found.wait, found.ntasks) == (True, True, 4)


# Precedence.


def settled(script_value: str, variable: str | None, typed: str | None) -> str:
    request = SubmitRequest(
        now_s=0.0,
        script=f"#!/bin/sh\n#SBATCH -J {script_value}\ntrue\n",
        options=["-J", typed] if typed is not None else [],
        environment={"SBATCH_JOB_NAME": variable} if variable is not None else {},
    )
    found = parse_submission(request)
    assert isinstance(found, Submission)
    return found.name


def test_command_line_beats_environment_beats_script() -> None:
    assert settled("script", None, None) == "script"
    assert settled("script", "variable", None) == "variable"
    assert settled("script", "variable", "typed") == "typed"
    assert settled("script", "", None) == "script"


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_variable_with_nonsense_never_passes_unseen(variable: str) -> None:
    plain = parse_submission(SubmitRequest(now_s=0.0, script=SCRIPT))
    found = parse_submission(
        SubmitRequest(now_s=0.0, script=SCRIPT, environment={variable: "none?:/"})
    )
    assert found != plain


@pytest.mark.parametrize(
    ("value", "expected"), [("", True), ("yes", True), ("1", True), ("no", False), ("0", False)]
)
def test_flag_variable_is_set_unless_it_says_no(value: str, *, expected: bool) -> None:
    found = parse_submission(
        SubmitRequest(now_s=0.0, script=SCRIPT, environment={"SBATCH_WAIT": value})
    )
    assert isinstance(found, Submission)
    assert found.wait is expected


def test_refusal_of_a_variable_names_it() -> None:
    found = parse_submission(
        SubmitRequest(now_s=0.0, script=SCRIPT, environment={"SBATCH_TIMELIMIT": "soon"})
    )
    assert isinstance(found, Refused)
    assert "SBATCH_TIMELIMIT" in found.sentence


def test_command_line_mends_a_bad_value_of_the_script() -> None:
    request = SubmitRequest(
        now_s=0.0, script="#!/bin/sh\n#SBATCH --time=soon\ntrue\n", options=["--time=5"]
    )
    found = parse_submission(request)
    assert isinstance(found, Submission)
    assert found.time_limit_s == 300


# Where options end.


def test_options_end_at_the_script_name() -> None:
    run = split_command_line(["-n", "4", "--wait", "job.sh", "-n", "9"])
    assert not isinstance(run, Refused)
    assert run.operands == ("job.sh", "-n", "9")
    assert [given.spelled for given in run.given] == ["-n", "--wait"]
    assert not run.after_separator


def test_separator_introduces_a_command() -> None:
    run = split_command_line(["-c2", "--", "--strange", "x"])
    assert not isinstance(run, Refused)
    assert (run.operands, run.after_separator) == (("--strange", "x"), True)


def test_flags_of_the_client_are_set_apart() -> None:
    run = split_command_line(
        ["--json", "-n", "4", "x.sh", "--json"], client_flags=frozenset({"--json"})
    )
    assert not isinstance(run, Refused)
    assert run.client_flags == {"--json"}
    assert run.operands == ("x.sh", "--json")
    assert run.option_words == ("-n", "4")


def test_options_followed_by_a_word_are_refused_when_parsed_alone() -> None:
    found = submit("-n", "4", "job.sh")
    assert isinstance(found, Refused)
    assert found.code == "sbatch.stray_word"


def test_only_options_with_a_value_take_the_next_word() -> None:
    for option in OPTIONS:
        run = split_command_line([option.spelled, "7"])
        assert not isinstance(run, Refused)
        assert bool(run.operands) is (option.takes is not Takes.VALUE)


@pytest.mark.parametrize("option", ["--licence=b:8,a", "--licences=b:8,a", "-Lb:8,a"])
def test_seats_of_licences_are_asked_for_in_either_spelling(option: str) -> None:
    found = submit(option)
    assert isinstance(found, Submission), found
    assert found.licences == LicenceWish(licences=("a:1", "b:8"), is_typed=True)


def test_seats_that_a_script_asks_for_were_not_typed() -> None:
    found = submit(script="#!/bin/bash\n#SBATCH --licenses=a:2\ntrue\n")
    assert isinstance(found, Submission), found
    assert found.licences == LicenceWish(licences=("a:2",), is_typed=False)


def test_what_are_no_seats_is_refused_with_an_example() -> None:
    found = submit("--licence=a:0")
    assert isinstance(found, Refused), found
    assert found.code == "sbatch.bad_value"
    assert "starccm:2" in found.sentence
