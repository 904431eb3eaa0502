"""Files that collectivities get by themselves, a part of the schema; a version is only added."""

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from store.metadata import ID, metadata

deliverable_plan = Table(
    "deliverable_plan",
    metadata,
    Column(
        "collectivity_id", ID, ForeignKey("collectivity.id"), primary_key=True, autoincrement=False
    ),
    Column("kind", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("roles", Text, nullable=False),  # JSON
    Column("since_month", Integer, nullable=False),  # the first that is made
)

deliverable = Table(
    "deliverable",
    metadata,
    Column(
        "collectivity_id", ID, ForeignKey("collectivity.id"), primary_key=True, autoincrement=False
    ),
    Column("kind", Text, primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),  # 202601, or 2026
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("csv", LargeBinary, nullable=False),
    Column("xlsx", LargeBinary, nullable=False),
    Column("made_at_s", Double, nullable=False),
)

deliverable_source = Table(
    "deliverable_source",
    metadata,
    # What a file was last made from, in short: nothing is made anew while this is the same.
    Column(
        "collectivity_id", ID, ForeignKey("collectivity.id"), primary_key=True, autoincrement=False
    ),
    Column("kind", Text, primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
)
