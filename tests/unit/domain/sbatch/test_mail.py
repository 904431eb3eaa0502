"""``--mail-user`` and ``--mail-type``."""

import pytest

from domain.notices.notice import NoticeType
from domain.refusal import Refused
from domain.sbatch.parse import parse_submission
from domain.sbatch.submission import Submission, SubmitRequest


def submit(*options: str) -> Submission | Refused:
    return parse_submission(SubmitRequest(now_s=1_800_000_000.0, command=["sim"], options=options))


def accepted(*options: str) -> Submission:
    found = submit(*options)
    assert isinstance(found, Submission), found
    return found


def test_both_together_are_a_wish_without_a_remark() -> None:
    found = accepted("--mail-user=jane@lab.example,joe@lab.example", "--mail-type=FAIL,END")

    assert found.mail.to == ("jane@lab.example", "joe@lab.example")
    assert found.mail.types == (NoticeType.END, NoticeType.FAIL)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (["--mail-type=END"], "--mail-type=END sends no mail without a --mail-user"),
        (["--mail-user=a@b"], "--mail-user sends no mail without a --mail-type"),
        (["--mail-user=$USER", "--mail-type=END"], "'$USER' is no address"),
        (["--mail-user=a@b,x", "--mail-type=END"], "'x' is no address"),
    ],
)
def test_what_sends_no_mail_is_said_and_the_job_runs(options: list[str], note: str) -> None:
    assert any(note in str(item) for item in accepted(*options).notes)


@pytest.mark.parametrize("options", [["--mail-type=NONE", "--mail-user=a@b"], ["--mail-user="]])
def test_nobody_is_written_to_where_nothing_is_asked(options: list[str]) -> None:
    found = accepted(*options)

    assert (found.mail.to, found.mail.types) == ((), ())


def test_few_are_written_to() -> None:
    many = ",".join(f"u{number}@lab.example" for number in range(9))

    found = accepted(f"--mail-user={many}", "--mail-type=END")

    assert len(found.mail.to) == 5
    assert any("first 5 of 9" in str(note) for note in found.notes)


def test_a_type_that_is_none_is_refused() -> None:
    refused = submit("--mail-user=a@b", "--mail-type=ENDED")

    assert isinstance(refused, Refused)
    assert refused.code == "sbatch.bad_value"
