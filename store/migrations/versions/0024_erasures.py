"""Erasures: what tenants have forgotten, and what nodes are still to remove."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at_s", sa.Double(), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("instances", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("shared_files", sa.BigInteger(), nullable=False),
        sa.Column("done_at_s", sa.Double()),
        sa.Column("receipt", sa.Text()),
        sa.Column("confirmed_at_s", sa.Double()),
        sa.Column("confirmation", sa.Text()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_erasure_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_tenant_id", "erasure", ["tenant_id"])
    op.create_index("ix_erasure_done_at_s", "erasure", ["done_at_s"])
    op.create_table(
        "erased_job",
        sa.Column("job_id", _ID, autoincrement=False, nullable=False),
        sa.Column("erasure_id", _ID, nullable=False),
        sa.Column("erased_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_erased_job_job_id"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erased_job_erasure_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_erased_job"),
    )
    op.create_index(
        "ix_erased_job_erasure_id_erased_at_s", "erased_job", ["erasure_id", "erased_at_s"]
    )
    op.create_table(
        "node_erasure",
        sa.Column("node_id", _ID, autoincrement=False, nullable=False),
        sa.Column("instance_id", _ID, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("erasure_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_node_erasure_node_id"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_node_erasure_erasure_id"),
        sa.PrimaryKeyConstraint("node_id", "instance_id", "attempt", name="pk_node_erasure"),
    )
    op.create_index("ix_node_erasure_erasure_id", "node_erasure", ["erasure_id"])
    op.create_table(
        "erasure_node",
        sa.Column("erasure_id", _ID, autoincrement=False, nullable=False),
        sa.Column("node_id", _ID, autoincrement=False, nullable=False),
        sa.Column("confirmed_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erasure_node_erasure_id"),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_erasure_node_node_id"),
        sa.PrimaryKeyConstraint("erasure_id", "node_id", name="pk_erasure_node"),
    )


def downgrade() -> None:
    for table in ("erasure_node", "node_erasure", "erased_job", "erasure"):
        op.drop_table(table)
