"""Quotas of tenants and projects, and the sums of usage that budgets are held against."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WAITING = "state IN ('queued', 'held', 'blocked')"


def upgrade() -> None:
    op.create_table(
        "quota",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("spent_in", sa.Integer()),
        sa.Column("set_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_quota_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "project", "measure", "period", name="pk_quota"),
    )
    op.create_table(
        "usage_total",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("month", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("scheduling_type", sa.Text(), nullable=False),
        sa.Column("core_s", sa.Double(), nullable=False),
        sa.Column("energy_wh", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_usage_total_tenant_id"),
        sa.PrimaryKeyConstraint(
            *("tenant_id", "month", "project", "is_simulated", "scheduling_type"),
            name="pk_usage_total",
        ),
    )
    op.execute(
        "INSERT INTO usage_total (tenant_id, month, project, is_simulated, scheduling_type, "
        "core_s, energy_wh) SELECT tenant_id, month, project, is_simulated, scheduling_type, "
        "sum(cores * wall_s), sum(energy_estimate_wh) FROM job_usage "
        "GROUP BY tenant_id, month, project, is_simulated, scheduling_type"
    )
    op.create_index(
        "ix_instance_tenant_id_job_id",
        "instance",
        ["tenant_id", "job_id"],
        sqlite_where=sa.text(_WAITING),
        postgresql_where=sa.text(_WAITING),
    )


def downgrade() -> None:
    op.drop_index("ix_instance_tenant_id_job_id", table_name="instance")
    op.drop_table("usage_total")
    op.drop_table("quota")
