"""What a file would be made from, in short: a few counts that change when anything of it does."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from domain.calendar.months import after, begin_of
from store.contracts.contract_tables import contract, contract_version
from store.ledger.ledger_tables import (
    meter_declaration,
    register_closing,
    register_decision,
    register_ledger,
    register_line,
)
from store.statements.statement_tables import statement

_MONTHS_OF_YEAR = 100


def readings_source(connection: Connection, meter_ids: Collection[int], month: int) -> str:
    """Of the indexes of a month, and of what was declared and decided of their meters."""
    of_month = register_ledger.c.taken_at_s.between(begin_of(month), begin_of(after(month)))
    return _counts(
        connection,
        (register_ledger.c.index_wh, register_ledger.c.meter_id.in_(meter_ids) & of_month),
        (meter_declaration.c.id, meter_declaration.c.meter_id.in_(meter_ids)),
        (register_decision.c.id, register_decision.c.meter_id.in_(meter_ids)),
    )


def lines_source(connection: Connection, collectivity_id: int, month: int) -> str:
    """Of the statements of a month."""
    return _counts(
        connection,
        (
            statement.c.id,
            statement.c.contract_id.in_(_own(collectivity_id)) & (statement.c.month == month),
        ),
    )


def year_source(
    connection: Connection, collectivity_id: int, site_ids: Collection[int], year: int
) -> str:
    """Of the lines about a year, and of the contracts that sell it."""
    first = year * _MONTHS_OF_YEAR
    of_year = register_line.c.about_month.between(first, first + _MONTHS_OF_YEAR)
    closed = register_closing.c.month.between(first, first + _MONTHS_OF_YEAR)
    return _counts(
        connection,
        (register_line.c.id, register_line.c.site_id.in_(site_ids) & of_year),
        (register_closing.c.month, register_closing.c.site_id.in_(site_ids) & closed),
        (contract_version.c.version, contract_version.c.contract_id.in_(_own(collectivity_id))),
    )


def statement_numbers(connection: Connection, collectivity_id: int, month: int) -> list[int]:
    """The statements of a month, in the order of their issue."""
    own = statement.c.contract_id.in_(_own(collectivity_id)) & (statement.c.month == month)
    return list(
        connection.execute(select(statement.c.id).where(own).order_by(statement.c.id)).scalars()
    )


def _own(collectivity_id: int) -> Select[Any]:
    return select(contract.c.id).where(contract.c.collectivity_id == collectivity_id)


def _counts(connection: Connection, *of: tuple[ColumnElement[int], ColumnElement[bool]]) -> str:
    found = []
    for column, condition in of:
        row = connection.execute(select(func.count(), func.max(column)).where(condition)).one()
        found.append("/".join(str(int(item or 0)) for item in row))
    return " ".join(found)
