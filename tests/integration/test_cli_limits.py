"""Each limit ends a job with its own reason, in words, by every command that shows one."""

import pytest

from domain.jobs.endings import END_SENTENCES
from domain.jobs.job import EndReason
from tests.support.command_line import CommandLine


def shown_everywhere(typed: CommandLine, job_id: str, reason: EndReason) -> None:
    """What `job`, `jobs`, `explain` and `wait` say of an end."""
    words = reason.value.replace("_", " ")
    listed = next(
        line
        for line in typed.run("jobs", "--all").stdout.splitlines()
        if job_id in line.split()[:1]
    )
    assert typed.document("job", job_id)["reason"] == reason.value
    assert END_SENTENCES[reason] in typed.run("job", job_id).stdout
    assert words in listed
    assert END_SENTENCES[reason] in typed.run("explain", job_id).stdout
    assert words in typed.run("wait", job_id).stderr


@pytest.mark.parametrize(
    ("reason", "program"),
    [
        (EndReason.OUTPUT_LIMIT, "yes"),
        (EndReason.DISK_LIMIT, "head -c 80000000 /dev/zero > big; sleep 60"),
        (
            EndReason.MEMORY_LIMIT,
            "python3 -c 'x = bytearray(300 * 2**20); import time; time.sleep(60)'",
        ),
    ],
)
def test_a_limit_has_its_own_reason_in_words(
    typed: CommandLine, reason: EndReason, program: str
) -> None:
    ran = typed.run("submit", "--wait", "--mem=100M", "--wrap", program)
    job_id = ran.stdout.split()[-1]

    assert ran.returncode in {128 + 9, 128 + 15, 128 + 25}  # KILL, TERM, or XFSZ
    assert "limit is" in ran.stderr
    shown_everywhere(typed, job_id, reason)


def test_time_limit_warns_then_terms_then_kills(typed: CommandLine) -> None:
    typed.write(
        "long.sh",
        "#!/bin/bash\n"
        "#SBATCH --time=1 --signal=B:USR1@55\n"
        "trap 'echo warned' USR1\n"
        "trap 'echo told to end' TERM\n"
        "while :; do sleep 0.2; done\n",
    )
    ran = typed.run("submit", "--wait", "long.sh")
    job_id = ran.stdout.split()[-1]

    assert ran.returncode == 128 + 9
    said = typed.run("logs", job_id).stdout.splitlines()
    assert [line for line in said if line in {"warned", "told to end"}] == ["warned", "told to end"]
    attempt = typed.document("job", job_id)["attempts"][0]
    assert attempt["wall_s"] >= 60.0
    assert "limit of 60 s" in attempt["detail"]
    shown_everywhere(typed, job_id, EndReason.TIME_LIMIT)


def test_who_hears_the_warning_and_ends_in_time_has_succeeded(typed: CommandLine) -> None:
    typed.write(
        "neat.sh",
        "#!/bin/bash\n"
        "#SBATCH --time=1 --signal=USR1@58\n"
        "bash -c 'trap \"echo saved; exit 0\" USR1; while :; do sleep 0.2; done' &\n"
        "wait\n"
        "echo shell goes on\n",
    )
    ran = typed.run("submit", "--wait", "neat.sh")

    assert ran.returncode == 0, ran.stderr
    assert typed.run("logs", ran.stdout.split()[-1]).stdout.endswith("saved\nshell goes on\n")
