"""The tables of contracts; rows of ``contract_version`` are only added."""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

contract = Table(
    "contract",
    metadata,
    Column("id", ID, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("collectivity_id", ID, ForeignKey("collectivity.id"), nullable=False),
    Column("created_at_s", Double, nullable=False),
    Index("ix_contract_collectivity_id", "collectivity_id"),
)

contract_version = Table(
    "contract_version",
    metadata,
    Column("contract_id", ID, ForeignKey("contract.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("terms", Text, nullable=False),  # JSON
    Column("reason", Text),  # null for the first
    Column("actor", Text, nullable=False),
    Column("made_at_s", Double, nullable=False),
)

contract_site = Table(
    "contract_site",
    metadata,
    # As the newest version says it: which months of a site's heat are sold by whom.
    Column("contract_id", ID, ForeignKey("contract.id"), primary_key=True, autoincrement=False),
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("from_month", Integer, nullable=False),
    Column("end_month", Integer, nullable=False),  # the first that is not
    Index("ix_contract_site_site_id", "site_id"),
)
