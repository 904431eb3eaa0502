"""Reservations, a part of the schema."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Table, Text

from store.metadata import ID, metadata

reservation = Table(
    "reservation",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("starts_at_s", Double, nullable=False),
    Column("ends_at_s", Double, nullable=False),
    Column("tenant_id", ID, ForeignKey("tenant.id")),  # null = maintenance: for nobody
    Column("project", Text),  # null = all of the tenant's
    Column("created_at_s", Double, nullable=False),
    Column("is_removed", Boolean, nullable=False),
    Index("ix_reservation_ends_at_s", "ends_at_s"),
)

reservation_node = Table(
    "reservation_node",
    metadata,
    Column("reservation_id", ID, ForeignKey("reservation.id"), primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True),
)
