"""Whether the API answers, and what it understands."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from api.security import public

router = APIRouter(tags=["health"])


@router.get("/healthz", dependencies=[Depends(public)])
async def healthz() -> dict[str, str]:
    """Answer while the process serves."""
    return {"status": "ok"}


@router.get("/v1/openapi.json", dependencies=[Depends(public)])
async def openapi(request: Request) -> dict[str, Any]:
    """The description of every route, for programs."""
    found: dict[str, Any] = request.app.openapi()
    return found
