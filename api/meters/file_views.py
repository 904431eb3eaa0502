"""Files of indexes as documents: what became of their rows, or would."""

from collections.abc import Sequence
from typing import Any

from api.meters.ledger_views import case_view
from domain.calendar.months import write_month
from metering.keeping.importing import Doubted, OfMeter
from metering.readings.parsing import IndexFile

#: So many lines of a case are named; their number is said in any case.
_MOST_LINES = 20
#: So many cases of a meter are told; of the others their number.
_MOST_CASES = 50


def taken_view(file: IndexFile, found: Sequence[OfMeter]) -> dict[str, Any]:
    """What a file held, by meter."""
    return {
        "rows": len(file.rows),
        "left_out": file.left_out,
        "meters": [_of_meter(item) for item in found],
    }


def _of_meter(item: OfMeter) -> dict[str, Any]:
    return {
        "meter": item.known.facts.serial,
        "site": item.known.site_name,
        "rows": len(item.rows),
        "fresh": item.fresh,
        "first_at_s": item.rows[0].taken_at_s,
        "last_at_s": item.rows[-1].taken_at_s,
        "adjusts_months": [write_month(month) for month in item.adjusts],
        "quarantined": [_doubted(item, part) for part in item.doubted[:_MOST_CASES]],
        "quarantined_cases": len(item.doubted),
    }


def _doubted(item: OfMeter, part: Doubted) -> dict[str, Any]:
    return {
        **case_view(item.known, part.case),
        "lines": list(part.lines[:_MOST_LINES]),
        "lines_count": len(part.lines),
    }
