"""Collectivities and their sites, a part of the schema."""

from sqlalchemy import Column, Double, ForeignKey, Index, LargeBinary, Table, Text

from store.metadata import ID, metadata

collectivity = Table(
    "collectivity",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("siret", Text, nullable=False, unique=True),
    Column("colour", Text),  # #rrggbb; null = the pages' own
    Column("contact", Text),
    Column("logo_png", LargeBinary),
    Column("created_at_s", Double, nullable=False),
)

collectivity_site = Table(
    "collectivity_site",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("collectivity_id", ID, ForeignKey("collectivity.id"), nullable=False),
    Column("latitude_deg", Double),
    Column("longitude_deg", Double),
    Column("given_at_s", Double, nullable=False),
    Index("ix_collectivity_site_collectivity_id", "collectivity_id"),
)
