"""Files that tenants send for their jobs: whole, or in parts that survive a cut connection."""

from fastapi import APIRouter, Request, Response

from api.files import tus
from api.files.receiving import checked_sha256, receive_whole
from api.names import UploadId
from api.problems import not_found
from api.security import JobsWriter, ServicesOf, tenant_id_of
from domain.files.job_files import EMPTY_SHA256
from store.files import stored_files
from store.files.content import ContentKey

router = APIRouter(prefix="/v1", tags=["files"])
_UPLOADS = "/v1/uploads"


@router.head("/files/{sha256}")
async def has_input(sha256: str, services: ServicesOf, principal: JobsWriter) -> Response:
    """Whether this tenant has this file."""
    checked_sha256(sha256)
    tenant_id = tenant_id_of(principal)
    known = await services.read(
        lambda connection: stored_files.owned(connection, tenant_id, [sha256])
    )
    if sha256 not in known | {EMPTY_SHA256}:
        raise not_found("file")
    return Response()


@router.put("/files/{sha256}")
async def put_input(
    sha256: str, request: Request, services: ServicesOf, principal: JobsWriter
) -> Response:
    """Take a file that a job will name among its inputs."""
    key = ContentKey(tenant_id=tenant_id_of(principal), sha256=checked_sha256(sha256))
    await receive_whole(request, services, key)
    return Response(status_code=201)


@router.post("/uploads", status_code=201)
async def begin_upload(request: Request, services: ServicesOf, principal: JobsWriter) -> Response:
    """Begin to send a file in parts, or find what was begun."""
    tenant_id = tenant_id_of(principal)
    return await tus.create(request, services, tenant_id, node_id=None, address=_UPLOADS)


@router.head("/uploads/{upload_id}")
async def upload_offset(
    upload_id: UploadId, services: ServicesOf, principal: JobsWriter
) -> Response:
    """How much of the file is here."""
    upload = await tus.find(services, upload_id, tenant_id=tenant_id_of(principal))
    return await tus.look(services, upload)


@router.patch("/uploads/{upload_id}")
async def send_part(
    upload_id: UploadId, request: Request, services: ServicesOf, principal: JobsWriter
) -> Response:
    """Take the part that begins at ``Upload-Offset``."""
    upload = await tus.find(services, upload_id, tenant_id=tenant_id_of(principal))
    return await tus.go_on(request, services, upload)


@router.delete("/uploads/{upload_id}")
async def give_up_upload(
    upload_id: UploadId, services: ServicesOf, principal: JobsWriter
) -> Response:
    """Drop an upload that is not complete."""
    upload = await tus.find(services, upload_id, tenant_id=tenant_id_of(principal))
    return await tus.give_up(services, upload)
