"""What node agents call: enrolment, claims and completions, heartbeats, readings, live output."""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.fleet.inventory import NodeSpecIn, Word
from api.hub import node_topic, output_topic
from api.names import LARGEST, LARGEST_FILE_BYTES, LARGEST_SMALL, Id
from api.problems import Problem
from api.routes.agents.attempt_files import FileIn, kept_files
from api.security import NodeItself, ServicesOf, node_id_of, public
from api.services import Services
from domain.access import Role
from domain.fleet.licences import plain_server
from domain.fleet.reading import Reading, check_reading
from domain.jobs.delivery import (
    AttemptKey,
    Claimed,
    Completion,
    CompletionResult,
    Gang,
    Kill,
    LoweredLimit,
    PowerAdvice,
)
from domain.jobs.job import EndReason
from domain.refusal import Refused
from store.access.keys import KeyRequest, NewKey, add_key
from store.attempts import claims, completions
from store.attempts import gang_partings as partings
from store.erasures import node_shares
from store.files.outputs import output_name
from store.fleet import nodes, readings
from store.transaction import Transaction

router = APIRouter(prefix="/v1/agent", tags=["agent"])

LONGEST_WAIT_S = 30.0
#: More than a node is ever told of at once.
MOST_ERASED = 5 * node_shares.MOST_TOLD
#: Nobody is as old; a longer time would make sums of it infinite.
_LONGEST_S = 1e10
#: Of an instance, and its attempt.
Key = tuple[Id, Annotated[int, Field(ge=1, le=LARGEST_SMALL)]]
#: Host and port, as an agent says where its share listens.
Address = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:\[\]-]{1,255}:[0-9]{1,5}$")]
_Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnrolIn(_Strict):
    """A one-time token and the node that presents it."""

    token: Word
    spec: NodeSpecIn


class CompletionIn(_Strict):
    """How an attempt ended."""

    key: Key
    boot_id: Word
    reason: EndReason
    exit_code: int | None = Field(default=None, ge=-LARGEST_SMALL, le=LARGEST_SMALL)
    detail: str | None = None
    wall_s: _Seconds = 0.0
    cpu_s: _Seconds = 0.0
    max_rss_bytes: int = Field(default=0, ge=0, le=LARGEST)
    files: list[FileIn] = []

    def to_completion(self) -> Completion:
        """The domain value; of files whose names cannot be kept, the detail says so."""
        files, left_out = kept_files(self.files)
        # A report that is refused for a letter would be repeated for ever.
        detail = self.detail and self.detail.replace("\0", "")
        if left_out:
            detail = f"{detail or ''} {left_out} files were left out for their names.".strip()
        return Completion(
            key=_key(self.key),
            boot_id=self.boot_id,
            reason=self.reason,
            exit_code=self.exit_code,
            detail=detail,
            wall_s=self.wall_s,
            cpu_s=self.cpu_s,
            max_rss_bytes=self.max_rss_bytes,
            files=files,
        )


class ShareIn(_Strict):
    """A part of an attempt whose script another node runs; with an address once it listens."""

    key: Key
    address: Address | None = None


class ExchangeIn(_Strict):
    """What ended, what is held, and how much more would fit."""

    boot_id: Word
    completions: list[CompletionIn] = []
    holding: list[Key] = []
    stopping: list[Key] = []
    #: Shares of jobs of several nodes; null = this agent knows nothing of such jobs.
    sharing: list[ShareIn] | None = None
    share_ends: list[CompletionIn] = []
    erased: list[Key] = Field(default=[], max_length=MOST_ERASED)
    free_cores: int = Field(ge=0, le=LARGEST_SMALL)
    total_cores: int = Field(ge=1, le=LARGEST_SMALL)


class HeartbeatIn(_Strict):
    """A sign of life."""

    boot_id: Word
    holding: list[Key] = []
    spooled: list[Key] = []
    sharing: list[Key] = []
    status: dict[str, Any] = {}


class OutputIn(_Strict):
    """The next piece of an attempt's output."""

    key: Key
    stream: str
    offset: int = Field(ge=0, le=LARGEST_FILE_BYTES)
    data_base64: str


def _key(pair: Key) -> AttemptKey:
    return AttemptKey(instance_id=pair[0], attempt=pair[1])


def _keys(pairs: Sequence[Key]) -> set[AttemptKey]:
    return {_key(pair) for pair in pairs}


def _pair(key: AttemptKey) -> Key:
    return key.instance_id, key.attempt


def _claimed(item: Claimed, services: Services) -> dict[str, Any]:
    return {
        "token": services.job_key(item.key),
        "gang": None if item.gang is None else _gang(item.gang, services.gang_secret(item.key)),
        "key": _pair(item.key),
        "job_id": item.job_id,
        "array_index": item.array_index,
        "spec": item.spec,
        "licence_servers": _licence_servers(item, services),
        "tenant": item.tenant,
        "lease_ttl_s": item.lease_ttl_s,
    }


def _licence_servers(item: Claimed, services: Services) -> list[dict[str, Any]]:
    """Those that a job may reach: its tenant's, where a profile or a licence may call for them."""
    if item.spec.get("profile") is None and not item.spec.get("licences"):
        return []
    servers = services.operator_file.licences.servers
    return [plain_server(one) for one in servers if one.serves(item.tenant)]


def _gang(gang: Gang, secret: str) -> dict[str, Any]:
    return {"place": gang.place, "secret": secret, "nodes": [asdict(one) for one in gang.nodes]}


def _kill(item: Kill) -> dict[str, Any]:
    return {"key": _pair(item.key), "reason": item.reason.value}


def _limit(item: LoweredLimit) -> dict[str, Any]:
    return {"key": _pair(item.key), "time_limit_s": item.time_limit_s}


def _advice(item: PowerAdvice | None) -> dict[str, float] | None:
    if item is None:
        return None
    return {"power_cap_frac": item.power_cap_frac, "valid_for_s": item.valid_for_s}


@router.post("/enrol", dependencies=[Depends(public)])
async def enrol(body: EnrolIn, services: ServicesOf) -> dict[str, Any]:
    """Turn a one-time token into a node and its key."""

    def operation(tx: Transaction) -> tuple[nodes.Enrolled, NewKey] | Refused:
        enrolled = nodes.enrol(tx, body.token, body.spec.to_spec())
        if isinstance(enrolled, Refused):
            return enrolled
        request = KeyRequest(name=enrolled.name, role=Role.NODE, node_id=enrolled.node_id)
        key = add_key(tx, request, actor=f"node/{enrolled.node_id}")
        if isinstance(key, Refused):
            return key
        return enrolled, key

    result = await services.write(operation)
    if isinstance(result, Refused):
        raise Problem(401, result)
    enrolled, key = result
    return {
        "node_id": enrolled.node_id,
        "site_id": enrolled.site_id,
        "name": enrolled.name,
        "token": key.token,
    }


@router.put("/spec")
async def declare(body: NodeSpecIn, services: ServicesOf, principal: NodeItself) -> dict[str, Any]:
    """Declare the node's inventory at its start; work may follow."""
    node_id = node_id_of(principal)
    await services.write(lambda tx: nodes.declare(tx, node_id, body.to_spec()))
    return {"node_id": node_id}


@router.get("/offers")
async def offers(
    services: ServicesOf,
    principal: NodeItself,
    since: str = "",
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0.0,
) -> dict[str, Any]:
    """Answer when something new concerns this node: an offer, or an order to stop.

    It says only "look"; ``since`` is the mark of the answer before, so that what a node cannot
    take yet does not wake it again.
    """
    node_id = node_id_of(principal)
    with services.hub.subscribe([node_topic(node_id)]) as change:
        mark = services.hub.mark(node_topic(node_id))
        may_wait = mark == since and not services.hub.is_ending
        if may_wait and await change.wait(wait_s):
            mark = services.hub.mark(node_topic(node_id))
        return {"mark": mark, "look": mark != since}


@router.post("/exchange")
async def exchange(body: ExchangeIn, services: ServicesOf, principal: NodeItself) -> dict[str, Any]:
    """Report what ended and claim what is offered and fits, in one transaction."""
    node_id = node_id_of(principal)
    holding, stopping = _keys(body.holding), _keys(body.stopping)
    erased = _keys(body.erased)
    reports = [item.to_completion() for item in body.completions]
    share_ends = [item.to_completion() for item in body.share_ends]
    sharing = None
    if body.sharing is not None:
        sharing = {_key(item.key): item.address for item in body.sharing}

    def operation(
        tx: Transaction,
    ) -> tuple[list[CompletionResult], claims.Handed, list[AttemptKey]]:
        partings.end(tx, node_id, share_ends)
        results = completions.complete(tx, node_id, reports)
        node_shares.confirm(tx, node_id, erased)
        handed = claims.claim(
            tx,
            node_id=node_id,
            boot_id=body.boot_id,
            holding=holding,
            stopping=stopping,
            free_cores=body.free_cores,
            total_cores=body.total_cores,
            sharing=sharing,
        )
        return results, handed, node_shares.to_erase(tx.connection, node_id)

    results, handed, to_erase = await services.write(operation)
    return {
        "results": [result.value for result in results],
        "claimed": [_claimed(item, services) for item in handed.claimed],
        "kill": [_kill(item) for item in handed.kill],
        "limits": [_limit(item) for item in handed.limits],
        "advice": _advice(handed.advice),
        "erase": [_pair(key) for key in to_erase],
    }


@router.post("/heartbeat")
async def heartbeat(
    body: HeartbeatIn, services: ServicesOf, principal: NodeItself
) -> dict[str, Any]:
    """Renew leases; the answer says what to stop and what is offered."""
    node_id = node_id_of(principal)

    def operation(tx: Transaction) -> tuple[claims.Pulse, list[AttemptKey]]:
        pulse = claims.heartbeat(
            tx,
            node_id=node_id,
            boot_id=body.boot_id,
            holding=_keys(body.holding),
            spooled=_keys(body.spooled),
            status=json.dumps(body.status),
            sharing=_keys(body.sharing),
        )
        return pulse, node_shares.to_erase(tx.connection, node_id)

    pulse, to_erase = await services.write(operation)
    return {
        "renewed": [_pair(key) for key in pulse.renewed],
        "kill": [_kill(item) for item in pulse.kill],
        "limits": [_limit(item) for item in pulse.limits],
        "assignments": [_pair(key) for key in pulse.assignments],
        "server_time_s": pulse.server_time_s,
        "advice": _advice(pulse.advice),
        "erase": [_pair(key) for key in to_erase],
    }


@router.post("/readings")
async def take_readings(
    body: list[dict[str, Any]], services: ServicesOf, principal: NodeItself
) -> dict[str, Any]:
    """Store readings; each is refused or kept by itself."""
    node_id = node_id_of(principal)
    items = [_own_reading(values, node_id) for values in body]
    intake = await services.write(lambda tx: readings.add_readings(tx, node_id, items))
    return {
        "stored": intake.stored,
        "repeated": intake.repeated,
        "refused": [{"code": item.code, "sentence": item.sentence} for item in intake.refused],
    }


def _own_reading(values: dict[str, Any], node_id: int) -> Reading | Refused:
    checked = check_reading(values)
    if isinstance(checked, Reading) and checked.node_id != node_id:
        return Refused(
            code="reading.other_node",
            sentence=f"Node {node_id} may not report for node {checked.node_id}.",
        )
    return checked


@router.post("/output")
async def take_output(
    body: OutputIn, services: ServicesOf, principal: NodeItself
) -> dict[str, int]:
    """Append live output; the answer says from where to go on."""
    node_id = node_id_of(principal)
    key = _key(body.key)
    owned = await services.read(lambda connection: claims.is_running_on(connection, key, node_id))
    if not owned:
        refusal = Refused(code="attempt.fenced", sentence="This attempt has no job any more.")
        raise Problem(410, refusal)
    try:
        name = output_name(key.instance_id, key.attempt, body.stream)
        data = base64.b64decode(body.data_base64, validate=True)
    except (ValueError, binascii.Error):
        refusal = Refused(code="output.form", sentence="The output is not stdout or stderr text.")
        raise Problem(422, refusal) from None
    size = await asyncio.to_thread(services.outputs.append, name, body.offset, data)
    services.hub.woken([output_topic(key.instance_id)])
    return {"size_bytes": size}
