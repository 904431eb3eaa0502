"""Calls of functions as jobs, behind the interface of ``concurrent.futures``."""

import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, Unpack

from chaufferie.sdk import remote_call
from chaufferie.sdk.calls import Call, name_of, pack_calls, write_runner
from chaufferie.sdk.client import Client
from chaufferie.sdk.errors import BadInputError, RefusedByServerError
from chaufferie.sdk.futures import JobFuture
from chaufferie.sdk.job import Job
from chaufferie.sdk.settling import Settling
from chaufferie.sdk.staging import Input, upload
from chaufferie.sdk.submission import JobRequest, Prepared, Wishes, prepare
from domain.files.globs import Selection
from domain.jobs.array_spec import MAX_ARRAY_SIZE
from domain.sbatch.submission import Submission

P = ParamSpec("P")
T = TypeVar("T")

#: While nobody answers, jobs that were sent are asked about for so long.
DEFAULT_PATIENCE_S = 600.0
_LONGEST_NAME = 200


class Executor(futures.Executor):
    """Runs functions on the nodes of a server, each call as a job of its own.

    What is submitted is stored at the server when ``submit`` or ``map`` returns.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        python: str | None = None,
        by_value: Sequence[ModuleType] = (),
        patience_s: float = DEFAULT_PATIENCE_S,
        **wishes: Unpack[Wishes],
    ) -> None:
        """Choose what every call is to have; nothing is sent yet.

        ``python`` is the command that starts Python on a node; by default that of the version
        which runs here. What the modules in ``by_value`` define travels along; all else that can
        be imported must be there. Raises ``BadInputError`` for a wish that cannot be.
        """
        command = python or f"python{sys.version_info.major}.{sys.version_info.minor}"
        request = JobRequest(command=(command, remote_call.ARCHIVE), wishes=wishes)
        self._template = _checked(prepare(request))
        self._name = wishes.get("name")
        self._by_value = tuple(by_value)
        self._own_client = Client() if client is None else None
        self._client = client or self._own_client or Client()
        self._scratch = tempfile.TemporaryDirectory(prefix="chaufferie-")
        self._folder = Path(self._scratch.name)
        self._common = (*self._template.inputs, write_runner(self._folder / remote_call.ARCHIVE))
        self._were_common_sent = False
        self._changed = threading.Condition()
        self._open: dict[int, JobFuture[Any]] = {}
        self._sending = 0
        self._is_shut = False
        self._is_closed = False
        self._settling = Settling(
            self._client.transport.endpoint, self._folder, self._find, patience_s
        )

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> JobFuture[T]:
        """Make this call on a node.

        Raises ``BadInputError`` where it cannot be pickled, ``RefusedByServerError`` where the
        server does not take it.
        """
        return self._send(fn, [[(args, kwargs)]], is_map=False)[0]

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[T]:
        """The results of ``fn`` for these arguments, in their order.

        It is one array job whose instances make ``chunksize`` calls each.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be at least 1")
        give_up_s = None if timeout is None else time.monotonic() + timeout
        calls: list[Call] = [(args, {}) for args in zip(*iterables, strict=False)]
        chunks = [calls[first : first + chunksize] for first in range(0, len(calls), chunksize)]
        sent: list[JobFuture[list[T]]] = []
        for first in range(0, len(chunks), MAX_ARRAY_SIZE):
            sent += self._send(fn, chunks[first : first + MAX_ARRAY_SIZE], is_map=True)
        return self._results(sent, give_up_s)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - of the standard library
        """Take no more calls; with ``cancel_futures`` stop those that go on, running ones too.

        Without ``wait`` the program may end at once: the jobs go on, and can be looked at by
        their numbers.
        """
        with self._changed:
            self._is_shut = True
            still_open = list(self._open.values())
        if cancel_futures:
            self._cancel(still_open)
        if wait:
            with self._changed:
                self._changed.wait_for(lambda: not self._open and not self._sending)
        self._close_if_done()

    def _results(self, sent: list[JobFuture[list[T]]], give_up_s: float | None) -> Iterator[T]:
        sent.reverse()
        try:
            while sent:
                left_s = None if give_up_s is None else give_up_s - time.monotonic()
                values = sent[-1].result(left_s)
                # Nothing is kept here of what the caller has.
                sent.pop()
                yield from values
        finally:
            self._cancel(sent)

    def _cancel(self, unwanted: Sequence[JobFuture[Any]]) -> None:
        """Stop all of these, those of an array at once."""
        going_on = [future for future in unwanted if not future.done()]
        for job_id in {future.array_id for future in going_on}:
            self._client.cancel(job_id)
        for future in going_on:
            future.withdraw()

    def _send(
        self, fn: Callable[..., Any], chunks: Sequence[Sequence[Call]], *, is_map: bool
    ) -> list[JobFuture[Any]]:
        """A future for each chunk; all of them are stored at the server."""
        with self._changed:
            if self._is_shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._sending += 1
        try:
            job_id = self._submit(fn, chunks, is_map=is_map)
            # In an array, the numbers of the elements follow that of the array.
            first = job_id if len(chunks) == 1 else job_id + 1
            sent: list[JobFuture[Any]] = [
                JobFuture(Job(self._client.transport, number), job_id, self._settled)
                for number in range(first, first + len(chunks))
            ]
            with self._changed:
                self._open |= {future.job.id: future for future in sent}
            self._settling.add(future.job.id for future in sent)
        finally:
            with self._changed:
                self._sending -= 1
                self._changed.notify_all()
            self._close_if_done()
        return sent

    def _submit(
        self, fn: Callable[..., Any], chunks: Sequence[Sequence[Call]], *, is_map: bool
    ) -> int:
        """Pack and send; the number of the job."""
        with tempfile.TemporaryDirectory(dir=self._folder) as private:
            packed = pack_calls(
                Path(private) / remote_call.CALLS,
                fn,
                chunks,
                by_value=self._by_value,
                is_map=is_map,
            )
            body = {
                **self._template.body,
                "options": [*self._template.body["options"], *self._words(fn, len(chunks))],
                "inputs": [item.as_document() for item in (*self._common, packed)],
            }
            key = uuid.uuid4().hex
            try:
                return self._post(body, packed, key)
            except RefusedByServerError as error:
                if error.code != "file.not_sent":
                    raise
                # The server keeps no file for ever; what is common was sent long ago.
                self._were_common_sent = False
                return self._post(body, packed, key)

    def _post(self, body: dict[str, Any], packed: Input, key: str) -> int:
        transport = self._client.transport
        common = () if self._were_common_sent else self._common
        upload(transport, (*common, packed))
        self._were_common_sent = True
        return int(transport.post("/v1/jobs", body, key=key)["job_id"])

    def _words(self, fn: Callable[..., Any], n_chunks: int) -> list[str]:
        """What is said of this job beside what is wished of all."""
        words = [] if self._name else [f"--job-name={name_of(fn)[-_LONGEST_NAME:]}"]
        return words if n_chunks == 1 else [*words, f"--array=0-{n_chunks - 1}"]

    def _find(self, job_id: int) -> JobFuture[Any] | None:
        with self._changed:
            return self._open.get(job_id)

    def _settled(self, future: JobFuture[Any]) -> None:
        with self._changed:
            self._open.pop(future.job.id, None)
            self._changed.notify_all()
        self._close_if_done()

    def _close_if_done(self) -> None:
        with self._changed:
            is_done = self._is_shut and not self._open and not self._sending
            if not is_done or self._is_closed:
                return
            self._is_closed = True
        self._settling.stop()
        self._scratch.cleanup()
        if self._own_client is not None:
            self._own_client.close()


def _checked(prepared: Prepared) -> Prepared:
    """The template of all jobs, if nothing in it stands in the way of the calls."""
    asked = prepared.submission
    for option, is_given in (("--array", asked.array), ("--chdir", asked.chdir)):
        if is_given is not None:
            raise BadInputError(
                f"{option} is not for calls of functions; use map(), and os.chdir() inside "
                "the function.",
                code="call.option",
            )
    return Prepared(
        body={**prepared.body, "options": [*prepared.body["options"], *_returning(asked)]},
        inputs=prepared.inputs,
        submission=asked,
    )


def _returning(asked: Submission) -> list[str]:
    """Where files that come back were chosen, the answer is one of them."""
    wanted, excluded = asked.returns.results, asked.returns.excluded_results
    if not Selection(excluded=excluded).takes(remote_call.ANSWER):
        raise BadInputError(
            f"The patterns of exclude_results mean {remote_call.ANSWER} too, without which no "
            "call can be answered; make them narrower.",
            code="call.option",
        )
    return [f"--results={','.join((*wanted, remote_call.ANSWER))}"] if wanted else []
