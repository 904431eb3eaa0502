"""What node agents call: enrolment, claims and completions, heartbeats, readings, live output."""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.hub import node_topic, output_topic
from api.names import LARGEST, LARGEST_FILE_BYTES, LARGEST_SMALL, Id, Text
from api.problems import Problem
from api.routes.attempt_files import FileIn, kept_files
from api.security import NodeItself, ServicesOf, node_id_of, public
from domain.access import Role
from domain.delivery import (
    AttemptKey,
    Claimed,
    Completion,
    CompletionResult,
    Kill,
    PowerAdvice,
)
from domain.gpus import MOST_GPUS, gpu_model
from domain.job import EndReason
from domain.node import NodeSpec, node_spec_of
from domain.profiles import MOST_PROFILES, NAME_PATTERN, VERSION_PATTERN
from domain.reading import Reading, check_reading
from domain.refusal import Refused
from domain.requirements import LONGEST_FEATURE, MOST_FEATURES, is_feature
from store.access.keys import KeyRequest, NewKey, add_key
from store.attempts import claims, completions
from store.files.outputs import output_name
from store.fleet import nodes, readings
from store.transaction import Transaction

router = APIRouter(prefix="/v1/agent", tags=["agent"])

LONGEST_WAIT_S = 30.0
#: Nobody is as old; a longer time would make sums of it infinite.
_LONGEST_S = 1e10
_LARGEST_MIB = 1 << 40
_LARGEST_W = 1e6
#: Of an instance, and its attempt.
Key = tuple[Id, Annotated[int, Field(ge=1, le=LARGEST_SMALL)]]
Word = Annotated[Text, StringConstraints(max_length=200)]
Note = Annotated[Text, StringConstraints(max_length=2000)]
_Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]
_Watts = Annotated[float, Field(ge=0, le=_LARGEST_W, allow_inf_nan=False)]


def _checked_feature(text: str) -> str:
    if not is_feature(text):
        message = f"{text[:LONGEST_FEATURE]!r} is no name for a feature"
        raise ValueError(message)
    return text.lower()


Feature = Annotated[str, AfterValidator(_checked_feature)]
GpuModel = Annotated[str, AfterValidator(gpu_model)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProfileIn(_Strict):
    """A program that was found on the node."""

    name: str = Field(pattern=rf"^{NAME_PATTERN}$")
    version: str = Field(default="", pattern=rf"^(?:{VERSION_PATTERN})?$")
    title: Word = ""
    licence: Word = ""
    notes: Note = ""
    command: Note = ""
    most_tasks: int | None = Field(default=None, ge=1, le=LARGEST_SMALL)


class NodeSpecIn(_Strict):
    """A node's inventory and power model."""

    cores: int = Field(ge=1, le=4096)
    mem_mib: int = Field(ge=1, le=_LARGEST_MIB)
    cores_are_shared: bool = False
    idle_power_w: _Watts
    max_power_w: float = Field(gt=0, le=_LARGEST_W, allow_inf_nan=False)
    capture_frac: float = Field(default=0.95, gt=0, le=1)
    host_name: Word = "localhost"
    is_simulated: bool = False
    time_factor: float = Field(default=1.0, gt=0, le=10_000)
    features: list[Feature] = Field(default=[], max_length=MOST_FEATURES)
    gpus: list[GpuModel] = Field(default=[], max_length=MOST_GPUS)
    profiles: list[ProfileIn] = Field(default=[], max_length=MOST_PROFILES)

    @model_validator(mode="after")
    def _works_harder_than_idle(self) -> "NodeSpecIn":
        if self.max_power_w < self.idle_power_w:
            message = "max_power_w is below idle_power_w"
            raise ValueError(message)
        return self

    def to_spec(self) -> NodeSpec:
        """The domain value."""
        return node_spec_of(self.model_dump())


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


class ExchangeIn(_Strict):
    """What ended, what is held, and how much more would fit."""

    boot_id: Word
    completions: list[CompletionIn] = []
    holding: list[Key] = []
    stopping: list[Key] = []
    free_cores: int = Field(ge=0, le=LARGEST_SMALL)
    total_cores: int = Field(ge=1, le=LARGEST_SMALL)


class HeartbeatIn(_Strict):
    """A sign of life."""

    boot_id: Word
    holding: list[Key] = []
    spooled: list[Key] = []
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


def _claimed(item: Claimed, token: str) -> dict[str, Any]:
    return {
        "token": token,
        "key": _pair(item.key),
        "job_id": item.job_id,
        "array_index": item.array_index,
        "spec": item.spec,
        "tenant": item.tenant,
        "lease_ttl_s": item.lease_ttl_s,
    }


def _kill(item: Kill) -> dict[str, Any]:
    return {"key": _pair(item.key), "reason": item.reason.value}


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
    reports = [item.to_completion() for item in body.completions]

    def operation(tx: Transaction) -> tuple[list[CompletionResult], claims.Handed]:
        results = completions.complete(tx, node_id, reports)
        handed = claims.claim(
            tx,
            node_id=node_id,
            boot_id=body.boot_id,
            holding=holding,
            stopping=stopping,
            free_cores=body.free_cores,
            total_cores=body.total_cores,
        )
        return results, handed

    results, handed = await services.write(operation)
    return {
        "results": [result.value for result in results],
        "claimed": [_claimed(item, services.job_key(item.key)) for item in handed.claimed],
        "kill": [_kill(item) for item in handed.kill],
        "advice": _advice(handed.advice),
    }


@router.post("/heartbeat")
async def heartbeat(
    body: HeartbeatIn, services: ServicesOf, principal: NodeItself
) -> dict[str, Any]:
    """Renew leases; the answer says what to stop and what is offered."""
    node_id = node_id_of(principal)

    def operation(tx: Transaction) -> claims.Pulse:
        return claims.heartbeat(
            tx,
            node_id=node_id,
            boot_id=body.boot_id,
            holding=_keys(body.holding),
            spooled=_keys(body.spooled),
            status=json.dumps(body.status),
        )

    pulse = await services.write(operation)
    return {
        "renewed": [_pair(key) for key in pulse.renewed],
        "kill": [_kill(item) for item in pulse.kill],
        "assignments": [_pair(key) for key in pulse.assignments],
        "server_time_s": pulse.server_time_s,
        "advice": _advice(pulse.advice),
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
