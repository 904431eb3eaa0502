"""Heat and electricity as they were shared among jobs, a part of the schema."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table

from store.metadata import ID, metadata

heat_interval = Table(
    "heat_interval",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("begin_s", Double, primary_key=True),
    # 0 = as it was shared first; further ones hold the difference that became known later
    Column("revision", Integer, primary_key=True, autoincrement=False, server_default="0"),
    Column("end_s", Double, nullable=False),
    Column("heat_wh", BigInteger, nullable=False),
    Column("electricity_wh", BigInteger, nullable=False),
    Column("is_simulated", Boolean, nullable=False),
    Column("quarantined_wh", BigInteger, nullable=False, server_default="0"),  # at most
)

heat_share = Table(
    "heat_share",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("begin_s", Double, primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("instance_id", ID, primary_key=True, autoincrement=False),  # 0 = nobody
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False, server_default="0"),
    Column("tenant_id", ID, ForeignKey("tenant.id")),  # null = nobody
    Column("heat_wh", BigInteger, nullable=False),
    Column("electricity_wh", BigInteger, nullable=False),
    Index("ix_heat_share_instance_id", "instance_id"),
)

heat_told_anew = Table(
    "heat_told_anew",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("from_s", Double, nullable=False),
)

heat_share_month = Table(
    "heat_share_month",
    metadata,
    # What was shared where the site came from: its jobs are not known here.
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("is_used", Boolean, primary_key=True),  # by jobs; else by nobody
    Column("is_simulated", Boolean, primary_key=True),
    Column("heat_wh", BigInteger, nullable=False),
    Column("electricity_wh", BigInteger, nullable=False),
    Column("until_s", Double, nullable=False),  # of the month, what was shared up to then
)
