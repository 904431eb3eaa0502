"""What was asked to be forgotten, and how far that is: a part of the schema."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from store.metadata import ID, metadata

erasure = Table(
    "erasure",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at_s", Double, nullable=False),
    Column("jobs", BigInteger, nullable=False),
    Column("instances", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("shared_files", BigInteger, nullable=False),  # that another job still uses
    Column("done_at_s", Double),  # on the server
    Column("receipt", Text),  # its first line
    Column("confirmed_at_s", Double),  # by every node
    Column("confirmation", Text),  # its second line
    Index("ix_erasure_tenant_id", "tenant_id"),
    Index("ix_erasure_done_at_s", "done_at_s"),
)

erased_job = Table(
    "erased_job",
    metadata,
    Column("job_id", ID, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    Column("erasure_id", ID, ForeignKey("erasure.id"), nullable=False),
    Column("erased_at_s", Double),  # null = it is its turn soon
    Index("ix_erased_job_erasure_id_erased_at_s", "erasure_id", "erased_at_s"),
)

node_erasure = Table(  # what a node is still to remove; gone when it has said so
    "node_erasure",
    metadata,
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("instance_id", ID, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("erasure_id", ID, ForeignKey("erasure.id"), nullable=False),
    Index("ix_node_erasure_erasure_id", "erasure_id"),
)

erasure_node = Table(
    "erasure_node",
    metadata,
    Column("erasure_id", ID, ForeignKey("erasure.id"), primary_key=True, autoincrement=False),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("confirmed_at_s", Double),
)
