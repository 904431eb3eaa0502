"""What breaks a naive parser: one test or more for each row of the survey's table."""

import pytest

from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def read(*directives: str, body: str = "true") -> Submission | Refused:
    text = "\n".join(["#!/bin/bash", *directives, body, ""])
    return parse_submission(SubmitRequest(now_s=1_800_000_000.0, script=text))


def accepted(*directives: str, body: str = "true") -> Submission:
    found = read(*directives, body=body)
    assert isinstance(found, Submission), found
    return found


def refused(*directives: str) -> Refused:
    found = read(*directives)
    assert isinstance(found, Refused), found
    return found


# A comment after the value.


def test_comment_after_value_is_dropped() -> None:
    assert accepted("#SBATCH -c 3   # cores").cores == 3


def test_hash_inside_a_word_ends_the_line() -> None:
    assert accepted("#SBATCH --time=1:00:00#note").time_limit_s == 3600


def test_hash_leaves_an_empty_value() -> None:
    found = accepted("#SBATCH --time=##T##")
    assert found.time_limit_s is None
    assert [note.line for note in found.notes] == [2]


def test_escaped_or_quoted_hash_is_kept() -> None:
    assert accepted(r"#SBATCH -J a\#b").name == "a#b"
    assert accepted("#SBATCH -J 'a#b'").name == "a#b"


# Quoted values.


@pytest.mark.parametrize(
    ("directive", "name"),
    [
        ('#SBATCH --job-name="a b"', "a b"),
        ("#SBATCH --job-name='x'", "x"),
        ('#SBATCH "--job-name=y z"', "y z"),
        ("#SBATCH -J one\\ two", "one two"),
        ('#SBATCH -J "say \\"hi\\""', 'say "hi"'),
        ('#SBATCH -J "$HOME"', "$HOME"),
        ("#SBATCH -J a'b'\"c\"", "abc"),
    ],
)
def test_quotes_group_and_nothing_is_expanded(directive: str, name: str) -> None:
    assert accepted(directive).name == name


@pytest.mark.parametrize("directive", ['#SBATCH -J "a b', "#SBATCH --output='x"])
def test_open_quote_is_refused_with_its_line(directive: str) -> None:
    found = refused("", directive)
    assert (found.code, found.line) == ("sbatch.open_quote", 3)


# Lines that are switched off.


@pytest.mark.parametrize("mark", ["##SBATCH", "###SBATCH", "#####SBATCH"])
def test_more_hashes_make_a_comment_without_a_remark(mark: str) -> None:
    found = accepted(f"{mark} --cpus-per-task=4")
    assert (found.cores, found.notes) == (1, ())


@pytest.mark.parametrize("mark", ["# SBATCH", "#  SBATCH", " #SBATCH", "\t#SBATCH"])
def test_blank_in_the_magic_word_makes_a_comment_with_a_warning(mark: str) -> None:
    found = accepted(f"{mark} --cpus-per-task=4")
    assert found.cores == 1
    assert [note.line for note in found.notes] == [2]


def test_prose_about_sbatch_needs_no_warning() -> None:
    assert accepted("# SBATCH options follow").notes == ()


# Several options on a line.


def test_several_options_on_a_line() -> None:
    found = accepted("#SBATCH --ntasks=2 --mem=1G", "#SBATCH -N 1 -c 4 -J x")
    assert (found.cores, found.mem_mib, found.name) == (8, 1024, "x")


# Directives after the first command.


def test_directives_after_the_first_command_are_ignored_and_named() -> None:
    body = "cd run\n#SBATCH --cpus-per-task=4\necho\n#SBATCH -n 9"
    found = accepted("#SBATCH -c 2", body=body)
    assert found.cores == 2
    (note,) = found.notes
    assert note.line == 4
    assert "4, 6" in note.text


def test_blank_and_comment_lines_do_not_end_the_header() -> None:
    assert accepted("", "   ", "# words", "  # more", "#SBATCH -c 2").cores == 2


# Templates.


@pytest.mark.parametrize(
    "directive",
    [
        "#SBATCH --time={{ walltime }}",
        "#SBATCH --account=<account>",
        "#SBATCH --account=<your account>",
        "#SBATCH --nodes=@N@",
        "#SBATCH --time=%%t%%",
        "#SBATCH --account=XXX",
        "#SBATCH --time=XXXX",
    ],
)
def test_template_left_in_is_refused_and_quoted(directive: str) -> None:
    found = refused(directive)
    assert (found.code, found.line) == ("sbatch.template", 2)
    assert directive in found.sentence


@pytest.mark.parametrize(
    "directive",
    [
        "#SBATCH -J run_{a}",
        "#SBATCH --comment='see <notes> XXX'",
        "#SBATCH -o %x-%%.out",
        "#SBATCH -J fooXXXbar",
        "#SBATCH -c 1 # <cores>",
    ],
)
def test_what_only_resembles_a_template_is_accepted(directive: str) -> None:
    assert accepted(directive).cores == 1


# The same option twice.


def test_last_of_two_wins() -> None:
    found = accepted("#SBATCH -c 2", "#SBATCH --cpus-per-task=5", "#SBATCH --mail-type=END,FAIL")
    assert found.cores == 5
    assert accepted("#SBATCH --requeue", "#SBATCH --no-requeue").requeue is False


# Abbreviations.


def test_unique_prefixes_are_accepted() -> None:
    found = accepted("#SBATCH --out=a --err=b --job=c --no-reque")
    assert (found.stdout_pattern, found.stderr_pattern) == ("a", "b")
    assert (found.name, found.requeue) == ("c", False)


def test_tasks_means_tasks_per_node() -> None:
    found = accepted("#SBATCH --tasks=8", "#SBATCH --ntasks=2")
    assert (found.ntasks, found.tasks_per_node) == (2, 8)


@pytest.mark.parametrize("name", ["--mail", "--res", "--mem-per", "--exclu", "--tim", "--no"])
def test_ambiguous_prefix_is_refused(name: str) -> None:
    found = refused(f"#SBATCH {name}=x")
    assert found.code == "sbatch.ambiguous_option"
    assert name in found.sentence


def test_abbreviated_constraint_is_recognised() -> None:
    assert accepted("#SBATCH --constrain=gpu").features == ("gpu",)


# Stray words.


@pytest.mark.parametrize(
    ("directive", "stray"),
    [
        ("#SBATCH --job-name=my job", "'job'"),
        ("#SBATCH --partition= normal", "'normal'"),
        ("#SBATCH -c 2 ; comment", "';'"),
        ("#SBATCH --time=1:00 one hour", "'one'"),
        ("#SBATCH run.sh", "'run.sh'"),
        ("#SBATCH -c 2 --", "'--'"),
        ("#SBATCH -c 2 -", "'-'"),
    ],
)
def test_stray_word_is_refused_with_line_and_word(directive: str, stray: str) -> None:
    found = refused("", directive)
    assert (found.code, found.line) == ("sbatch.stray_word", 3)
    assert stray in found.sentence


# No interpreter on line 1.


def test_interpreter_elsewhere_is_refused_and_found() -> None:
    text = "# licence\n\n#!/bin/bash\ntrue\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=text))
    assert isinstance(found, Refused)
    assert found.code == "sbatch.no_interpreter"
    assert "line 3" in found.sentence


@pytest.mark.parametrize("text", ["true\n", "#!\ntrue\n", "#! \n", "#SBATCH -n 1\n"])
def test_no_interpreter_is_refused(text: str) -> None:
    found = parse_submission(SubmitRequest(now_s=0.0, script=text))
    assert isinstance(found, Refused)
    assert (found.code, found.line) == ("sbatch.no_interpreter", 1)


# Shell words in a directive.


@pytest.mark.parametrize("value", ["$USER/a.out", "${NAME}.log", "~/x.out", "log.$1"])
def test_shell_words_are_literal_with_a_note(value: str) -> None:
    found = accepted(f"#SBATCH -o {value}")
    assert found.stdout_pattern == value
    assert [note.line for note in found.notes] == [2]
    assert "%u" in found.notes[0].text


# Empty values.


@pytest.mark.parametrize(
    "name", ["mail-user", "job-name", "account", "partition", "time", "output", "nodes", "gres"]
)
def test_blank_value_counts_as_not_given(name: str) -> None:
    found = accepted(f"#SBATCH --{name}=")
    (note,) = found.notes
    assert (note.line, found.account, found.name) == (2, None, "sbatch")
    assert f"--{name}" in note.text


@pytest.mark.parametrize("value", ['""', "' '", "'\t'"])
def test_value_of_blanks_in_quotes_counts_as_not_given(value: str) -> None:
    found = accepted(f"#SBATCH -J {value}")
    assert (found.name, len(found.notes)) == ("sbatch", 1)


# A misspelt magic word.


@pytest.mark.parametrize(
    "magic", ["#BATCH", "#SBTACH", "#SBATC", "#SBATCG", "#SBACTH", "#SSBATCH", "#sbatch"]
)
def test_misspelt_magic_word_is_a_comment_with_a_warning(magic: str) -> None:
    found = accepted(f"{magic} --cpus-per-task=4")
    assert found.cores == 1
    (note,) = found.notes
    assert (note.line, magic in note.text) == (2, True)


@pytest.mark.parametrize("line", ["#PBS -l nodes=4", "#BSUB -n 4", "#$ -pe smp 4", "#BATCH sizes"])
def test_other_dialects_and_prose_need_no_warning(line: str) -> None:
    assert accepted(line).notes == ()


# DOS line ends.


def test_dos_line_ends_are_taken_off() -> None:
    text = "#!/bin/bash\r\n#SBATCH -c 2\r\n#SBATCH -J x\r\necho hi\r\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=text))
    assert isinstance(found, Submission)
    assert (found.cores, found.name) == (2, "x")
    assert found.script == "#!/bin/bash\n#SBATCH -c 2\n#SBATCH -J x\necho hi\n"
    assert found.interpreter == "/bin/bash"
    assert len(found.notes) == 1


def test_byte_order_mark_is_taken_off() -> None:
    text = "\ufeff#!/bin/bash\ntrue\n"
    found = parse_submission(SubmitRequest(now_s=0.0, script=text))
    assert isinstance(found, Submission)
    assert found.script == "#!/bin/bash\ntrue\n"


# Typographic characters.


@pytest.mark.parametrize(
    ("directive", "code_point"),
    [
        ("#SBATCH \u2013n 4", "U+2013"),
        ("#SBATCH \u2014ntasks=4", "U+2014"),
        ("#SBATCH -J \u201cx\u201d", "U+201C"),
        ("#SBATCH -J \u2018x\u2019", "U+2018"),
        ("#SBATCH\u00a0-n 4", "U+00A0"),
        ("#SBATCH -n\u00a04", "U+00A0"),
    ],
)
def test_typographic_character_is_refused_and_shown(directive: str, code_point: str) -> None:
    found = refused(directive)
    assert (found.code, found.line) == ("sbatch.typographic", 2)
    assert code_point in found.sentence


def test_typographic_characters_in_quotes_and_comments_are_text() -> None:
    assert (
        accepted('#SBATCH -J "l\u2019\u00e9t\u00e9" # \u2014 summer').name == "l\u2019\u00e9t\u00e9"
    )
