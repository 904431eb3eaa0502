"""Commands that steer jobs: cancel, hold, release, requeue, priority."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, JobIds, JobParts, open_client
from chaufferie.cli.speaking.exits import ExitCode, exit_code_of
from chaufferie.cli.speaking.speech import remark, say, say_json
from chaufferie.sdk.errors import RefusedByServerError
from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.order import MOST_POINTS

if TYPE_CHECKING:
    from chaufferie.sdk.steering import Steered


def cancel(*, job_ids: JobParts, as_json: AsJson = False, data: DataDir = None) -> None:
    """Stop jobs, waiting or running; arrays too, or parts of them."""
    with open_client(data) as client:
        _steer(job_ids, client.cancel, as_json=as_json)


def hold(*, job_ids: JobParts, as_json: AsJson = False, data: DataDir = None) -> None:
    """Keep jobs that queue from starting until they are released."""
    with open_client(data) as client:
        _steer(job_ids, client.hold, as_json=as_json)


def release(*, job_ids: JobParts, as_json: AsJson = False, data: DataDir = None) -> None:
    """Let held jobs queue."""
    with open_client(data) as client:
        _steer(job_ids, client.release, as_json=as_json)


def requeue(
    *,
    job_ids: JobParts,
    state: Annotated[
        list[JobState] | None,
        typer.Option("--state", help="Of an array, only elements in these; may be repeated."),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Have jobs run again: stopped first where they run, anew where they have ended."""
    with open_client(data) as client:
        again = partial(client.requeue, states=state or ())
        _steer(job_ids, again, as_json=as_json, say_it=_say_requeued)


def priority(
    *,
    job_ids: JobIds,
    points: Annotated[
        int,
        typer.Option(
            "--to",
            metavar="POINTS",
            min=-MOST_POINTS,
            max=MOST_POINTS,
            help="100 are an hour of waiting; less than 0 lets others go first.",
        ),
    ],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Move jobs that wait before others, or after them; before others only as the operator."""

    def act(job_id: str) -> dict[str, Any]:
        path = f"/v1/jobs/{quote(job_id)}/priority"
        answer: dict[str, Any] = client.transport.post(path, {"points": points})
        if not as_json:
            say(f"Job {answer['ref']} has {answer['priority']} points by your word.")
        return {"ref": answer["ref"], "priority": answer["priority"]}

    with open_client(data) as client:
        _for_each(job_ids, act, as_json=as_json)


def _steer(
    job_ids: Sequence[str],
    how: "Callable[[str], Steered]",
    *,
    as_json: bool,
    say_it: "Callable[[Steered], None] | None" = None,
) -> None:
    def act(job_id: str) -> dict[str, Any]:
        result = how(job_id)
        if not as_json:
            (say_it or _say_steered)(result)
        return {"ref": result.ref, "state": result.state.value, "changed": result.changed}

    _for_each(job_ids, act, as_json=as_json)


def _for_each(
    job_ids: Sequence[str], act: Callable[[str], dict[str, Any]], *, as_json: bool
) -> None:
    """Do it for each job; one that is refused does not keep the others from it."""
    worst = ExitCode.OK
    documents = []
    for job_id in job_ids:
        try:
            documents.append(act(job_id))
        except RefusedByServerError as error:
            remark(f"Job {job_id}: {error}")
            documents.append({"ref": job_id, "refused": error.code})
            worst = exit_code_of(error)
    if as_json:
        say_json(documents)
    if worst is not ExitCode.OK:
        raise typer.Exit(worst)


def _say_requeued(result: "Steered") -> None:
    if result.changed is not None:
        _say_steered(result)
    elif result.state is JobState.PREEMPTED:
        say(f"Job {result.ref} is being stopped and will queue again.")
    else:
        say(f"Job {result.ref} is {result.state.value}.")


def _say_steered(result: "Steered") -> None:
    if result.changed is None:
        word = "had already " if _is_over(result.state) else "is "
        say(f"Job {result.ref} {word}{result.state.value}.")
        return
    changed = ", ".join(f"{count} {state.value}" for state, count in result.changed.items())
    say(f"Job {result.ref}: {changed or 'nothing to change'}; it is {result.state.value}.")


def _is_over(state: JobState) -> bool:
    """Whether it ended by itself, before anybody could steer it."""
    return state in FINAL_STATES and state is not JobState.CANCELLED
