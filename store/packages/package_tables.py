"""Which packages came from another installation, a part of the schema."""

from sqlalchemy import Column, Double, ForeignKey, Table, Text

from store.metadata import ID, metadata

collectivity_import = Table(
    "collectivity_import",
    metadata,
    Column("digest", Text, primary_key=True),  # of the package's description
    Column("collectivity_id", ID, ForeignKey("collectivity.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("imported_at_s", Double, nullable=False),
)
