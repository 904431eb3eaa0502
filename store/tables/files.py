"""What tenants sent or jobs left, by content, and what is still on its way."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

stored_file = Table(
    "stored_file",
    metadata,
    Column("tenant_id", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stored_at_s", Double, nullable=False),  # or was asked for again, for another job
    Column("removed_at_s", Double),  # not null: nobody has it any more, its bytes may go
    Index("ix_stored_file_removed_at_s", "removed_at_s"),
)

job_input = Table(
    "job_input",
    metadata,
    Column("tenant_id", ID, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("job_id", ID, ForeignKey("job.id"), primary_key=True),
    Index("ix_job_input_job_id", "job_id"),
)

checkpoint_file = Table(
    "checkpoint_file",
    metadata,
    Column("instance_id", ID, ForeignKey("instance.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),  # that left it
    Column("saved_at_s", Double, nullable=False),
    Index("ix_checkpoint_file_sha256", "sha256"),
)

upload = Table(
    "upload",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("node_id", ID, ForeignKey("node.id")),  # the node that sends it; null: the tenant
    Column("created_at_s", Double, nullable=False),
    Index("ix_upload_tenant_id_sha256", "tenant_id", "sha256"),
)
