"""Disputes of statements, a part of the schema; an answer is written once."""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

statement_dispute = Table(
    "statement_dispute",
    metadata,
    Column("id", ID, primary_key=True),
    Column("statement_id", ID, ForeignKey("statement.id"), nullable=False),
    Column("line", Integer),  # null = the statement as a whole
    Column("reason", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at_s", Double, nullable=False),
    Column("answer", Text),
    Column("answered_by", Text),
    Column("answered_at_s", Double),
    Index("ix_statement_dispute_statement_id", "statement_id"),
)
