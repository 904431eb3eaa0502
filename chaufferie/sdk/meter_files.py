"""Files of a meter's indexes, on their way to the server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.transport import Transport
from domain.units import BYTES_PER_MIB

LARGEST_BYTES = 16 * BYTES_PER_MIB
#: Judging the rows of a year takes its time [s].
_PATIENCE_S = 300.0


def import_readings(
    transport: Transport, file: Path, meter: str | None, *, check: bool
) -> Mapping[str, Any]:
    """Send a file; raises ``BadInputError`` before anything is sent where it is too large."""
    if file.stat().st_size > LARGEST_BYTES:
        raise BadInputError(
            f"{file} is larger than {LARGEST_BYTES // BYTES_PER_MIB} MiB; send it in several files."
        )
    asked = {"name": file.name[:200], "check": str(check).lower()}
    if meter is not None:
        asked["meter"] = meter
    answer = transport.request(
        "POST",
        f"/v1/meters/readings?{urlencode(asked)}",
        headers={"Content-Type": "text/csv"},
        content=file.read_bytes(),
        wait_s=_PATIENCE_S,
    )
    found: Mapping[str, Any] = json.loads(answer.content)
    return found
