"""What collectivities wish of their sites, a part of the schema."""

from sqlalchemy import Column, Double, ForeignKey, Index, Table, Text

from store.metadata import ID, metadata

site_wish = Table(
    "site_wish",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("warmest_c", Double, nullable=False),
    Column("changed_at_s", Double, nullable=False),
    Column("changed_by", Text, nullable=False),
)

site_calendar = Table(
    "site_calendar",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("first_day", Text, nullable=False),  # ISO 8601, of the clock in Paris
    Column("last_day", Text, nullable=False),
    Column("from_s", Double, nullable=False),
    Column("to_s", Double, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_at_s", Double, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("removed_at_s", Double),
    Index("ix_site_calendar_site_id_to_s", "site_id", "to_s"),
)
