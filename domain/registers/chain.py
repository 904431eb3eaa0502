"""The chain of sealed months of one meter: digests that anybody can compute again.

A segment is what a month is sealed with: the rows, by a digest over all of them in their order,
and in full all that a statement needs: the meter, its epochs, the decisions, the newest row that
counts, the lines. Each segment names the digest of the one before. Once the rows themselves are
pruned, the digest of them stays, and the chain still verifies.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.registers.register import Segment

#: Of a row that is sealed: node, number, index, instant, and whether the meter is simulated.
SealedRow = tuple[int, int, int, float, bool]
_LINES_AT_ONCE = 1000
#: What the first segment of a meter names as the one before.
GENESIS = "0" * 64


def canonical(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON in one form only: sorted names, no spaces, no characters beyond ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_rows(rows: Iterable[SealedRow]) -> tuple[int, str]:
    """Number and digest of the rows; they come in order of node, number, index and time.

    When a row was received is left out: the same rows sent again give the same digest.
    """
    found, count = hashlib.sha256(), 0
    lines: list[str] = []
    for node_id, seq, index_wh, taken_at_s, is_simulated in rows:
        lines.append(f"{node_id} {seq} {index_wh} {taken_at_s!r} {is_simulated:d}\n")
        if len(lines) == _LINES_AT_ONCE:
            count += len(lines)
            found.update("".join(lines).encode("ascii"))
            lines.clear()
    found.update("".join(lines).encode("ascii"))
    return count + len(lines), found.hexdigest()


def seal(
    *,
    meter_serial: str,
    month: int,
    rows: tuple[int, str],
    facts: Mapping[str, Any],
    previous: str,
) -> Segment:
    """The segment of a month, bound to the one before."""
    row_count, rows_digest = rows
    text = canonical(facts)
    digest = _digest([meter_serial, month, row_count, rows_digest, text, previous])
    return Segment(
        meter_serial=meter_serial,
        month=month,
        row_count=row_count,
        rows_digest=rows_digest,
        facts=text,
        previous=previous,
        digest=digest,
    )


def _digest(bound: Sequence[str | int]) -> str:
    return hashlib.sha256(canonical(bound).encode("ascii")).hexdigest()


def broken_links(segments: Iterable[Segment]) -> list[int]:
    """Months whose segment is not what its digest says, or does not follow the one before."""
    broken, previous = [], GENESIS
    for item in segments:
        bound = (item.meter_serial, item.month, item.row_count, item.rows_digest, item.facts)
        again = _digest([*bound, item.previous])
        if again != item.digest or item.previous != previous:
            broken.append(item.month)
        previous = item.digest
    return broken


def site_digest(digests: Mapping[str, str]) -> str:
    """The digest of a closed month of a site: over the segments of its meters, by serial."""
    return hashlib.sha256(canonical(dict(digests)).encode("ascii")).hexdigest()
