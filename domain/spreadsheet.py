"""Cells of tables that people open in a spreadsheet."""

#: Spreadsheets take text that begins so for a formula; a tab and a return stand for what follows,
#: and full-width signs are read as the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(cell: str) -> str:
    """The text, so that no spreadsheet executes it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def harmless_cell(cell: object) -> object:
    """The same of a cell that may hold a number or nothing."""
    return harmless(cell) if isinstance(cell, str) else cell
