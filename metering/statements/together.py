"""Do statements fit together? Each may be right by itself, and yet one be missing or out of place.

Looked at are those of one contract: what one names of another, months that are billed once and
without a hole, and indexes that go on where the month before ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from domain.calendar.months import after, parse_month, write_month
from metering.statements.canonical import DIGEST
from metering.statements.inputs import Kind

Document = Mapping[str, Any]


def misfits(documents: Sequence[Document]) -> list[str]:
    """A sentence for each thing that does not fit; the documents are right by themselves."""
    found: list[str] = []
    for reference in sorted({_contract(item) for item in documents}):
        found += _of_contract([item for item in documents if _contract(item) == reference])
    return found


def _of_contract(documents: Sequence[Document]) -> Iterator[str]:
    issued = [item for item in documents if item["number"] is not None]
    by_number: dict[str, Document] = {}
    for item in issued:
        if by_number.setdefault(item["number"], item) is not item:
            yield f"{item['number']} is there twice."
    for item in issued:
        yield from _references(item, by_number)
    yield from _months(issued)


def _references(document: Document, by_number: Mapping[str, Document]) -> Iterator[str]:
    named = [(item["number"], item["digest_sha256"]) for item in document["year"]["earlier"]]
    if document["corrects"] is not None:
        named.append((document["corrects"]["number"], document["corrects"]["digest_sha256"]))
    for number, digest in named:
        other = by_number.get(number)
        if other is None:
            yield f"{document['number']} names {number}, which is not here."
        elif other[DIGEST] != digest:
            yield f"{document['number']} names {number} by another digest than it has."


def _months(documents: Sequence[Document]) -> Iterator[str]:
    """What holds of each month: one statement, and indexes that go on."""
    taken_back = {
        item["corrects"]["number"] for item in documents if item["kind"] == Kind.CREDIT_NOTE
    }
    held = [
        item
        for item in documents
        if item["kind"] == Kind.STATEMENT and item["number"] not in taken_back
    ]
    held.sort(key=lambda item: str(item["period"]["month"]))
    for before, this in pairwise(held):
        month, last = (str(item["period"]["month"]) for item in (this, before))
        if month == last:
            yield f"{before['number']} and {this['number']} both hold for {month}."
            continue
        wanted = write_month(after(parse_month(last) or 0))
        if month != wanted:
            yield f"{this['number']} is of {month}, and nothing holds for {wanted}."
            continue
        yield from _indexes(before, this)


def _indexes(before: Document, this: Document) -> Iterator[str]:
    ended = {
        (line["meter"], line["epoch"]): line["to_index_wh"]
        for line in before["lines"]
        if line["about_month"] == before["period"]["month"]
    }
    told_late = {
        (line["meter"], line["epoch"])
        for line in this["lines"]
        if line["about_month"] == before["period"]["month"]
    }
    for line in this["lines"]:
        if line["about_month"] != this["period"]["month"]:
            continue
        key = line["meter"], line["epoch"]
        index_wh = None if key in told_late else ended.get(key)
        if index_wh is not None and index_wh != line["from_index_wh"]:
            yield (
                f"Line {line['line']} of {this['number']} begins at {line['from_index_wh']} Wh, "
                f"where {before['number']} left meter {line['meter']} at {index_wh} Wh."
            )


def _contract(document: Document) -> str:
    return str(document["contract"]["terms"]["reference"])
