"""Invoices of statements, a part of the schema; their rows are only added.

They take their numbers from ``statement_series``, under series of their own.
"""

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from store.metadata import ID, metadata

invoice = Table(
    "invoice",
    metadata,
    Column("id", ID, primary_key=True),
    Column("statement_id", ID, ForeignKey("statement.id"), nullable=False, unique=True),
    Column("number", Text, nullable=False, unique=True),
    Column("series", Text, nullable=False),
    Column("series_number", Integer, nullable=False),
    Column("profile", Text, nullable=False),
    Column("document", Text, nullable=False),  # XML
    Column("digest", Text, nullable=False),  # of the XML
    Column("actor", Text, nullable=False),
    Column("issued_at_s", Double, nullable=False),
    UniqueConstraint("series", "series_number"),
)

invoice_paper = Table(
    "invoice_paper",
    metadata,
    Column("invoice_id", ID, ForeignKey("invoice.id"), primary_key=True, autoincrement=False),
    Column("pdf", LargeBinary, nullable=False),
    Column("made_at_s", Double, nullable=False),
)
