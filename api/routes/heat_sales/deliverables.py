"""Which files a collectivity gets by itself, when and for whom; what was made."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.names import MONTH, Number
from api.pages.deliverables import file_answer
from api.problems import Problem, not_found
from api.security import KeysAdmin, ServicesOf
from domain.calendar.months import parse_month
from domain.languages import Language
from domain.refusal import Refused
from domain.towns.accounts import TownRole
from domain.towns.deliverables import DeliverableKind, Plan, check_plan, period_text
from store.deliverables import deliverables
from store.deliverables.deliverables import Key

router = APIRouter(prefix="/v1/collectivities", tags=["collectivities"])
_LARGEST_PERIOD = 999_912


class PlanIn(BaseModel):
    """What a collectivity wants of one kind of file."""

    model_config = ConfigDict(extra="forbid")

    day: int = Field(ge=0, le=31)
    language: Language = Language.FRENCH
    roles: list[TownRole] = Field(default_factory=lambda: list(TownRole), max_length=10)
    since: str | None = Field(default=None, pattern=MONTH)


@router.get("/{collectivity_id}/deliverables")
async def show_deliverables(
    collectivity_id: Number,
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> dict[str, Any]:
    """What is planned, and every version that was made."""
    plans = await services.read(lambda connection: deliverables.plans(connection, collectivity_id))
    made = await services.read(
        lambda connection: deliverables.made_for(connection, [collectivity_id])
    )
    return {
        "plans": [
            {
                "kind": item.plan.kind,
                "day": item.plan.day,
                "language": item.plan.language,
                "roles": sorted(item.plan.roles),
                "since_month": item.since_month,
            }
            for item in plans
        ],
        "made": [
            {
                "kind": item.key.kind,
                "period": period_text(item.key.kind, item.key.period),
                "version": item.version,
                "made_at_s": item.made_at_s,
                "csv_bytes": item.csv_bytes,
                "xlsx_bytes": item.xlsx_bytes,
            }
            for item in made
        ],
    }


@router.put("/{collectivity_id}/deliverables/{kind}")
async def plan_deliverable(
    collectivity_id: Number,
    kind: DeliverableKind,
    body: PlanIn,
    services: ServicesOf,
    principal: KeysAdmin,
) -> dict[str, Any]:
    """Have such files made by the worker from a month on."""
    wanted = Plan(kind=kind, day=body.day, language=body.language, roles=frozenset(body.roles))
    since = None if body.since is None else parse_month(body.since)
    refused = check_plan(wanted)
    if refused is None:
        refused = await services.write(
            lambda tx: deliverables.plan(tx, collectivity_id, wanted, since, principal.actor)
        )
    if isinstance(refused, Refused):
        if refused.code == "collectivity.unknown":
            raise not_found("collectivity")
        raise Problem(422, refused)
    return {"kind": kind, "day": wanted.day}


@router.delete("/{collectivity_id}/deliverables/{kind}")
async def end_deliverable(
    collectivity_id: Number, kind: DeliverableKind, services: ServicesOf, principal: KeysAdmin
) -> dict[str, Any]:
    """Have no more of them made; what was made stays."""
    ended = await services.write(
        lambda tx: deliverables.end_plan(tx, collectivity_id, kind, principal.actor)
    )
    if not ended:
        raise not_found("plan of such files")
    return {"kind": kind}


@router.get("/{collectivity_id}/deliverables/{kind}/{period}/{version}")
async def get_deliverable(
    *,
    collectivity_id: Number,
    kind: DeliverableKind,
    period: Annotated[int, Path(ge=0, le=_LARGEST_PERIOD)],
    version: Number,
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
    form: Literal["csv", "xlsx"] = "csv",
) -> Response:
    """The bytes of a version; a month is written 202601."""
    key = Key(collectivity_id=collectivity_id, kind=kind, period=period)
    data = await services.read(
        lambda connection: deliverables.content_of(connection, key, version, form)
    )
    if data is None:
        raise not_found("file")
    return file_answer(data, key, version, form)
