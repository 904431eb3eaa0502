"""Issued statements and credit notes, under numbers without a gap."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.contracts.contract_tables import contract, contract_site
from store.rows import AnyRow
from store.statements.statement_tables import statement, statement_series
from store.transaction import Transaction

#: As ``metering`` names it; here it tells what takes a statement back.
CREDIT_NOTE = "credit-note"
_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that is taken, whatever becomes of the document; unless nothing is committed."""

    series: str
    series_number: int

    @property
    def text(self) -> str:
        """As it is printed."""
        return f"{self.series}-{self.series_number:0{_DIGITS}d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A document to be kept for good."""

    contract_id: int
    month: int
    kind: str
    number: Number
    contract_version: int
    energy_wh: int
    document: bytes
    digest: str
    corrects_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A document as it was issued."""

    statement_id: int
    contract_id: int
    contract: str
    month: int
    kind: str
    number: str
    corrects: str | None
    contract_version: int
    energy_wh: int
    digest: str
    issued_at_s: float
    is_corrected: bool


def take_number(tx: Transaction, series: str) -> Number:
    """The next number of a series; the series is locked until this transaction ends."""
    dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
    first = dialect.insert(statement_series).values(name=series, last=0)
    tx.connection.execute(first.on_conflict_do_nothing())
    taken = (
        update(statement_series)
        .where(statement_series.c.name == series)
        .values(last=statement_series.c.last + 1)
        .returning(statement_series.c.last)
    )
    found = int(tx.connection.execute(taken).scalar_one())
    return Number(series=series, series_number=found)


def add_statement(tx: Transaction, new: NewStatement, actor: str) -> int:
    """Keep a document for good."""
    values = {
        "contract_id": new.contract_id,
        "month": new.month,
        "kind": new.kind,
        "number": new.number.text,
        "series": new.number.series,
        "series_number": new.number.series_number,
        "corrects_id": new.corrects_id,
        "contract_version": new.contract_version,
        "energy_wh": new.energy_wh,
        "document": new.document.decode("utf-8"),
        "digest": new.digest,
        "actor": actor,
        "issued_at_s": tx.now_s,
    }
    made = insert(statement).values(values).returning(statement.c.id)
    new_id = int(tx.connection.execute(made).scalar_one())
    tx.audited(
        actor=actor,
        action=f"statement.{new.kind}",
        subject=f"statement/{new.number.text}",
        detail=new.digest,
    )
    return new_id


def statements(
    connection: Connection,
    *,
    contract_id: int | None = None,
    month: int | None = None,
    site_ids: Collection[int] | None = None,
) -> list[StatementRow]:
    """Documents in the order of their issue; ``site_ids`` = the only sites that may be seen."""
    query = _described().order_by(statement.c.id)
    if contract_id is not None:
        query = query.where(statement.c.contract_id == contract_id)
    if month is not None:
        query = query.where(statement.c.month == month)
    return [_row(row) for row in connection.execute(_seen(query, site_ids))]


def find_statement(
    connection: Connection, number: str, *, site_ids: Collection[int] | None = None
) -> StatementRow | None:
    """The document of a number, if it may be seen."""
    query = _described().where(statement.c.number == number)
    found = connection.execute(_seen(query, site_ids)).one_or_none()
    return None if found is None else _row(found)


def document_of(connection: Connection, statement_id: int) -> bytes:
    """The canonical JSON of a document, as it was issued."""
    query = select(statement.c.document).where(statement.c.id == statement_id)
    return str(connection.execute(query).scalar_one()).encode("utf-8")


def has_series(connection: Connection, series: str) -> bool:
    """Whether statements are numbered by this series."""
    query = select(statement.c.id).where(statement.c.series == series).limit(1)
    return connection.execute(query).first() is not None


def standing(connection: Connection, contract_id: int) -> list[StatementRow]:
    """What holds: the statements that no credit note took back, by month."""
    rows = statements(connection, contract_id=contract_id)
    held = [row for row in rows if row.kind != CREDIT_NOTE and not row.is_corrected]
    return sorted(held, key=lambda row: row.month)


def _described() -> Select[Any]:
    note, first = statement.alias("note"), statement.alias("first")
    is_corrected = exists().where(note.c.corrects_id == statement.c.id, note.c.kind == CREDIT_NOTE)
    columns = [column for column in statement.c if column.name != "document"]
    return (
        select(
            *columns,
            contract.c.reference.label("contract"),
            first.c.number.label("corrects"),
            is_corrected.label("is_corrected"),
        )
        .join(contract, contract.c.id == statement.c.contract_id)
        .outerjoin(first, first.c.id == statement.c.corrects_id)
    )


def _seen(query: Select[Any], site_ids: Collection[int] | None) -> Select[Any]:
    if site_ids is None:
        return query
    others = select(contract_site.c.contract_id).where(contract_site.c.site_id.not_in(site_ids))
    return query.where(statement.c.contract_id.not_in(others))


def _row(row: AnyRow) -> StatementRow:
    return StatementRow(
        statement_id=row.id,
        contract_id=row.contract_id,
        contract=row.contract,
        month=row.month,
        kind=row.kind,
        number=row.number,
        corrects=row.corrects,
        contract_version=row.contract_version,
        energy_wh=row.energy_wh,
        digest=row.digest,
        issued_at_s=row.issued_at_s,
        is_corrected=row.is_corrected,
    )
