"""The schema, the same on SQLite and on PostgreSQL.

Times are Unix seconds UTC, energies integer Wh, JSON is text written by ``domain.wire``.
"""

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

tenant = Table(
    "tenant",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at_s", Double, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False, server_default="0"),
    Column("closed_at_s", Double),
)

project = Table(
    "project",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("closed_at_s", Double),
    UniqueConstraint("tenant_id", "name"),
)

person = Table(  # "user" is a word of SQL
    "person",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("removed_at_s", Double),
    UniqueConstraint("tenant_id", "name"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", ID, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("tenant_id", ID, ForeignKey("tenant.id")),
    Column("person_id", ID, ForeignKey("person.id")),  # null = of no person in particular
    Column("node_id", ID, ForeignKey("node.id")),
    Column("site_ids", Text),
    Column("created_at_s", Double, nullable=False),
    Column("expires_at_s", Double),
    Column("revoked_at_s", Double),
    Column("last_used_at_s", Double),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", ID, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("node_name", Text, nullable=False),
    Column("expires_at_s", Double, nullable=False),
    Column("used_at_s", Double),
)

site = Table(
    "site",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
)

node = Table(
    "node",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("boot_id", Text),
    Column("last_seen_at_s", Double),
    Column("status", Text),
    Column("created_at_s", Double, nullable=False),
    Column("power_cap_frac", Double),  # advice of the scheduler; null = none
    Column("power_cap_until_s", Double),
)

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

reading = Table(
    "reading",
    metadata,
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("taken_at_s", Double, nullable=False),
    Column("received_at_s", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_reading_node_id_taken_at_s", "node_id", "taken_at_s"),
)

refused_reading = Table(
    "refused_reading",
    metadata,
    Column("node_id", ID, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", ID, primary_key=True),
    Column("at_s", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("batch", ID),
    Index("ix_event_batch_id", "batch", "id"),
)

decision = Table(
    "decision",
    metadata,
    Column("batch", ID, primary_key=True, autoincrement=False),
    Column("now_s", Double, nullable=False),
    Column("commands", Text, nullable=False),
    Column("duration_s", Double),  # how long the engine thought; no part of what replays
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("sent_at_s", Double),
    Column("tries", Integer, nullable=False),
    Index("ix_outbox_sent_at_s_id", "sent_at_s", "id"),
)

leadership = Table(
    "leadership",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_s", Double, nullable=False),
)

knowledge = Table(
    "knowledge",
    metadata,
    Column("role", Text, primary_key=True),
    Column("knowledge", Text, nullable=False),
    Column("saved_at_s", Double, nullable=False),
)

weather_forecast = Table(
    "weather_forecast",
    metadata,
    Column("site_id", ID, primary_key=True, autoincrement=False),  # 0 = every site
    Column("first_hour_s", Double, nullable=False),
    Column("outdoor_temp_c", Text, nullable=False),
    Column("received_at_s", Double, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", ID, primary_key=True),
    Column("at_s", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text),
    Index("ix_audit_subject_id", "subject", "id"),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

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

web_session = Table(
    "web_session",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key_id", ID, ForeignKey("api_key.id"), nullable=False),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("code_expires_at_s", Double, nullable=False),
    Column("token_hash", LargeBinary, unique=True),  # null until the code was used
    Column("expires_at_s", Double),
)
