"""Verifying the ledger: chains, rows against their digests, lines against what was sealed."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from domain.registers.chain import broken_links, canonical, digest_rows
from domain.registers.register import Segment
from store.ledger import closed_months, meters, pruning, register_rows
from store.ledger.meters import KnownMeter
from store.rows import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A sealed month that is not what it was."""

    month: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The chain of one meter, looked at from end to end."""

    known: KnownMeter
    months: int
    pruned: int  #: Of which the rows are gone, and only their digest is left.
    rows: int  #: That were read again.
    head: str | None  #: Digest of the newest segment: it stands for all before.
    broken: Sequence[Broken]


def verify(connection: Connection, only: Collection[int] | None) -> Iterator[Verified]:
    """Every chain of these sites (None = all)."""
    for known in meters.known_meters(connection, only):
        chain = closed_months.segments(connection, known.facts.meter_id)
        gone = pruning.pruned_months(connection, known.facts.meter_id)
        broken = [
            Broken(month=month, why="its digest is not that of its content and its predecessor")
            for month in broken_links(chain)
        ]
        rows = 0
        for segment in chain:
            if segment.month not in gone:
                rows += segment.row_count
                broken += _other_rows(connection, known, segment)
            broken += _other_lines(connection, segment)
        yield Verified(
            known=known,
            months=len(chain),
            pruned=len(gone),
            rows=rows,
            head=chain[-1].digest if chain else None,
            broken=sorted(broken, key=lambda item: item.month),
        )


def _other_rows(connection: Connection, known: KnownMeter, segment: Segment) -> Iterator[Broken]:
    rows = register_rows.rows_of_segment(connection, known.facts.meter_id, segment.month)
    if digest_rows(rows) != (segment.row_count, segment.rows_digest):
        yield Broken(month=segment.month, why="its rows are not those that were sealed")


def _other_lines(connection: Connection, segment: Segment) -> Iterator[Broken]:
    kept = closed_months.lines_in(connection, segment.meter_serial, segment.month)
    found = sorted(canonical(closed_months.sealed_form(item)) for item in kept)
    sealed = json.loads(segment.facts).get("lines", ())
    if found != sorted(canonical(item) for item in sealed):
        yield Broken(month=segment.month, why="its lines are not those that were sealed")
