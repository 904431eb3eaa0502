"""The tables of statements; rows of ``statement`` are only added.

A statement is corrected where a credit note takes it back: nothing of its own row changes.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from store.metadata import ID, metadata

statement = Table(
    "statement",
    metadata,
    Column("id", ID, primary_key=True),
    Column("contract_id", ID, ForeignKey("contract.id"), nullable=False),
    Column("month", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False, unique=True),
    Column("series", Text, nullable=False),
    Column("series_number", Integer, nullable=False),
    Column("corrects_id", ID, ForeignKey("statement.id")),
    Column("contract_version", Integer, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("document", Text, nullable=False),  # canonical JSON
    Column("digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("issued_at_s", Double, nullable=False),
    UniqueConstraint("series", "series_number"),
    # A statement is taken back, and replaced, once.
    UniqueConstraint("corrects_id", "kind", name="uq_statement_corrects_id_kind"),
    Index("ix_statement_contract_id_month", "contract_id", "month"),
)

statement_series = Table(
    "statement_series",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

statement_draft = Table(
    "statement_draft",
    metadata,
    Column("contract_id", ID, ForeignKey("contract.id"), primary_key=True, autoincrement=False),
    Column("month", Integer, nullable=False),
    Column("contract_version", Integer, nullable=False),
    Column("document", Text, nullable=False),  # canonical JSON
    Column("made_at_s", Double, nullable=False),
)

statement_paper = Table(
    "statement_paper",
    metadata,
    Column("statement_id", ID, ForeignKey("statement.id"), primary_key=True, autoincrement=False),
    Column("language", Text, primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
    Column("made_at_s", Double, nullable=False),
)

statement_elsewhere = Table(
    "statement_elsewhere",
    metadata,
    # A number of a series that another collectivity's statement bears, where the series came from.
    Column("series", Text, primary_key=True),
    Column("series_number", Integer, primary_key=True, autoincrement=False),
)
