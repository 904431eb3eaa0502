"""One job on the server: look at it, wait for it, fetch what it wrote."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chaufferie.sdk.download import fetch_file
from chaufferie.sdk.errors import (
    FileChangedError,
    JobFailedError,
    NotFoundError,
    WaitTimedOutError,
)
from chaufferie.sdk.heating import EnergyUsed, Water, energy_of, water_of
from chaufferie.sdk.transport import Transport
from domain.files.job_files import ResultFile
from domain.jobs.forgotten import forgotten
from domain.jobs.job import FINAL_STATES, JobState

Stream = Literal["stdout", "stderr"]

#: The server holds a request open at most this long [s].
LONGEST_POLL_S = 50.0
#: The server says something more often than this; a line without a word is dead [s].
_LONGEST_SILENCE_S = 60.0
_PAGE = 200
#: Files that change faster than they are fetched are given up after so many rounds.
_FETCH_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job that succeeded left behind."""

    job_id: int
    exit_code: int
    stdout: str
    files: tuple[ResultFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityTerm:
    """One part of a waiting job's priority: a value times its weight in points."""

    name: str  #: ``age`` [h], ``tenant_share``, ``project_share``, ``size``, ``priority``.
    value: float
    weight: float
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a job is where it is, or why it still waits."""

    code: str
    sentence: str
    lines: tuple[str, ...]  #: One for each node that was considered.
    notes: tuple[str, ...]  #: What was said when it was submitted.
    attempts: tuple[Mapping[str, Any], ...]
    terms: tuple[PriorityTerm, ...] = ()  #: While it waits: what makes up its priority.
    kept_nodes: tuple[str, ...] = ()  #: On which nobody else starts before it.
    kept_from_s: float | None = None  #: When they have room at the latest, where that is known.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened to a job."""

    at_s: float  #: Unix time.
    code: str  #: Stable: ``submitted``, ``offered``, ``started``, a reason of an end, ...
    sentence: str  #: What happened, and why.
    attempt: int | None  #: Which try, where it happened to one.
    node: str | None


class Job:
    """A job that was accepted; also an array as a whole, or one element of it."""

    def __init__(
        self,
        transport: Transport,
        job_id: int,
        *,
        document: Mapping[str, Any] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Name the job; nothing is asked of the server yet."""
        self.id = job_id
        self.notes = tuple(notes)  #: What the server said when it accepted the job.
        self._transport = transport
        self._document = document

    def __repr__(self) -> str:
        if self._document is None:
            return f"<Job {self.id}>"
        return f"<Job {self.ref} {self._document['state']}>"

    @property
    def ref(self) -> str:
        """How people name it: its number, or NUMBER_INDEX where it is an element of an array."""
        return str(self.document["ref"])

    @property
    def is_array(self) -> bool:
        """Whether it stands for all instances of an array."""
        return "array" in self.document

    @property
    def document(self) -> Mapping[str, Any]:
        """Everything the server said about it when last asked."""
        return self._document if self._document is not None else self.refresh()

    @property
    def state(self) -> JobState:
        """Where it stood when the server was last asked."""
        return JobState(self.document["state"])

    @property
    def is_final(self) -> bool:
        """Whether it had ended when the server was last asked."""
        return self.state in FINAL_STATES

    @property
    def exit_code(self) -> int | None:
        """What its program returned; None while it runs, or where none ran."""
        code: int | None = self.document["exit_code"]
        return code

    @property
    def water(self) -> Water | None:
        """The water it heated when the server was last asked; None where it was on no node."""
        return water_of(self.document)

    @property
    def energy(self) -> EnergyUsed | None:
        """What it had used when the server was last asked; None where it never ran."""
        return energy_of(self.document)

    def refresh(self, wait_s: float = 0.0) -> Mapping[str, Any]:
        """Ask again; with ``wait_s`` the answer comes when it ends, or when the time is up."""
        document: Mapping[str, Any] = self._transport.get(
            f"/v1/jobs/{self.id}", {"wait_s": wait_s} if wait_s else None, wait_s=wait_s
        )
        self._document = document
        return document

    def wait(
        self,
        timeout_s: float | None = None,
        *,
        on_look: Callable[["Job"], None] | None = None,
        look_every_s: float = LONGEST_POLL_S,
    ) -> JobState:
        """Wait until it has ended; ``on_look`` is called with each answer until then.

        Raises ``WaitTimedOutError`` after ``timeout_s``; the job goes on.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left_s = LONGEST_POLL_S if deadline_s is None else deadline_s - time.monotonic()
            self.refresh(min(max(left_s, 0.0), look_every_s, LONGEST_POLL_S))
            if self.is_final:
                return self.state
            if deadline_s is not None and time.monotonic() >= deadline_s:
                raise WaitTimedOutError(f"Job {self.id} is still {self.state.value}; it goes on.")
            if on_look is not None:
                on_look(self)

    def result(self, timeout_s: float | None = None) -> JobResult:
        """Wait, and give what it left; raises ``JobFailedError`` where it did not succeed."""
        state = self.wait(timeout_s)
        if state is not JobState.SUCCEEDED:
            raise JobFailedError(
                describe_end(self.document), job_id=self.id, exit_code=self.exit_code
            )
        return JobResult(
            job_id=self.id,
            exit_code=self.exit_code or 0,
            stdout=self.stdout(),
            files=self.files(),
        )

    def instances(self, *, states: Sequence[JobState] = ()) -> Iterator["Job"]:
        """The instances of an array in the order of their indexes, page by page."""
        after_id: int | None = 0
        while after_id is not None:
            asked: dict[str, Any] = {"after_id": after_id, "limit": _PAGE}
            if states:
                asked["state"] = [state.value for state in states]
            answer = self._transport.get(f"/v1/jobs/{self.id}/instances", asked)
            for document in answer["instances"]:
                yield Job(self._transport, document["job_id"], document=document)
            after_id = answer["next_after_id"]

    def cancel(self) -> JobState:
        """Stop it: at once where it waits, by its node where it runs."""
        answer = self._transport.post(f"/v1/jobs/{self.id}/cancel")
        return JobState(answer["state"])

    def hold(self) -> JobState:
        """Keep it from starting, where it queues, until it is released."""
        answer = self._transport.post(f"/v1/jobs/{self.id}/hold")
        return JobState(answer["state"])

    def release(self) -> JobState:
        """Let it queue, where it was held."""
        answer = self._transport.post(f"/v1/jobs/{self.id}/release")
        return JobState(answer["state"])

    def requeue(self) -> JobState:
        """Have it stopped where it runs, to queue again."""
        answer = self._transport.post(f"/v1/jobs/{self.id}/requeue")
        return JobState(answer["state"])

    def logs(self, *, follow: bool = False, stream: Stream = "stdout") -> Iterator[bytes]:
        """What its latest attempt wrote so far, in pieces.

        With ``follow`` also what it writes until it ends; should it start anew elsewhere, the new
        attempt's output comes after.
        """
        return self._followed(stream) if follow else self._written(stream)

    def _written(self, stream: Stream) -> Iterator[bytes]:
        asked: dict[str, str | int] = {"stream": stream, "offset": 0}
        while True:
            answer = self._transport.get(f"/v1/jobs/{self.id}/output", asked)
            piece = base64.b64decode(answer["data_base64"])
            if not piece:
                return
            yield piece
            asked |= {"attempt": answer["attempt"], "offset": answer["next_offset"]}

    def _followed(self, stream: Stream) -> Iterator[bytes]:
        asked = {"stream": stream, "follow": "true"}
        path = f"/v1/jobs/{self.id}/logs"
        for event in self._transport.events(path, asked, silence_s=_LONGEST_SILENCE_S):
            if event.event == "end":
                return
            if event.event == stream:
                yield base64.b64decode(json.loads(event.data)["data_base64"])

    def stdout(self) -> str:
        """What it wrote on its standard output so far."""
        return b"".join(self.logs()).decode("utf-8", "replace")

    def stderr(self) -> str:
        """What it wrote on its standard error so far, where that is kept apart."""
        return b"".join(self.logs(stream="stderr")).decode("utf-8", "replace")

    def files(self) -> tuple[ResultFile, ...]:
        """The files it left in its working directory."""
        return tuple(
            ResultFile(path=file["path"], sha256=file["sha256"], size_bytes=file["size_bytes"])
            for file in self.refresh().get("files", ())
        )

    def download(self, directory: str | Path = ".", *, overwrite: bool = False) -> tuple[Path, ...]:
        """Fetch every file it left; those that are there already, unchanged, are not sent again.

        Of a job that still runs these are copies, each whole as it was at one instant; what is
        copied anew meanwhile is fetched anew. Raises ``FileInTheWayError`` before fetching a file
        that would replace another one, and ``NotFoundError`` where the job was forgotten.
        """
        forgotten_at_s = self.refresh().get("forgotten_at_s")
        if forgotten_at_s is not None:
            refusal = forgotten(self.ref, forgotten_at_s)
            raise NotFoundError(refusal.sentence, status=410, code=refusal.code)
        folder = Path(directory)
        fetched: dict[str, Path] = {}
        for is_last in (*[False] * (_FETCH_TRIES - 1), True):
            try:
                for file in self.files():
                    # What an earlier round fetched is ours: a newer copy may take its place.
                    may_replace = overwrite or file.path in fetched
                    fetched[file.path] = fetch_file(
                        self._transport, self.id, file, folder, overwrite=may_replace
                    )
            except FileChangedError:
                if is_last:
                    raise
            else:
                break
        return tuple(fetched.values())

    def set_priority(self, points: int) -> None:
        """Move it before others that wait, or after them (negative); a whole array, too.

        A hundred points are an hour of waiting, unless the operator chose otherwise. Only the
        operator moves jobs before others.
        """
        self._transport.post(f"/v1/jobs/{self.id}/priority", {"points": points})

    def explain(self) -> Explanation:
        """Why it is where it is, or why it still waits."""
        answer = self._transport.get(f"/v1/jobs/{self.id}/explain")
        priority, kept = answer.get("priority"), answer.get("kept")
        names = ("name", "value", "weight", "points")
        return Explanation(
            terms=tuple(
                PriorityTerm(**{name: term[name] for name in names})
                for term in (() if priority is None else priority["terms"])
            ),
            kept_nodes=() if kept is None else tuple(kept["nodes"]),
            kept_from_s=None if kept is None else kept["from_s"],
            code=answer["code"],
            sentence=answer["sentence"],
            lines=tuple(answer["lines"]),
            notes=tuple(answer["notes"]),
            attempts=tuple(answer["attempts"]),
        )

    def timeline(self) -> tuple[Moment, ...]:
        """Everything that has happened to it, first things first."""
        answer = self._transport.get(f"/v1/jobs/{self.id}/timeline")
        return tuple(
            Moment(**{name: item[name] for name in ("at_s", "code", "sentence", "attempt", "node")})
            for item in answer["moments"]
        )


def describe_end(document: Mapping[str, Any]) -> str:
    """How a job ended, in one sentence."""
    state = document["state"]
    if "array" in document:
        counts = ", ".join(f"{count} {word}" for word, count in document["counts"].items())
        return f"Array {document['job_id']} {state}: {counts}."
    code = document.get("exit_code")
    reason = (document.get("reason") or "").replace("_", " ")
    details = [reason] if reason and reason not in {"completed", state} else []
    if code is not None and state != JobState.SUCCEEDED:
        details.append(f"exit code {code}")
    if document.get("detail"):
        details.append(str(document["detail"]).rstrip("."))
    shown = f" ({', '.join(details)})" if details else ""
    where = f" on {document['node']}" if document.get("node") else ""
    return f"Job {document.get('ref', document['job_id'])} {state}{where}{shown}."
