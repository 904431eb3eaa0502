"""The further nodes of attempts that run on several, a part of the schema."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text
from sqlalchemy import text as sql

from store.metadata import ID, metadata

attempt_member = Table(
    "attempt_member",
    metadata,
    Column("instance_id", ID, ForeignKey("instance.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True),
    Column("place", Integer, nullable=False),  # 1, 2, ...; 0 is the node that runs the script
    Column("boot_id", Text),  # null = not claimed by its node
    Column("address", Text),  # where it listens for the others; null = not yet
    Column("must_stop", Boolean, nullable=False),
    Column("lease_until_s", Double, nullable=False),
    Column("ended_at_s", Double),  # null = it is held for the attempt
    Column("reason", Text),
    Column("detail", Text),
    Column("cpu_s", Double, nullable=False),
    Column("max_rss_bytes", BigInteger, nullable=False),
    Index("ix_attempt_member_node_id_instance_id", "node_id", "instance_id"),
    Index(
        "ix_attempt_member_node_id",
        "node_id",
        sqlite_where=sql("ended_at_s IS NULL"),
        postgresql_where=sql("ended_at_s IS NULL"),
    ),
)
