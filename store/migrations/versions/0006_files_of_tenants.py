"""Files counted for each tenant, uploads that can be taken up again, and which job uses what."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "tenant", sa.Column("stored_bytes", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index("ix_result_file_sha256", "result_file", ["sha256"])
    _stored_files()
    _uploads()
    op.drop_table("uploaded_file")


def downgrade() -> None:
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
    op.drop_table("upload")
    op.drop_table("job_input")
    op.drop_table("stored_file")
    op.drop_index("ix_result_file_sha256", "result_file")
    op.drop_column("tenant", "stored_bytes")


def _stored_files() -> None:
    op.create_table(
        "stored_file",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at_s", sa.Double(), nullable=False),
        sa.Column("removed_at_s", sa.Double()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_stored_file_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_stored_file")),
    )
    op.create_index("ix_stored_file_removed_at_s", "stored_file", ["removed_at_s"])
    op.create_table(
        "job_input",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_input_job_id")),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", "job_id", name=op.f("pk_job_input")),
    )
    op.create_index("ix_job_input_job_id", "job_input", ["job_id"])


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("node_id", _ID),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_upload_tenant_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_upload_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_tenant_id_sha256", "upload", ["tenant_id", "sha256"])
