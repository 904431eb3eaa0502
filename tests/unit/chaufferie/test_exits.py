import pytest

from chaufferie.cli.speaking.exits import ExitCode, exit_code_of
from chaufferie.sdk import errors
from chaufferie.sdk.job import describe_end


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadInputError("x"), ExitCode.USAGE),
        (errors.NotFoundError("x", status=404, code="x"), ExitCode.NOT_FOUND),
        (errors.NotAllowedError("x", status=401, code="x"), ExitCode.NOT_ALLOWED),
        (errors.NotConfiguredError("x"), ExitCode.UNREACHABLE),
        (errors.ServerUnreachableError("x"), ExitCode.UNREACHABLE),
        (errors.WaitTimedOutError("x"), ExitCode.TIMED_OUT),
        (errors.RefusedByServerError("x", status=422, code="x"), ExitCode.FAILED),
        (errors.ServerFailedError("x"), ExitCode.FAILED),
    ],
)
def test_each_error_has_its_exit_code(error: errors.ChaufferieError, code: ExitCode) -> None:
    assert exit_code_of(error) is code


def a_job(**changes: object) -> dict[str, object]:
    return {
        "job_id": 3,
        "state": "succeeded",
        "reason": "completed",
        "exit_code": 0,
        "node": "node0",
        **changes,
    }


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (a_job(), "Job 3 succeeded on node0."),
        (
            a_job(state="failed", reason="program_failed", exit_code=7),
            "Job 3 failed on node0 (program failed, exit code 7).",
        ),
        (
            a_job(state="failed", reason="not_started", exit_code=None, detail="No such file."),
            "Job 3 failed on node0 (not started, No such file).",
        ),
        (
            a_job(state="cancelled", reason="cancelled", exit_code=None, node=None),
            "Job 3 cancelled.",
        ),
    ],
)
def test_how_a_job_ended_is_one_sentence(document: dict[str, object], sentence: str) -> None:
    assert describe_end(document) == sentence
