"""Files of indexes: what a meter's reader or a supplier before has of it."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.meters.file_views import taken_view
from api.names import NO_NUL, ONE_LINE
from api.problems import Problem
from api.security import NodesAdmin, ServicesOf
from domain.refusal import Refused
from metering.keeping.importing import OfMeter, Origin, is_known, look, take
from metering.readings.parsing import IndexFile, WrongFile, named, read_index_file
from store.rows import Connection

router = APIRouter(prefix="/v1", tags=["meters"])

_LONGEST = 200
Serial = Annotated[str | None, Query(max_length=_LONGEST, pattern=ONE_LINE)]
FileName = Annotated[str, Query(max_length=_LONGEST, pattern=NO_NUL)]


@router.post("/meters/readings")
async def take_file(
    request: Request,
    services: ServicesOf,
    principal: NodesAdmin,
    meter: Serial = None,
    name: FileName = "a file",
    *,
    check: bool = False,
) -> dict[str, Any]:
    """Take in the indexes of a CSV file, which is the body: all of them, or none.

    Rows that are here already change nothing. With ``check`` nothing is written, and the answer
    says what would be.
    """
    content = await request.body()
    database = services.store.database

    def looked(connection: Connection) -> tuple[IndexFile, list[OfMeter]] | WrongFile | Refused:
        now_s = database.now_s(connection)
        if meter is not None and not is_known(connection, meter, principal.site_ids):
            sentence = f"No node has told of a meter {meter!r}; `meters` lists those known."
            return Refused(code="meter.unknown", sentence=sentence)
        file = read_index_file(content, meter, now_s)
        if isinstance(file, WrongFile):
            return file
        found = look(connection, file, now_s, principal.site_ids)
        return found if isinstance(found, WrongFile) else (file, found)

    answer = await services.read(looked)
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    if isinstance(answer, WrongFile):
        raise Problem(422, answer.refusal, fields=dict(named(answer)))
    file, found = answer
    digest = hashlib.sha256(content).hexdigest()
    if check:
        fresh = sum(item.fresh for item in found)
    else:
        origin = Origin(name=name, digest_sha256=digest, actor=principal.actor)
        fresh = await services.write(lambda tx: take(tx, found, origin))
    return {**taken_view(file, found), "is_taken": not check, "fresh": fresh, "sha256": digest}
