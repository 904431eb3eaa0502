"""Jobs, their instances, attempts, and what these used and left."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.metadata import ID, metadata

id_counter = Table(
    "id_counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("key_id", ID, ForeignKey("api_key.id")),
    Column("idempotency_key", Text),
    Column("spec_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("project", Text),
    Column("profile", Text),  # as its specification names it
    Column("spec", Text, nullable=False),
    Column("submitted_at_s", Double, nullable=False),
    Column("array_count", Integer),  # null = one instance, of the job's own number
    Column("array_at_once", Integer),  # null = no limit
    UniqueConstraint("tenant_id", "idempotency_key"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("job_id", ID, ForeignKey("job.id"), nullable=False),
    Column("array_index", Integer),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("cores", Integer, nullable=False),  # 0 = the whole node; of each where it has several
    Column("nodes", Integer, nullable=False, server_default="1"),
    Column("node_id", ID, ForeignKey("node.id")),
    Column("boot_id", Text),
    Column("lease_ttl_s", Integer, nullable=False),
    Column("lease_until_s", Double),
    Column("time_limit_s", Integer),  # of the attempt that runs, lowered since; null = its job's
    Column("queued_at_s", Double, nullable=False),
    Column("not_before_s", Double),  # null = as soon as it is queued
    Column("give_up_at_s", Double),  # a job that still waits then ends; null = never
    Column("started_at_s", Double),
    Column("finished_at_s", Double),
    Column("reason", Text),
    Column("exit_code", Integer),
    Index("ix_instance_state_id", "state", "id"),
    Index("ix_instance_node_id_state", "node_id", "state"),
    Index("ix_instance_tenant_id_id", "tenant_id", "id"),
    Index("ix_instance_job_id_array_index", "job_id", "array_index"),
    Index(  # of what waits, to be counted
        "ix_instance_tenant_id_job_id",
        "tenant_id",
        "job_id",
        sqlite_where=text("state IN ('queued', 'held', 'blocked')"),
        postgresql_where=text("state IN ('queued', 'held', 'blocked')"),
    ),
    Index(
        "ix_instance_state_give_up_at_s",
        "state",
        "give_up_at_s",
        sqlite_where=text("give_up_at_s IS NOT NULL"),
        postgresql_where=text("give_up_at_s IS NOT NULL"),
    ),
)

attempt = Table(
    "attempt",
    metadata,
    Column("instance_id", ID, ForeignKey("instance.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), nullable=False),
    Column("boot_id", Text),
    Column("state", Text, nullable=False),
    Column("batch", ID, nullable=False),  # the decision that placed it, with its reason
    Column("offered_at_s", Double, nullable=False),
    Column("started_at_s", Double),
    Column("ended_at_s", Double),
    Column("reason", Text),
    Column("exit_code", Integer),
    Column("detail", Text),
    Index("ix_attempt_node_id_ended_at_s", "node_id", "ended_at_s"),
    Index("ix_attempt_node_id_instance_id", "node_id", "instance_id"),
)

job_usage = Table(
    "job_usage",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("node_id", ID, ForeignKey("node.id"), nullable=False),
    Column("cores", Integer, nullable=False),
    Column("wall_s", Double, nullable=False),
    Column("cpu_s", Double, nullable=False),
    Column("max_rss_bytes", BigInteger, nullable=False),
    Column("energy_estimate_wh", Double, nullable=False),
    Column("is_simulated", Boolean, nullable=False),
    Column("ended_at_s", Double, nullable=False),
    Column("month", Integer, nullable=False),  # in which it ended; see domain.calendar.months
    Column("project", Text, nullable=False),  # '' = none
    Column("scheduling_type", Text, nullable=False),
    Column("heat_estimate_wh", Double, nullable=False),
    Index(None, "tenant_id", "month", "project", "is_simulated"),
    Index("ix_job_usage_ended_at_s", "ended_at_s"),
)

result_file = Table(
    "result_file",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Index("ix_result_file_sha256", "sha256"),
)
