"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people_and_places()
    _admission()
    _jobs()
    _attempts()
    _heat()
    _log()
    op.execute("INSERT INTO id_counter (name, next_id) VALUES ('job', 1)")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "tenant",
    "site",
    "node",
    "api_key",
    "enrolment",
    "web_session",
    "audit",
    "id_counter",
    "job",
    "instance",
    "attempt",
    "job_usage",
    "result_file",
    "uploaded_file",
    "meter",
    "reading",
    "refused_reading",
    "register_ledger",
    "event",
    "decision",
    "outbox",
    "leadership",
    "setting",
)


def _people_and_places() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("name", name=op.f("uq_tenant_name")),
    )
    op.create_table(
        "site",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_table(
        "node",
        sa.Column("id", _ID, nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("boot_id", sa.Text()),
        sa.Column("last_seen_at_s", sa.Double()),
        sa.Column("status", sa.Text()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_node_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
        sa.UniqueConstraint("name", name=op.f("uq_node_name")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("tenant_id", _ID),
        sa.Column("node_id", _ID),
        sa.Column("site_ids", sa.Text()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("expires_at_s", sa.Double()),
        sa.Column("revoked_at_s", sa.Double()),
        sa.Column("last_used_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_api_key_node_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_key_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_key_public_id")),
    )


def _admission() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("node_name", sa.Text(), nullable=False),
        sa.Column("expires_at_s", sa.Double(), nullable=False),
        sa.Column("used_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_enrolment_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_enrolment_token_hash")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_expires_at_s", sa.Double(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary()),
        sa.Column("expires_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_web_session_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_web_session_code_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _jobs() -> None:
    op.create_table(
        "id_counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_id_counter")),
    )
    op.create_table(
        "job",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("key_id", _ID),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("spec_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project", sa.Text()),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("submitted_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_job_key_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_job_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_job_tenant_id_idempotency_key")
        ),
    )
    op.create_table(
        "instance",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("array_index", sa.Integer()),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("cores", sa.Integer(), nullable=False),
        sa.Column("node_id", _ID),
        sa.Column("boot_id", sa.Text()),
        sa.Column("lease_ttl_s", sa.Integer(), nullable=False),
        sa.Column("lease_until_s", sa.Double()),
        sa.Column("queued_at_s", sa.Double(), nullable=False),
        sa.Column("started_at_s", sa.Double()),
        sa.Column("finished_at_s", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("exit_code", sa.Integer()),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_instance_job_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_instance_node_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_instance_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    op.create_index("ix_instance_job_id", "instance", ["job_id"])
    op.create_index("ix_instance_node_id_state", "instance", ["node_id", "state"])
    op.create_index("ix_instance_state_id", "instance", ["state", "id"])
    op.create_index("ix_instance_tenant_id_id", "instance", ["tenant_id", "id"])


def _attempts() -> None:
    op.create_table(
        "attempt",
        sa.Column("instance_id", _ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("boot_id", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("batch", _ID, nullable=False),
        sa.Column("offered_at_s", sa.Double(), nullable=False),
        sa.Column("started_at_s", sa.Double()),
        sa.Column("ended_at_s", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_attempt_instance_id")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_attempt_node_id")),
        sa.PrimaryKeyConstraint("instance_id", "attempt", name=op.f("pk_attempt")),
    )
    op.create_table(
        "job_usage",
        sa.Column("instance_id", _ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("cores", sa.Integer(), nullable=False),
        sa.Column("wall_s", sa.Double(), nullable=False),
        sa.Column("cpu_s", sa.Double(), nullable=False),
        sa.Column("max_rss_bytes", sa.BigInteger(), nullable=False),
        sa.Column("energy_estimate_wh", sa.Double(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("ended_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_job_usage_node_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_job_usage_tenant_id")),
        sa.PrimaryKeyConstraint("instance_id", "attempt", name=op.f("pk_job_usage")),
    )
    op.create_table(
        "result_file",
        sa.Column("instance_id", _ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "attempt", "path", name=op.f("pk_result_file")),
    )
    op.create_table(
        "uploaded_file",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_uploaded_file_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_uploaded_file")),
    )


def _heat() -> None:
    op.create_table(
        "meter",
        sa.Column("id", _ID, nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("installed_at_s", sa.Double(), nullable=False),
        sa.Column("install_index_wh", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_meter_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter")),
        sa.UniqueConstraint("serial", name=op.f("uq_meter_serial")),
    )
    op.create_table(
        "reading",
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at_s", sa.Double(), nullable=False),
        sa.Column("received_at_s", sa.Double(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_reading_node_id")),
        sa.PrimaryKeyConstraint("node_id", "seq", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_node_id_taken_at_s", "reading", ["node_id", "taken_at_s"])
    op.create_table(
        "refused_reading",
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "code", name=op.f("pk_refused_reading")),
    )
    op.create_table(
        "register_ledger",
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at_s", sa.Double(), nullable=False),
        sa.Column("index_wh", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meter_id"], ["meter.id"], name=op.f("fk_register_ledger_meter_id")
        ),
        sa.PrimaryKeyConstraint("meter_id", "epoch", "seq", name=op.f("pk_register_ledger")),
    )
    op.create_index(
        "ix_register_ledger_meter_id_taken_at_s", "register_ledger", ["meter_id", "taken_at_s"]
    )


def _log() -> None:
    op.create_table(
        "event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("batch", _ID),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_batch_id", "event", ["batch", "id"])
    op.create_table(
        "decision",
        sa.Column("batch", _ID, autoincrement=False, nullable=False),
        sa.Column("now_s", sa.Double(), nullable=False),
        sa.Column("commands", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Double()),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_decision")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("sent_at_s", sa.Double()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_sent_at_s_id", "outbox", ["sent_at_s", "id"])
    op.create_table(
        "leadership",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_leadership")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
