"""Erasures: jobs that are forgotten at once, and the receipts for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaufferie.sdk.transport import Transport

_PATH = "/v1/erasures"
#: A request erases for 20 s before it answers.
_LONGEST_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was forgotten, and how far that is."""

    erasure_id: int
    tenant: str
    scope: Mapping[str, Any]
    jobs: int
    asked_at_s: float
    erased_at_s: float | None  #: On the server; None while that goes on.
    confirmed_at_s: float | None  #: By every node that ran one of the jobs.
    nodes: Mapping[str, float | None]  #: When each confirmed; None = not yet.
    #: Lines of JSON, each with its sha256: the first when the server is done, the second when the
    #: nodes are.
    receipt: tuple[str, ...]


class Erasures:
    """What the key's tenant has forgotten."""

    def __init__(self, transport: Transport) -> None:
        """Made by ``Client.erasures``."""
        self._transport = transport

    def check(
        self, *, job_id: int | None = None, project: str | None = None, all_jobs: bool = False
    ) -> int:
        """How many jobs would be forgotten; raises what ``forget_...`` would, and forgets none."""
        named = {"job_id": job_id, "project": project, "all": all_jobs or None}
        body = {name: value for name, value in named.items() if value is not None}
        return int(self._transport.post(f"{_PATH}/check", body)["jobs"])

    def forget_job(self, job_id: int) -> Erasure:
        """Forget one job, or an array, that has ended."""
        return self._forget({"job_id": job_id})

    def forget_project(self, project: str) -> Erasure:
        """Forget every job of a project; refused while one has not ended."""
        return self._forget({"project": project})

    def forget_all(self) -> Erasure:
        """Forget every job of the tenant, and every file; refused while a job has not ended."""
        return self._forget({"all": True})

    def list(self) -> tuple[Erasure, ...]:
        """All of them, the newest first; every tenant's for operators."""
        return tuple(_read(item) for item in self._transport.get(_PATH)["erasures"])

    def look(self, erasure_id: int) -> Erasure:
        """One of them, as it stands now."""
        return _read(self._transport.get(f"{_PATH}/{erasure_id}"))

    def _forget(self, body: Mapping[str, object]) -> Erasure:
        return _read(self._transport.post_once(_PATH, body, wait_s=_LONGEST_ANSWER_S))


def _read(document: Mapping[str, Any]) -> Erasure:
    return Erasure(
        erasure_id=document["erasure_id"],
        tenant=document["tenant"],
        scope=document["scope"],
        jobs=document["jobs"],
        asked_at_s=document["asked_at_s"],
        erased_at_s=document["erased_at_s"],
        confirmed_at_s=document["confirmed_at_s"],
        nodes={item["node"]: item["confirmed_at_s"] for item in document["nodes"]},
        receipt=tuple(document["receipt"]),
    )
