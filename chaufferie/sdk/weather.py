"""Weather forecasts as files: JSON as the server takes it, or a table of hours."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chaufferie.sdk.errors import BadInputError
from domain.units import HOUR_S

_TIME, _TEMP = "time", "outdoor_temp_c"
_FORM = '{"first_hour": "2026-01-31T08:00+01:00", "outdoor_temp_c": [4.5, 4.0]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Outdoor temperatures, hour by hour."""

    first_hour_s: float  #: Unix time at which the first value begins to hold.
    outdoor_temp_c: tuple[float, ...]
    site_ids: tuple[int, ...] = ()  #: Empty = every site.
    received_at_s: float | None = None  #: When the server took it.


def read_forecast(path: Path) -> Forecast:
    """The forecast in a ``.csv`` or a JSON file.

    A table has the columns ``time`` and ``outdoor_temp_c`` and a line for each hour; JSON has
    ``first_hour`` and ``outdoor_temp_c``. Raises ``BadInputError`` with file, line and field.
    """
    text = path.read_text(encoding="utf-8-sig")
    return _of_table(path, text) if path.suffix.lower() == ".csv" else _of_json(path, text)


def read_forecasts(document: Mapping[str, Any]) -> tuple[Forecast, ...]:
    """The forecasts of an answer."""
    return tuple(
        Forecast(
            first_hour_s=item["first_hour_s"],
            outdoor_temp_c=tuple(item["outdoor_temp_c"]),
            site_ids=() if item["site_id"] is None else (item["site_id"],),
            received_at_s=item["received_at_s"],
        )
        for item in document["forecasts"]
    )


def _of_json(path: Path, text: str) -> Forecast:
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise BadInputError(f"{path}: {error}; expected {_FORM}.") from error
    if not isinstance(plain, dict):
        raise BadInputError(f"{path}: expected {_FORM}.")
    unknown = sorted(set(plain) - {"first_hour", "first_hour_s", _TEMP, "site_ids"})
    if unknown:
        raise BadInputError(f"{path}: unknown field {unknown[0]}; expected {_FORM}.")
    values = plain.get(_TEMP)
    if not isinstance(values, list) or not values:
        raise BadInputError(f"{path}: {_TEMP} must be a list of temperatures, one for each hour.")
    site_ids = plain.get("site_ids", [])
    if not isinstance(site_ids, list) or not all(type(item) is int for item in site_ids):
        raise BadInputError(f"{path}: site_ids must be a list of numbers of sites.")
    first = plain.get("first_hour", plain.get("first_hour_s"))
    return Forecast(
        first_hour_s=_instant_s(first, f"{path}: first_hour"),
        outdoor_temp_c=tuple(
            _temperature(value, f"{path}: {_TEMP}[{index}]") for index, value in enumerate(values)
        ),
        site_ids=tuple(site_ids),
    )


def _of_table(path: Path, text: str) -> Forecast:
    rows = csv.DictReader(text.splitlines())
    missing = {_TIME, _TEMP} - set(rows.fieldnames or ())
    if missing:
        raise BadInputError(
            f"{path}, line 1: there is no column {min(missing)}; expected {_TIME},{_TEMP}."
        )
    first_s: float | None = None
    values: list[float] = []
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        instant_s = _instant_s(row[_TIME], f"{where}: {_TIME}")
        if first_s is None:
            first_s = instant_s
        elif instant_s != first_s + HOUR_S * len(values):
            raise BadInputError(f"{where}: {_TIME} must be one hour after the line before.")
        values.append(_temperature(row[_TEMP], f"{where}: {_TEMP}"))
    if first_s is None:
        raise BadInputError(f"{path}: there is no hour in this file.")
    return Forecast(first_hour_s=first_s, outdoor_temp_c=tuple(values))


def _instant_s(value: object, where: str) -> float:
    """A date and time, or Unix seconds; a time without an offset is of this machine."""
    try:
        if isinstance(value, str) and not _is_number(value):
            return datetime.fromisoformat(value).timestamp()
        return _number(value)
    except (ValueError, OverflowError) as error:
        raise BadInputError(
            f"{where} is {value!r}; expected a time such as 2026-01-31T08:00+01:00."
        ) from error


def _temperature(value: object, where: str) -> float:
    try:
        return _number(value)
    except ValueError as error:
        raise BadInputError(
            f"{where} is {value!r}; expected a temperature in degrees Celsius."
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a number")  # noqa: TRY004 - the caller words it
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number
