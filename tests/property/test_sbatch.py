"""What holds for any job script and any command line."""

import string

from hypothesis import given
from hypothesis import strategies as st

from domain.refusal import Refused
from domain.sbatch.durations import describe_duration, parse_time_limit_s
from domain.sbatch.getopt import split_command_line
from domain.sbatch.options import OPTIONS, Option, Takes, with_prefix
from domain.sbatch.parse import parse_submission
from domain.sbatch.patterns import PatternValues, expand_pattern
from domain.sbatch.script import is_one_slip_away
from domain.sbatch.submission import Submission, SubmitRequest
from domain.sbatch.tokens import split_words

NOW_S = 1_800_000_000.0
SHORTENABLE = [option for option in OPTIONS if option.may_be_shortened]
NAMES = st.sampled_from([option.name for option in OPTIONS])
VALUES = st.one_of(
    st.sampled_from(["1", "0", "4G", "1:00", "0-3%2", "now+1hour", "ALL,A=1", "gpu:2", "", "x"]),
    st.text(max_size=12),
    st.text(alphabet="0123456789:-,%@+GMK=/.~$AN ", max_size=12),
)
DIRECTIVE = st.builds("#SBATCH --{}={}".format, NAMES, VALUES)
LINE = st.one_of(
    DIRECTIVE,
    st.builds("#SBATCH {}".format, st.text(max_size=30)),
    st.text(alphabet="#SBATCH -=\"'\\\t\r,:nNtmex1", max_size=30),
    st.text(max_size=30),
)
PLAIN_WORD = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028"),
    max_size=20,
)
NAME = st.text(alphabet=string.ascii_letters, min_size=1, max_size=12)


@given(lines=st.lists(LINE, max_size=6), has_interpreter=st.booleans())
def test_any_script_is_either_accepted_or_refused_in_one_sentence(
    lines: list[str], *, has_interpreter: bool
) -> None:
    text = "\n".join((["#!/bin/sh"] if has_interpreter else []) + lines)
    found = parse_submission(SubmitRequest(now_s=NOW_S, script=text))
    if isinstance(found, Refused):
        assert found.code.startswith("sbatch.")
        assert found.sentence.isprintable(), "it would be more than a line on a terminal"
        assert found.sentence.endswith(".")
        assert found.line is None or 1 <= found.line <= text.count("\n") + 1
    else:
        assert found.cores == found.ntasks * found.cpus_per_task >= 1
        assert all(str(note).isprintable() for note in found.notes)


@given(text=st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    found = parse_submission(SubmitRequest(now_s=NOW_S, script=text))
    assert isinstance(found, Submission | Refused)


@given(words=st.lists(st.one_of(st.text(max_size=15), st.builds("--{}={}".format, NAMES, VALUES))))
def test_any_command_line_is_answered(words: list[str]) -> None:
    request = SubmitRequest(now_s=NOW_S, script="#!/bin/sh\ntrue\n", options=words)
    assert isinstance(parse_submission(request), Submission | Refused)


@given(words=st.lists(st.text(max_size=10)))
def test_no_word_of_a_command_line_is_lost(words: list[str]) -> None:
    run = split_command_line(words)
    if not isinstance(run, Refused):
        separator = ["--"] if run.after_separator else []
        assert [*run.option_words, *separator, *run.operands] == words


@given(words=st.lists(PLAIN_WORD, max_size=5))
def test_quoting_round_trips(words: list[str]) -> None:
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words]
    assert split_words(" ".join(quoted)).words == tuple(words)


@given(words=st.lists(PLAIN_WORD, max_size=5))
def test_escaping_every_character_round_trips(words: list[str]) -> None:
    escaped = ["".join(f"\\{character}" for character in word) for word in words if word]
    assert split_words(" ".join(escaped)).words == tuple(word for word in words if word)


@given(names=st.lists(NAME, min_size=1, max_size=6), n_typed=st.integers(0, 3))
def test_last_writing_wins_wherever_it_stands(names: list[str], n_typed: int) -> None:
    typed = names[len(names) - min(n_typed, len(names)) :]
    directives = "".join(f"#SBATCH --job-name={name}\n" for name in names)
    options = [word for name in typed for word in ("-J", name)]
    found = parse_submission(
        SubmitRequest(now_s=NOW_S, script=f"#!/bin/sh\n{directives}true\n", options=options)
    )
    if any(set(name) == {"X"} and len(name) > 2 for name in names):
        assert isinstance(found, Refused)  # an unfilled template
    else:
        assert isinstance(found, Submission)
        assert found.name == names[-1]


@given(option=st.sampled_from(SHORTENABLE), cut=st.integers(1, 30))
def test_a_prefix_means_its_option_or_is_ambiguous(option: Option, cut: int) -> None:
    prefix = option.name[:cut]
    candidates = {other.key for other in SHORTENABLE if other.name.startswith(prefix)}
    exact = [other for other in OPTIONS if other.name == prefix]
    run = split_command_line([f"--{prefix}", "x"])
    if exact or len(with_prefix(prefix)) == 1:
        assert not isinstance(run, Refused)
        expected = exact[0] if exact else with_prefix(prefix)[0]
        assert run.given[0].option == expected
        assert expected.key in candidates
        assert run.given[0].value == ("x" if expected.takes is Takes.VALUE else None)
    else:
        assert isinstance(run, Refused)
        assert run.code == "sbatch.ambiguous_option"


@given(minutes=st.integers(1, 10_000_000))
def test_described_durations_read_back(minutes: int) -> None:
    assert parse_time_limit_s(describe_duration(minutes * 60)) == minutes * 60


@given(pattern=st.text(max_size=30), name=st.text(max_size=10))
def test_any_pattern_expands_without_new_directories(pattern: str, name: str) -> None:
    values = PatternValues(job_id=12, name=name, user="u", node_name="n")
    assert expand_pattern(pattern, values).count("/") == pattern.count("/")


@given(word=st.text(alphabet="SBATCH", max_size=9))
def test_a_slip_is_symmetric_and_never_the_word_itself(word: str) -> None:
    assert is_one_slip_away(word, "SBATCH") == is_one_slip_away("SBATCH", word)
    assert not is_one_slip_away(word, word)
