"""Jobs cancelled, held, released and run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from chaufferie.sdk.transport import Transport
from domain.jobs.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """What became of something that was cancelled, held, released or run again."""

    ref: str  #: As the server names it.
    state: JobState
    #: Of an array or a part of one: how many instances went into each state by it.
    changed: Mapping[JobState, int] | None


def steer(transport: Transport, ref: int | str, how: str, states: Sequence[str] = ()) -> Steered:
    """Do it to what is named; ``states`` leaves out elements of an array in any other."""
    query = f"?{urlencode({'state': states}, doseq=True)}" if states else ""
    answer = transport.post(f"/v1/jobs/{quote(str(ref), safe='')}/{how}{query}")
    changed = {JobState(state): count for state, count in answer.get("changed", {}).items()}
    return Steered(
        ref=answer["ref"],
        state=JobState(answer["state"]),
        changed=changed if "changed" in answer else None,
    )
