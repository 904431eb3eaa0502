"""Jobs changed after their submission."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chaufferie.sdk.clock import clock_document
from chaufferie.sdk.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """What became of a change."""

    ref: str  #: As the server names the job.
    changed: tuple[str, ...]  #: The options that were taken, without their dashes.
    waiting: int  #: Instances that wait, for which it holds.
    running: int  #: Those that run, and of which the time limit was lowered.
    notes: tuple[str, ...]


def modify(transport: Transport, ref: int | str, options: Sequence[str]) -> Modified:
    """Change a job by these options, as they are given to ``submit``."""
    # Not sent twice: a limit that was lowered cannot be lowered to the same again.
    now_s = time.time()  # noqa: TID251 - the clock by which a person means a time
    body = {"options": list(options), **clock_document(now_s)}
    answer = transport.post_once(f"/v1/jobs/{quote(str(ref), safe='')}/modify", body)
    return Modified(
        ref=answer["ref"],
        changed=tuple(answer["changed"]),
        waiting=answer["waiting"],
        running=answer["running"],
        notes=tuple(answer["notes"]),
    )
