"""Files that nodes fetch and send for the attempts they run, and for no others."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.files import tus
from api.files.receiving import checked_sha256, receive_whole
from api.files.serving import AskedOf, file_response
from api.names import LARGEST_FILE_BYTES, LARGEST_SMALL, Number, Sha256, UploadId
from api.problems import Problem, not_found
from api.security import NodeItself, ServicesOf, node_id_of
from api.services import Services
from domain.access import Principal
from domain.files.job_files import CHECKPOINT_FOLDER, EMPTY_SHA256, ResultFile, check_relative_path
from domain.jobs.delivery import AttemptKey
from domain.refusal import Refused
from store.files import checkpoints, results, stored_files
from store.files.content import ContentKey
from store.files.results import Left
from store.gangs import members
from store.jobs import job_inputs
from store.transaction import Transaction

router = APIRouter(prefix="/v1/agent", tags=["agent"])

MOST_FILES = 10_000
_UPLOADS = "/v1/agent/uploads"
_ATTEMPT = "/attempts/{instance_id}/{attempt}"
_Attempt = Annotated[int, Path(ge=1, le=LARGEST_SMALL)]


class DigestsIn(BaseModel):
    """Contents that a job left."""

    model_config = ConfigDict(extra="forbid")

    sha256s: list[Sha256] = Field(max_length=MOST_FILES)


class FileIn(BaseModel):
    """A file that was uploaded, and its name in the results."""

    model_config = ConfigDict(extra="forbid")

    path: str
    sha256: Sha256
    size_bytes: int = Field(ge=0, le=LARGEST_FILE_BYTES)


class FilesIn(BaseModel):
    """What stands in a working directory."""

    model_config = ConfigDict(extra="forbid")

    files: list[FileIn] = Field(max_length=MOST_FILES)


def kept_files(files: list[FileIn]) -> tuple[tuple[ResultFile, ...], int]:
    """The files whose names may be kept, each name once, and how many were left out."""
    found: dict[str, ResultFile] = {}
    for item in files:
        path = check_relative_path(item.path)
        if not isinstance(path, Refused):
            found[path] = ResultFile(path=path, sha256=item.sha256, size_bytes=item.size_bytes)
    return tuple(found.values()), len(files) - len(found)


async def _owner(services: Services, principal: Principal, key: AttemptKey) -> int:
    """The tenant of an attempt that runs on this node, or 410."""
    node_id = node_id_of(principal)
    tenant_id = await services.read(
        lambda connection: results.tenant_of_live(connection, key, node_id)
    )
    if tenant_id is None:
        raise _fenced()
    return tenant_id


@router.post(_ATTEMPT + "/missing")
async def missing(
    instance_id: Number,
    attempt: _Attempt,
    body: DigestsIn,
    services: ServicesOf,
    principal: NodeItself,
) -> dict[str, list[str]]:
    """Which of these contents the tenant of the attempt has not, so that they must be sent."""
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    tenant_id = await _owner(services, principal, key)
    wanted = dict.fromkeys(body.sha256s)
    here = await services.read(
        lambda connection: stored_files.owned(connection, tenant_id, list(wanted))
    )
    return {"missing": [one for one in wanted if one not in here | {EMPTY_SHA256}]}


@router.put(_ATTEMPT + "/files/{sha256}")
async def put_result(  # noqa: PLR0917 - called by name, from the path
    instance_id: Number,
    attempt: _Attempt,
    sha256: str,
    request: Request,
    services: ServicesOf,
    principal: NodeItself,
) -> Response:
    """Take a file that a job left."""
    checked_sha256(sha256)
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    tenant_id = await _owner(services, principal, key)
    await receive_whole(request, services, ContentKey(tenant_id=tenant_id, sha256=sha256))
    return Response(status_code=201)


@router.get(_ATTEMPT + "/files/{sha256}")
async def fetch_input(  # noqa: PLR0917 - called by name, from the path
    instance_id: Number,
    attempt: _Attempt,
    sha256: str,
    services: ServicesOf,
    principal: NodeItself,
    asked: AskedOf,
) -> Response:
    """A file that the attempt needs before its start."""
    checked_sha256(sha256)
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    node_id = node_id_of(principal)
    if await services.read(lambda found: members.tenant_of(found, key, node_id)) is None:
        await _owner(services, principal, key)
    content = await services.read(
        lambda connection: (
            job_inputs.content_for(connection, key, sha256)
            or checkpoints.content_for(connection, key, sha256)
        )
    )
    if content is None and sha256 != EMPTY_SHA256:
        raise not_found("file")
    return await file_response(services, content or ContentKey(tenant_id=0, sha256=sha256), asked)


@router.post(_ATTEMPT + "/uploads", status_code=201)
async def begin_upload(
    instance_id: Number,
    attempt: _Attempt,
    request: Request,
    services: ServicesOf,
    principal: NodeItself,
) -> Response:
    """Begin to send a result in parts, or find what was begun."""
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    tenant_id = await _owner(services, principal, key)
    node_id = node_id_of(principal)
    return await tus.create(request, services, tenant_id, node_id=node_id, address=_UPLOADS)


@router.head("/uploads/{upload_id}")
async def upload_offset(
    upload_id: UploadId, services: ServicesOf, principal: NodeItself
) -> Response:
    """How much of the file is here."""
    upload = await tus.find(services, upload_id, node_id=node_id_of(principal))
    return await tus.look(services, upload)


@router.patch("/uploads/{upload_id}")
async def send_part(
    upload_id: UploadId, request: Request, services: ServicesOf, principal: NodeItself
) -> Response:
    """Take the part that begins at ``Upload-Offset``."""
    upload = await tus.find(services, upload_id, node_id=node_id_of(principal))
    return await tus.go_on(request, services, upload)


@router.put(_ATTEMPT + "/results")
async def copy_results(
    instance_id: Number,
    attempt: _Attempt,
    body: FilesIn,
    services: ServicesOf,
    principal: NodeItself,
) -> dict[str, int]:
    """List what a running job has written so far, in the place of the copy before."""
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    node_id = node_id_of(principal)
    files, left_out = kept_files(body.files)

    def operation(tx: Transaction) -> bool:
        tenant_id = results.tenant_of_live(tx.connection, key, node_id)
        if tenant_id is None:
            return False
        results.replace_results(tx, Left(key=key, tenant_id=tenant_id, files=files))
        return True

    if not await services.write(operation):
        raise _fenced()
    return {"listed": len(files), "left_out": left_out}


@router.get(_ATTEMPT + "/checkpoint")
async def fetch_checkpoint(
    instance_id: Number, attempt: _Attempt, services: ServicesOf, principal: NodeItself
) -> dict[str, list[dict[str, Any]]]:
    """The files that the attempt goes on from; none where it starts from the beginning."""
    await _owner(services, principal, AttemptKey(instance_id=instance_id, attempt=attempt))
    files = await services.read(lambda connection: checkpoints.files(connection, instance_id))
    return {"files": [asdict(item) for item in files]}


@router.put(_ATTEMPT + "/checkpoint")
async def save_checkpoint(
    instance_id: Number,
    attempt: _Attempt,
    body: FilesIn,
    services: ServicesOf,
    principal: NodeItself,
) -> dict[str, int]:
    """Keep these files for the next attempt, in the place of the checkpoint before."""
    key = AttemptKey(instance_id=instance_id, attempt=attempt)
    node_id = node_id_of(principal)
    files, left_out = kept_files(body.files)
    is_outside = any(not item.path.startswith(f"{CHECKPOINT_FOLDER}/") for item in files)
    if left_out or is_outside:
        sentence = f"A checkpoint is files below {CHECKPOINT_FOLDER}/, all of them or none."
        raise Problem(422, Refused(code="checkpoint.path", sentence=sentence))

    def operation(tx: Transaction) -> bool:
        tenant_id = results.tenant_of_live(tx.connection, key, node_id)
        if tenant_id is None:
            return False
        checkpoints.save(tx, Left(key=key, tenant_id=tenant_id, files=files))
        return True

    if not await services.write(operation):
        raise _fenced()
    return {"saved": len(files)}


def _fenced() -> Problem:
    refusal = Refused(code="attempt.fenced", sentence="This attempt has no job any more.")
    return Problem(410, refusal)
