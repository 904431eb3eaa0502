"""Meters: what is known of them, and what people declare of them and decide on their rows."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.meters.ledger_views import cases_view, decisions_view, meter_view, taken_view
from api.meters.mending import waiting_view
from api.names import CASE_NAME, NO_NUL, Name, Number, Sha256
from api.problems import Problem, not_found
from api.security import HeatReader, NodesAdmin, ServicesOf
from domain.refusal import Refused
from domain.registers.declaration import Act, Declaration, Evidence
from metering.keeping.accounts import open_account
from metering.keeping.deciding import Verdict, find_case, take_verdict, withdraw_decision
from metering.keeping.declaring import Wanted, describe, take_declaration
from metering.keeping.standing import standing_of, standings, undeclared_place
from metering.keeping.withdrawing import withdraw
from store.fleet import site_queries
from store.ledger.decisions import decisions
from store.ledger.meters import KnownMeter, find_declaration, noted_meters
from store.rows import Connection

router = APIRouter(prefix="/v1", tags=["meters"])

_LARGEST_WH = 2**62
_LONGEST_NOTE = 2000
Index = Annotated[int, Field(ge=0, le=_LARGEST_WH)]
Note = Annotated[str, StringConstraints(max_length=_LONGEST_NOTE, pattern=NO_NUL)]
CaseName = Annotated[str, Path(pattern=CASE_NAME)]


class DeclarationIn(BaseModel):
    """What was done to a meter, or seen on it, and how that is known."""

    model_config = ConfigDict(extra="forbid")

    serial: Name
    act: Act
    at_s: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)] | None = None
    index_wh: Index | None = None
    closing_index_wh: Index | None = None
    replaces: Name | None = None
    node: Name | None = None
    note: Note = ""
    photo_sha256: Sha256 | None = None


class WithdrawalIn(BaseModel):
    """Why a declaration was wrong."""

    model_config = ConfigDict(extra="forbid")

    note: Note
    photo_sha256: Sha256 | None = None


class PlateIn(BaseModel):
    """What stands on a meter's plate; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    max_power_w: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False)] | None = None
    rolls_over_at_wh: Annotated[int, Field(gt=0, le=_LARGEST_WH)] | None = None
    digit_wh: Annotated[int, Field(gt=0, le=1_000_000_000)] | None = None
    tolerance_frac: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None


class VerdictIn(BaseModel):
    """Whether rows in quarantine count after all, and why."""

    model_config = ConfigDict(extra="forbid")

    is_accepted: bool
    note: Note
    index_wh: Index | None = None


class RegretIn(BaseModel):
    """Why a decision was wrong."""

    model_config = ConfigDict(extra="forbid")

    note: Note


@router.get("/meters")
async def list_meters(
    services: ServicesOf, principal: HeatReader, *, quarantine: bool = False
) -> dict[str, Any]:
    """Every meter with its newest index, its epochs and what was declared of it.

    With ``quarantine`` also how many cases of it wait, how much heat is in no line because of
    them, at most, and what to type: then the rows of every open month are walked.
    """
    only, database = principal.site_ids, services.store.database

    def read(connection: Connection) -> list[dict[str, Any]]:
        newest = {item.meter_id: item for item in site_queries.meters(connection, only)}
        now_s = database.now_s(connection)
        found = []
        for known in _seen(connection, only):
            account = open_account(connection, known)
            replaced = undeclared_place(connection, account)
            told = newest.get(known.facts.meter_id)
            view = meter_view(account, told, is_undeclared=replaced is not None)
            if quarantine:
                view["quarantine"] = waiting_view(standing_of(connection, known, now_s))
            found.append(view)
        return found

    return {"meters": await services.read(read)}


def _seen(connection: Connection, only: tuple[int, ...] | None) -> list[KnownMeter]:
    """Also those of which nothing is left but a declaration that was withdrawn."""
    noted = noted_meters(connection)
    return [item for item in noted if only is None or item.site_id in only]


@router.post("/meters/declarations", status_code=201)
async def declare(
    body: DeclarationIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Declare what was done to a meter, or what its display showed.

    ``adjusts_months`` are the closed months it reaches: they stay, and the month that is closed
    next carries the difference.
    """
    database = services.store.database
    now_s = await services.read(database.now_s) if body.at_s is None else body.at_s
    wanted = Wanted(
        declaration=Declaration(
            act=body.act,
            at_s=now_s,
            index_wh=body.index_wh,
            closing_index_wh=body.closing_index_wh,
            actor=principal.actor,
            evidence=Evidence(note=body.note, photo_sha256=body.photo_sha256),
        ),
        serial=body.serial,
        replaced_serial=body.replaces,
        node_name=body.node,
    )
    answer = await services.write(lambda tx: take_declaration(tx, wanted))
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    return await services.read(lambda connection: taken_view(connection, answer, now_s))


@router.post("/meters/declarations/{declaration_id}/withdrawal", status_code=201)
async def withdraw_declaration(
    declaration_id: Number, body: WithdrawalIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Take back a declaration that was wrong; it stays on record, and says nothing any more."""
    evidence = Evidence(note=body.note, photo_sha256=body.photo_sha256)
    answer = await services.write(
        lambda tx: withdraw(tx, declaration_id, evidence, principal.actor)
    )
    if isinstance(answer, Refused):
        raise Problem(422, answer)

    def read(connection: Connection) -> dict[str, Any]:
        found = find_declaration(connection, declaration_id)
        return taken_view(connection, answer, 0.0 if found is None else found[1].at_s)

    return await services.read(read)


@router.put("/meters/{meter_id}")
async def describe_meter(
    meter_id: Number, body: PlateIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, int]:
    """Tell what stands on the plate of a meter."""
    values = body.model_dump(exclude_none=True)
    if not await services.write(lambda tx: describe(tx, meter_id, values, principal.actor)):
        raise not_found("meter")
    return {"meter_id": meter_id}


@router.get("/quarantine")
async def quarantine(services: ServicesOf, principal: HeatReader) -> dict[str, Any]:
    """Rows that do not count until a person decides, with the reason."""
    only = principal.site_ids
    database = services.store.database

    def read(connection: Connection) -> list[dict[str, Any]]:
        found = standings(connection, only, database.now_s(connection))
        return [case for item in found for case in cases_view(item)]

    return {"cases": await services.read(read)}


@router.get("/quarantine/decisions")
async def list_decisions(services: ServicesOf, principal: HeatReader) -> dict[str, Any]:
    """What was decided of rows in quarantine, and what of it was withdrawn."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        return [
            item
            for known in _seen(connection, principal.site_ids)
            for item in decisions_view(known, decisions(connection, known.facts.meter_id))
        ]

    return {"decisions": await services.read(read)}


@router.post("/quarantine/decisions/{decision_id}/withdrawal", status_code=201)
async def withdraw_verdict(
    decision_id: Number, body: RegretIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Take back a decision that was wrong; it stays on record, and says nothing any more."""
    answer = await services.write(
        lambda tx: withdraw_decision(tx, decision_id, body.note, principal.actor)
    )
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    return await services.read(
        lambda connection: taken_view(connection, answer.meter_id, answer.from_s)
    )


@router.post("/quarantine/{case}")
async def decide(
    case: CaseName, body: VerdictIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Decide on the rows of a case: they count, or they never do."""
    database = services.store.database
    found = await services.read(
        lambda connection: find_case(connection, case, database.now_s(connection))
    )
    if isinstance(found, Refused):
        raise Problem(404, found)
    verdict = Verdict(
        is_accepted=body.is_accepted,
        note=body.note,
        actor=principal.actor,
        index_wh=body.index_wh,
    )
    answer = await services.write(lambda tx: take_verdict(tx, found, verdict))
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    return {"case": case, "rows": answer, "is_accepted": body.is_accepted}
