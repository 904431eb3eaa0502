"""The columns of a file of indexes, in whatever order, and what they are separated by."""

from collections.abc import Mapping
from dataclasses import dataclass

from metering.readings.cells import Unit, shown

METER, TIMESTAMP, QUALITY, UNIT, INDEX = "meter", "timestamp", "quality", "unit", "index"
#: Columns that say the unit of an index in their name.
INDEX_IN: Mapping[str, Unit] = {f"{INDEX}_{unit.value}": unit for unit in Unit}
_KNOWN = (METER, TIMESTAMP, *INDEX_IN, INDEX, UNIT, QUALITY)
_SEPARATORS = (";", "\t", ",")
EXAMPLE = "meter;timestamp;index_kwh;quality"
_MOST_COLUMNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where in a line stands what."""

    columns: tuple[str, ...]
    separator: str
    unit: Unit | None  #: None = each line says its own.

    @property
    def index(self) -> str:
        """The column of the index."""
        return INDEX if self.unit is None else f"{INDEX}_{self.unit.value}"


def separator_of(head: str) -> str:
    """What separates the cells of a head."""
    return max(_SEPARATORS, key=head.count)


def layout_of(cells: list[str], separator: str, *, names_meter: bool) -> Layout:
    """What a head says; raises ``ValueError`` with what is wrong with it.

    ``names_meter``: the meter is known from elsewhere, and no column may name another.
    """
    columns = tuple(cell.strip().lower() for cell in cells)
    unknown = [name for name in columns[:_MOST_COLUMNS] if name not in _KNOWN]
    if unknown or len(columns) > _MOST_COLUMNS:
        raise ValueError(
            f"the first line must name the columns, and {shown(unknown[0] if unknown else '')} is "
            f"none of {', '.join(_KNOWN)}; write it for instance as {EXAMPLE}"
        )
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise ValueError(f"the column {twice[0]} stands twice in the first line")
    if TIMESTAMP not in columns:
        raise ValueError(f"there is no column {TIMESTAMP} in the first line")
    if names_meter == (METER in columns):
        raise ValueError(
            "the file names meters itself, so that --meter cannot name another"
            if names_meter
            else f"there is no column {METER} in the first line; add it, or say --meter SERIAL"
        )
    indexes = [name for name in columns if name == INDEX or name in INDEX_IN]
    if len(indexes) != 1 or (indexes == [INDEX]) != (UNIT in columns):
        raise ValueError(
            f"the first line must say the unit of the index, once: {', '.join(INDEX_IN)}, or "
            f"{INDEX} and {UNIT}"
        )
    return Layout(columns=columns, separator=separator, unit=INDEX_IN.get(indexes[0]))
