"""Disputes of statements, which the operator answers."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.names import Number, Said
from api.problems import Problem, not_found
from api.security import ServicesOf, StatementsReader, StatementsWriter
from domain.refusal import Refused
from store.statements import disputes

router = APIRouter(prefix="/v1/disputes", tags=["statements"])
_ALL_SITES = Refused(
    code="key.sites", sentence="Disputes are read with a key for all sites; see the town's pages."
)


class DisputeAnswer(BaseModel):
    """What became of a dispute."""

    model_config = ConfigDict(extra="forbid")

    answer: Said


@router.get("")
async def show_disputes(
    services: ServicesOf, principal: StatementsReader, *, open_only: bool = False
) -> dict[str, Any]:
    """What collectivities dispute of their statements, in order."""
    if principal.site_ids is not None:
        raise Problem(403, _ALL_SITES)
    rows = await services.read(
        lambda connection: disputes.all_disputes(connection, open_only=open_only)
    )
    return {"disputes": [asdict(row) for row in rows]}


@router.post("/{dispute_id}/answer")
async def answer_dispute(
    dispute_id: Number, body: DisputeAnswer, services: ServicesOf, principal: StatementsWriter
) -> dict[str, int]:
    """Say what became of a dispute, once; both are kept with the statement."""
    if not await services.write(
        lambda tx: disputes.answer_dispute(tx, dispute_id, body.answer, principal.actor)
    ):
        raise not_found("dispute that waits for an answer")
    return {"dispute_id": dispute_id}
