"""A file that a town gets by itself, as an answer to a browser."""

from fastapi import Response

from domain.towns.deliverables import period_text
from store.deliverables.deliverables import Key

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_answer(data: bytes, key: Key, version: int, form: str) -> Response:
    """To be saved under a name that tells what it is."""
    name = f"{key.kind.value}-{period_text(key.kind, key.period)}-v{version}.{form}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=_TYPES[form], headers=headers)
