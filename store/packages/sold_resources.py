"""What a collectivity bought: contracts with every version, statements, what it disputed."""

from typing import Any

from sqlalchemy import Select, insert, select, union

from store.contracts.contract_tables import contract, contract_site, contract_version
from store.packages.invoice_resources import INVOICES
from store.packages.numbers import Numbers
from store.packages.resource import (
    Arrival,
    Resource,
    Row,
    inserted,
    integer,
    json_object,
    number,
    selected,
    text,
)
from store.packages.scope import Scope
from store.statements.dispute_tables import statement_dispute
from store.statements.invoice_tables import invoice
from store.statements.statement_tables import (
    statement,
    statement_elsewhere,
    statement_paper,
    statement_series,
)

_REFERENCE = text("contract", "Reference of the contract")
_NUMBER = text("number", "Of the statement or credit note")


def document_path(number: str) -> str:
    """Where the canonical JSON of a statement lies in the package."""
    return f"statements/{number}.json"


def paper_path(number: str, language: str) -> str:
    """Where the PDF of a statement lies in the package."""
    return f"statements/{number}.{language}.pdf"


def _contracts(scope: Scope) -> Select[Any]:
    own = contract.c.id.in_(scope.contract_ids)
    columns = (contract.c.reference, contract.c.created_at_s)
    return select(*columns).where(own).order_by(contract.c.reference)


def _contract_arrives(row: Row, numbers: Numbers) -> Row:
    return {**row, "collectivity_id": numbers.collectivity_id}


def _of_contracts(table: Any, *order: str) -> Any:  # noqa: ANN401 - a table; a reader of rows
    def query_of(scope: Scope) -> Select[Any]:
        columns = [column for column in table.c if column.name != "contract_id"]
        return (
            select(contract.c.reference.label("contract"), *columns)
            .join(contract, contract.c.id == table.c.contract_id)
            .where(table.c.contract_id.in_(scope.contract_ids))
            .order_by(contract.c.reference, *(table.c[name] for name in order))
        )

    return selected(query_of)


def _with_contract(row: Row, numbers: Numbers) -> Row:
    return {"contract_id": numbers.contracts[row.pop("contract")], **row}


def _series(scope: Scope) -> Select[Any]:
    own = statement.c.contract_id.in_(scope.contract_ids)
    by_invoices = select(invoice.c.series).join(statement, statement.c.id == invoice.c.statement_id)
    used = union(select(statement.c.series).where(own), by_invoices.where(own))
    return (
        select(statement_series)
        .where(statement_series.c.name.in_(used))
        .order_by(statement_series.c.name)
    )


def _statements(scope: Scope) -> Select[Any]:
    first = statement.alias("first")
    columns = ("number", "month", "kind", "series", "series_number", "contract_version")
    return (
        select(
            *(statement.c[name] for name in columns),
            contract.c.reference.label("contract"),
            first.c.number.label("corrects"),
            *(statement.c[name] for name in ("energy_wh", "digest", "actor", "issued_at_s")),
        )
        .join(contract, contract.c.id == statement.c.contract_id)
        .outerjoin(first, first.c.id == statement.c.corrects_id)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(statement.c.id)
    )


def _add_statements(arrival: Arrival, rows: list[Row]) -> None:
    """One after another, as they were issued: a correction names one before it."""
    for row in rows:
        corrects = row.pop("corrects")
        values = {
            **_with_contract(row, arrival.numbers),
            "corrects_id": None if corrects is None else arrival.numbers.statements[corrects],
            "document": arrival.file(document_path(row["number"])).decode("utf-8"),
        }
        made = insert(statement).values(values).returning(statement.c.id)
        new_id = int(arrival.tx.connection.execute(made).scalar_one())
        arrival.numbers.statements[row["number"]] = new_id


def _add_series(arrival: Arrival, rows: list[Row]) -> None:
    """Numbers of a series that stayed with others are noted: a gap would look like a loss."""
    connection = arrival.tx.connection
    for row in rows:
        name, last = row["name"], row["last"]
        known = select(statement_series.c.last).where(statement_series.c.name == name)
        before = connection.execute(known).scalar()
        if before is None:
            connection.execute(insert(statement_series), {"name": name, "last": last})
        elif before < last:
            moved = statement_series.update().where(statement_series.c.name == name)
            connection.execute(moved.values(last=last))
        own = union(
            select(statement.c.series_number).where(statement.c.series == name),
            select(invoice.c.series_number).where(invoice.c.series == name),
        )
        held = set(connection.execute(own).scalars())
        here = statement_elsewhere.c.series == name
        connection.execute(statement_elsewhere.delete().where(here))
        missing = sorted(set(range(1, max(last, before or 0) + 1)) - held)
        if missing:
            values = [{"series": name, "series_number": item} for item in missing]
            connection.execute(insert(statement_elsewhere), values)


def _papers(scope: Scope) -> Select[Any]:
    return (
        select(statement.c.number, statement_paper.c.language, statement_paper.c.made_at_s)
        .join(statement, statement.c.id == statement_paper.c.statement_id)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(statement.c.number, statement_paper.c.language)
    )


def _add_papers(arrival: Arrival, rows: list[Row]) -> None:
    for row in rows:
        number_ = row.pop("number")
        values = {
            **row,
            "statement_id": arrival.numbers.statements[number_],
            "pdf": arrival.file(paper_path(number_, row["language"])),
        }
        arrival.tx.connection.execute(insert(statement_paper), values)


def _disputes(scope: Scope) -> Select[Any]:
    hidden = ("id", "statement_id")
    columns = [column for column in statement_dispute.c if column.name not in hidden]
    return (
        select(statement.c.number, *columns)
        .join(statement, statement.c.id == statement_dispute.c.statement_id)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(statement_dispute.c.id)
    )


def _dispute_leaves(row: Row, numbers: Numbers) -> Row:
    return {**row, "made_by": numbers.actor_leaving(row["made_by"])}


def _dispute_arrives(row: Row, numbers: Numbers) -> Row:
    found = {"statement_id": numbers.statements[row.pop("number")], **row}
    return {**found, "made_by": numbers.actor_arriving(row["made_by"])}


def documents_of(scope: Scope) -> Select[Any]:
    """The canonical JSON of each statement, by its number."""
    return (
        select(statement.c.number, statement.c.document)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(statement.c.number)
    )


def pdfs_of(scope: Scope) -> Select[Any]:
    """The PDFs of statements, by number and language."""
    return (
        select(statement.c.number, statement_paper.c.language, statement_paper.c.pdf)
        .join(statement, statement.c.id == statement_paper.c.statement_id)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(statement.c.number, statement_paper.c.language)
    )


SOLD = (
    Resource(
        name="contracts",
        description="Contracts on heat",
        fields=(
            text("reference", "As the market or the contract is called"),
            number("created_at_s", "When it was entered, Unix time [s]"),
        ),
        read=selected(_contracts),
        add=inserted(contract, _contract_arrives),
        unique=(("reference", contract.c.reference, "contract"),),
    ),
    Resource(
        name="contract_versions",
        description="Every version of every contract: prices, formulas, indexes with their source",
        fields=(
            _REFERENCE,
            integer("version", "From 1 on"),
            json_object("terms", "All of its terms, as in the reference of statements"),
            text("reason", "Why it was amended; empty for the first", required=False),
            text("actor", "Who entered it, by the key of that installation"),
            number("made_at_s", "When, Unix time [s]"),
        ),
        read=_of_contracts(contract_version, "version"),
        add=inserted(contract_version, _with_contract),
    ),
    Resource(
        name="contract_sites",
        description="Which months of which site's heat a contract sells now",
        fields=(
            _REFERENCE,
            integer("site_id", "Of which site"),
            integer("from_month", "The first, 202601 for January 2026"),
            integer("end_month", "The first that is not"),
        ),
        read=_of_contracts(contract_site, "site_id"),
        add=inserted(contract_site, _with_contract),
    ),
    Resource(
        name="statements",
        description="Statements and credit notes, as issued; each lies in statements/NUMBER.json",
        fields=(
            _NUMBER,
            _REFERENCE,
            integer("month", "Whose statement it is"),
            text("kind", "statement or credit-note"),
            text("series", "Its series"),
            integer("series_number", "Its number in the series"),
            text("corrects", "The statement that it takes back or replaces", required=False),
            integer("contract_version", "By which version of the contract"),
            integer("energy_wh", "Sum of its lines [Wh]"),
            text("digest", "SHA-256 of its canonical JSON"),
            text("actor", "Who issued it, by the key of that installation"),
            number("issued_at_s", "When, Unix time [s]"),
        ),
        read=selected(_statements),
        add=_add_statements,
        unique=(("number", statement.c.number, "statement"),),
    ),
    INVOICES,
    Resource(
        name="series",
        description="Series of numbers; what is missing of one bears a statement of another buyer",
        fields=(text("name", "PREFIX-YEAR"), integer("last", "The last that was taken")),
        read=selected(_series),
        add=_add_series,
    ),
    Resource(
        name="papers",
        description="PDFs of statements; each lies in statements/NUMBER.LANGUAGE.pdf",
        fields=(
            _NUMBER,
            text("language", "fr or en"),
            number("made_at_s", "When, Unix time [s]"),
        ),
        read=selected(_papers),
        add=_add_papers,
    ),
    Resource(
        name="disputes",
        description="What was disputed of statements, and the answers",
        fields=(
            _NUMBER,
            integer("line", "Of the statement; empty: all of it", required=False),
            text("reason", "What is wrong with it"),
            text("made_by", "By whom"),
            number("made_at_s", "When, Unix time [s]"),
            text("answer", "What became of it", required=False),
            text("answered_by", "By whom, the key of that installation", required=False),
            number("answered_at_s", "When, Unix time [s]", required=False),
        ),
        read=selected(_disputes, _dispute_leaves),
        add=inserted(statement_dispute, _dispute_arrives),
    ),
)
