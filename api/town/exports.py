"""A site's figures as files: CSV for spreadsheets, JSON for programs; the same values in both."""

import csv
import io
import json
from enum import StrEnum
from typing import Any

from api.town.figures import SiteFigures, StepFigures
from domain.calendar.paris_days import Period, local
from domain.spreadsheet import harmless_cell

_COLUMNS = ("meters", "from", "to", "heat_wh", "quality", "demand_wh", "water_temp_c", "source")


class Form(StrEnum):
    """The forms of a file."""

    CSV = "csv"
    JSON = "json"


def written(form: Form, site_id: int, period: Period, found: SiteFigures) -> tuple[str, str]:
    """The text of a file and its media type."""
    rows = [_row(step, found) for step in found.steps]
    if form is Form.CSV:
        return _csv(rows), "text/csv; charset=utf-8"
    document = {
        "site_id": site_id,
        "span": period.span.value,
        "first_day": period.first_day.isoformat(),
        "after_day": period.after_day.isoformat(),
        "steps": rows,
        "heat_wh": found.heat_wh,
        "demand_wh": found.demand_wh,
        "coverage_frac": found.coverage_frac,
        "is_simulated": found.is_simulated,
        "doubts": list(found.doubts),
        "quarantine_cases": found.quarantine.cases,
        "quarantined_wh_at_most": found.quarantine.most_wh,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n", "application/json"


def _row(step: StepFigures, found: SiteFigures) -> dict[str, Any]:
    return {
        "meters": ", ".join(found.meter_serials),
        "from": written_instant(step.from_s),
        "to": written_instant(step.to_s),
        "heat_wh": step.heat_wh,
        "quality": _quality(step),
        "demand_wh": None if step.demand_wh is None else round(step.demand_wh),
        "water_temp_c": None if step.water_temp_c is None else round(step.water_temp_c, 2),
        "source": "simulated" if found.is_simulated else "measured",
    }


def _quality(step: StepFigures) -> str:
    if step.heat_wh is None:
        return "missing"
    return "estimated" if step.is_estimated else "valid"


def written_instant(at_s: float) -> str:
    """An instant by the clock in Paris with its offset (ISO 8601)."""
    return local(at_s).isoformat(timespec="seconds")


def _csv(rows: list[dict[str, Any]]) -> str:
    """RFC 4180 with a point in numbers; text that a spreadsheet would execute gets a quote."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([harmless_cell(row[column]) for column in _COLUMNS])
    return file.getvalue()
