"""The client: everything a program may ask of a server."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack
from urllib.parse import quote

from chaufferie.sdk import fleet
from chaufferie.sdk.endpoint import Endpoint, find_endpoint
from chaufferie.sdk.erasures import Erasures
from chaufferie.sdk.errors import RefusedByServerError, WaitTimedOutError
from chaufferie.sdk.job import LONGEST_POLL_S, Job
from chaufferie.sdk.licences import LicenceView, read_licences
from chaufferie.sdk.listing import JobFilter, job_documents
from chaufferie.sdk.meter_files import import_readings
from chaufferie.sdk.modifying import Modified, modify
from chaufferie.sdk.pipeline import in_order, with_numbers
from chaufferie.sdk.quotas import QuotaView, read_quotas, set_quotas
from chaufferie.sdk.reservations import Reservations
from chaufferie.sdk.staging import upload
from chaufferie.sdk.steering import Steered, steer
from chaufferie.sdk.transport import Transport, refused_document
from chaufferie.sdk.weather import Forecast, read_forecasts
from chaufferie.sdk.webhooks import Webhooks
from domain.jobs.job import FINAL_STATES, JobState

if TYPE_CHECKING:
    from chaufferie.sdk.submission import JobRequest, Prepared, Wishes

#: How long a request is tried while nobody answers: a server that starts again is back by then.
DEFAULT_PATIENCE_S = 10.0
#: The server refuses longer requests (1 MiB); room is left for what goes round the jobs.
_LARGEST_BATCH_BYTES = 900_000
_LARGEST_BATCH = 1000
_LARGEST_WAIT = 5000


class Client:
    """A server, seen with one key.

    Without arguments it is the server that `chaufferie up` runs for this user on this machine,
    or the one that ``CHAUFFERIE_URL`` and ``CHAUFFERIE_TOKEN`` name.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        data_dir: str | Path | None = None,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        """Choose the server; nothing is sent yet.

        Raises ``NotConfiguredError`` where nothing says which server.
        """
        if url is not None and token is not None:
            endpoint = Endpoint(url=url, token=token)
        elif url is None and token is None:
            endpoint = find_endpoint(None if data_dir is None else Path(data_dir))
        else:
            raise TypeError("give url and token together")
        self.transport = Transport(endpoint, patience_s)
        self.erasures, self.webhooks = Erasures(self.transport), Webhooks(self.transport)
        self.reservations = Reservations(self.transport)  #: Nodes set aside for a time.

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def submit(
        self,
        *,
        script: str | Path | None = None,
        command: Sequence[str] = (),
        **wishes: "Unpack[Wishes]",
    ) -> Job:
        """Submit a script's file, or a command; the job is stored when this returns.

        Raises ``BadInputError`` before anything is sent, ``RefusedByServerError`` after.
        """
        return self.send(_prepared(script=script, command=command, wishes=wishes))

    def send(self, prepared: "Prepared") -> Job:
        """Submit what was prepared; sent again as often as needed, accepted once."""
        upload(self.transport, prepared.inputs)
        answer = self.transport.post("/v1/jobs", prepared.body, key=uuid.uuid4().hex)
        return Job(self.transport, answer["job_id"], notes=answer["notes"])

    def check(self, prepared: "Prepared", *, with_start: bool = True) -> Mapping[str, Any]:
        """What would become of it: where it fits, its cost and likely start; nothing is stored."""
        path = "/v1/jobs/check" if with_start else "/v1/jobs/check?with_start=false"
        answer: Mapping[str, Any] = self.transport.post(path, prepared.body)
        return answer

    def submit_many(self, requests: Sequence["JobRequest"]) -> list[Job]:
        """Submit many jobs in few requests, in this order as far as none waits for a later one.

        A job may name another of them by its ``label``: ``dependency="afterok:@mesh"``.

        All are read before the first is sent. Where the server refuses one, those before it are
        accepted, and the error names it.
        """
        prepared = _all_prepared(requests)
        order = in_order(prepared)
        upload(self.transport, [item for one in prepared for item in one.inputs])
        jobs: dict[int, Job] = {}
        numbers: dict[str, int] = {}
        for places in split_batches([prepared[place].body for place in order]):
            some = [order[index] for index in places]
            here = frozenset(str(prepared[place].body["label"]) for place in some)
            batch = [with_numbers(prepared[place], numbers, here) for place in some]
            body = {"jobs": batch, "idempotency_keys": [uuid.uuid4().hex for _ in batch]}
            answers = self.transport.post("/v1/jobs/batch", body)["jobs"]
            for place, answer in zip(some, answers, strict=True):
                refused = refused_document(answer)
                if refused is not None:
                    raise _at(refused, place + 1, len(requests))
                jobs[place] = Job(self.transport, answer["job_id"], notes=answer["notes"])
                if (label := prepared[place].body["label"]) is not None:
                    numbers[label] = answer["job_id"]
        return [jobs[place] for place in range(len(requests))]

    def job(self, ref: int | str) -> Job:
        """The job, array or element of this name: ``1234``, or ``"1234_7"`` in an array."""
        document = self.transport.get(f"/v1/jobs/{quote(str(ref), safe='')}")
        return Job(self.transport, document["job_id"], document=document)

    def cancel(self, ref: int | str) -> Steered:
        """Stop what is named; ``"1234_[0-9]"`` names a part of an array."""
        return steer(self.transport, ref, "cancel")

    def hold(self, ref: int | str) -> Steered:
        """Keep what is named, and queues, from starting until it is released."""
        return steer(self.transport, ref, "hold")

    def release(self, ref: int | str) -> Steered:
        """Let queue what is named and held."""
        return steer(self.transport, ref, "release")

    def requeue(self, ref: int | str, *, states: Sequence[JobState] = ()) -> Steered:
        """Have what is named run again: stopped first where it runs, anew where it has ended.

        Of an array, ``states`` leaves out the elements in any other.
        """
        return steer(self.transport, ref, "requeue", [state.value for state in states])

    def modify(self, ref: int | str, options: Sequence[str]) -> Modified:
        """Change a job by options as ``submit`` takes them: ``["--time=2:00:00"]``.

        Of one that runs only the time limit can change, and only be lowered.
        """
        return modify(self.transport, ref, options)

    def jobs(self, *, limit: int | None = 50, **wanted: Unpack[JobFilter]) -> Iterator[Job]:
        """Jobs, newest first; ``limit=None`` gives all of them, page by page."""
        for document in self.job_documents(limit=limit, **wanted):
            yield Job(self.transport, document["job_id"], document=document)

    def job_documents(
        self, *, limit: int | None = 50, **wanted: Unpack[JobFilter]
    ) -> Iterator[Mapping[str, Any]]:
        """As ``jobs``, each as the server shows it."""
        return job_documents(self.transport, limit, wanted)

    def wait(
        self, jobs: Sequence[Job | int], timeout_s: float | None = None
    ) -> dict[int, JobState]:
        """Wait until all of these have ended; the state of each.

        A number that names no job of yours is left out. Raises ``WaitTimedOutError`` after
        ``timeout_s``; the jobs go on.
        """
        ids = [job if isinstance(job, int) else job.id for job in jobs]
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        found: dict[int, JobState] = {}
        for first in range(0, len(ids), _LARGEST_WAIT):
            found |= self._wait_for(ids[first : first + _LARGEST_WAIT], deadline_s)
        return found

    def _wait_for(self, ids: Sequence[int], deadline_s: float | None) -> dict[int, JobState]:
        while True:
            left_s = LONGEST_POLL_S if deadline_s is None else deadline_s - time.monotonic()
            wait_s = min(max(left_s, 0.0), LONGEST_POLL_S)
            body = {"job_ids": ids, "wait_s": wait_s}
            answer = self.transport.post("/v1/jobs/wait", body, wait_s=wait_s)
            found = {int(key): JobState(state) for key, state in answer["states"].items()}
            n_open = sum(state not in FINAL_STATES for state in found.values())
            if n_open == 0:
                return found
            if deadline_s is not None and time.monotonic() >= deadline_s:
                raise WaitTimedOutError(f"{n_open} of {len(ids)} jobs have not ended; they go on.")

    def sites(self) -> tuple[fleet.SiteView, ...]:
        """The sites, their water and the heat they want."""
        return fleet.read_sites(self.transport.get("/v1/sites"))

    def nodes(self) -> tuple[fleet.NodeView, ...]:
        """The nodes and what they are doing."""
        return fleet.read_nodes(self.transport.get("/v1/nodes"))

    def profiles(self) -> tuple[fleet.Profile, ...]:
        """Programs for simulation that the nodes have, and in which versions."""
        return fleet.read_profiles(self.transport.get("/v1/profiles"))

    def licences(self) -> tuple[LicenceView, ...]:
        """Counted licences: how many seats there are, in use, and wanted by jobs that wait."""
        return read_licences(self.transport)

    def heat(
        self,
        *,
        site_id: int | None = None,
        from_s: float | None = None,
        to_s: float | None = None,
    ) -> fleet.Heat:
        """Heat delivered between two instants [Unix time], from the indexes of the meters."""
        asked = {"site_id": site_id, "from_s": from_s, "to_s": to_s}
        params = {key: value for key, value in asked.items() if value is not None}
        return fleet.read_heat(self.transport.get("/v1/heat", params))

    def weather(self) -> tuple[Forecast, ...]:
        """The weather forecasts that the server was told, the newest for each site."""
        return read_forecasts(self.transport.get("/v1/weather"))

    def send_weather(
        self,
        first_hour_s: float,
        outdoor_temp_c: Sequence[float],
        *,
        site_ids: Sequence[int] = (),
    ) -> Mapping[str, Any]:
        """Tell the server the outdoor temperatures of the hours from ``first_hour_s`` on.

        ``site_ids`` are those of one weather; none = every site.
        """
        body = {
            "first_hour_s": first_hour_s,
            "outdoor_temp_c": list(outdoor_temp_c),
            "site_ids": list(site_ids),
        }
        answer: Mapping[str, Any] = self.transport.post("/v1/weather", body)
        return answer

    def import_readings(
        self, file: str | Path, *, meter: str | None = None, check: bool = False
    ) -> Mapping[str, Any]:
        """Hand over a CSV file of a meter's indexes; what became of its rows.

        ``meter`` is the serial number where no column names one. With ``check`` nothing is taken
        in, and the answer says what would be. Raises ``RefusedByServerError``, whose ``fields``
        say what is wrong with each line; then nothing was. For operators.
        """
        return import_readings(self.transport, Path(file), meter, check=check)

    def quotas(self, tenant: str | None = None) -> tuple[QuotaView, ...]:
        """Quotas and what of them is used: your tenant's, or everybody's for an operator."""
        return read_quotas(self.transport, tenant)

    def set_quotas(
        self,
        tenant: str,
        limits: Mapping[str, str | None],
        *,
        project: str | None = None,
        safe: bool = False,
    ) -> tuple[QuotaView, ...]:
        """Set quotas of a tenant or its project, ``{"cores": "64", "kwh/month": None}``."""
        return set_quotas(self.transport, tenant, limits, project, safe=safe)

    def whoami(self) -> Mapping[str, Any]:
        """Whose key this is, and what it may do."""
        answer: Mapping[str, Any] = self.transport.get("/v1/whoami")
        return answer


def split_batches(bodies: Sequence[Mapping[str, Any]]) -> Iterator[list[int]]:
    """Places of the bodies in order, cut where a request would grow too long for the server."""
    batch: list[int] = []
    batch_bytes = 0
    for place, body in enumerate(bodies):
        size_bytes = len(json.dumps(body, ensure_ascii=False).encode())
        if batch and (
            batch_bytes + size_bytes > _LARGEST_BATCH_BYTES or len(batch) >= _LARGEST_BATCH
        ):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(place)
        batch_bytes += size_bytes
    if batch:
        yield batch


def _at(refused: RefusedByServerError, position: int, n_jobs: int) -> RefusedByServerError:
    return RefusedByServerError(
        f"Job {position} of {n_jobs}: {refused}",
        status=refused.status,
        code=refused.code,
        line=refused.line,
    )


def _prepared(**request: Any) -> "Prepared":  # noqa: ANN401 - the fields of a request
    """The parser of scripts is loaded by whoever submits, and by no other command."""
    from chaufferie.sdk.submission import JobRequest, prepare  # noqa: PLC0415

    return prepare(JobRequest(**request))


def _all_prepared(requests: Iterable["JobRequest"]) -> "list[Prepared]":
    from chaufferie.sdk.submission import prepare  # noqa: PLC0415 - likewise

    return [prepare(request) for request in requests]
