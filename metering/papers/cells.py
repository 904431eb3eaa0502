"""Tables as CSV: semicolons, the decimal sign of the language, and no cell that is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.languages import Language
from domain.spreadsheet import harmless

_BOM = "\ufeff"
_KWH_EXPONENT = -3
Cell = str | Decimal | int | None


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]], language: Language) -> str:
    """The table; in French with decimal commas, and marked as UTF-8 for Excel."""
    is_french = language is Language.FRENCH
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_written(value, is_french=is_french) for value in row])
    return (_BOM if is_french else "") + out.getvalue()


def kwh(energy_wh: int) -> Decimal:
    """Watt-hours as kWh, exactly."""
    return Decimal(energy_wh).scaleb(_KWH_EXPONENT)


def _written(value: Cell, *, is_french: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.replace(".", ",") if is_french else text
    if isinstance(value, int):
        return str(value)
    return harmless(value)
