"""What collectivities wish of sites, as the operator's programs read it."""

from fastapi import APIRouter

from api.names import Number
from api.problems import not_found
from api.security import NodesReader, ServicesOf
from store.fleet import wishes
from store.rows import Connection

router = APIRouter(prefix="/v1/sites/{site_id}", tags=["fleet"])


@router.get("/wishes")
async def show_wishes(
    site_id: Number, services: ServicesOf, principal: NodesReader
) -> dict[str, object]:
    """What the collectivity wishes of a site: how warm at the most, and its calendar."""
    database = services.store.database
    if principal.site_ids is not None and site_id not in principal.site_ids:
        raise not_found("site")

    def look(connection: Connection) -> dict[str, object] | None:
        if wishes.site_spec(connection, site_id) is None:
            return None
        entries = wishes.calendar(connection, site_id, database.now_s(connection))
        return {
            "site_id": site_id,
            "warmest_c": wishes.warmest_wished(connection, site_id),
            "calendar": [
                {
                    "kind": item.entry.kind.value,
                    "first_day": item.entry.first_day.isoformat(),
                    "last_day": item.entry.last_day.isoformat(),
                    "note": item.entry.note,
                }
                for item in entries
            ],
        }

    found = await services.read(look)
    if found is None:
        raise not_found("site")
    return found
