"""The figures that an operator's Prometheus scrapes."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.fleet.metrics import exposition
from api.security import MetricsReader, ServicesOf

router = APIRouter(tags=["metrics"])


@router.get("/metrics")
async def metrics(services: ServicesOf, principal: MetricsReader) -> Response:  # noqa: ARG001
    """Every figure, read from the store at this moment."""
    database = services.store.database
    body = await services.read(lambda connection: exposition(database, connection))
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
