"""Heat and electricity as they were shared among jobs, a part of the schema."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table

from store.metadata import ID, metadata

heat_interval = Table(
    "heat_interval",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("begin_s", Double, primary_key=True),
    Column("end_s", Double, nullable=False),
    Column("heat_wh", BigInteger, nullable=False),
    Column("electricity_wh", BigInteger, nullable=False),
    Column("is_simulated", Boolean, nullable=False),
)

heat_share = Table(
    "heat_share",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("begin_s", Double, primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("instance_id", ID, primary_key=True, autoincrement=False),  # 0 = nobody
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("tenant_id", ID, ForeignKey("tenant.id")),  # null = nobody
    Column("heat_wh", BigInteger, nullable=False),
    Column("electricity_wh", BigInteger, nullable=False),
    Index("ix_heat_share_instance_id", "instance_id"),
)
