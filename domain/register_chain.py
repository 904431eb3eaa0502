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

from domain.register import RegisterRow, Segment

#: What the first segment of a meter names as the one before.
GENESIS = "0" * 64


def canonical(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON in one form only: sorted names, no spaces, no characters beyond ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_rows(rows: Iterable[RegisterRow]) -> tuple[int, str]:
    """Number and digest of the rows; they come in order of node, number, index and time.

    When a row was received is left out: the same rows sent again give the same digest.
    """
    found, count = hashlib.sha256(), 0
    for row in rows:
        line = f"{row.node_id} {row.seq} {row.index_wh} {row.taken_at_s!r} {row.is_simulated:d}\n"
        found.update(line.encode("ascii"))
        count += 1
    return count, found.hexdigest()


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
