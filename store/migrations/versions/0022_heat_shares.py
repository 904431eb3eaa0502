"""Metered heat shared among jobs, interval after interval."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BY_NODE = "ix_attempt_node_id_ended_at_s"


def upgrade() -> None:
    op.create_table(
        "heat_interval",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("begin_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("heat_wh", sa.BigInteger(), nullable=False),
        sa.Column("electricity_wh", sa.BigInteger(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_heat_interval_site_id")),
        sa.PrimaryKeyConstraint("site_id", "begin_s", name=op.f("pk_heat_interval")),
    )
    op.create_table(
        "heat_share",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("begin_s", sa.Double(), nullable=False),
        sa.Column("node_id", _ID, autoincrement=False, nullable=False),
        sa.Column("instance_id", _ID, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", _ID),
        sa.Column("heat_wh", sa.BigInteger(), nullable=False),
        sa.Column("electricity_wh", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_heat_share_site_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_heat_share_node_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_heat_share_tenant_id")),
        sa.PrimaryKeyConstraint(
            "site_id", "begin_s", "node_id", "instance_id", "attempt", name=op.f("pk_heat_share")
        ),
    )
    op.create_index("ix_heat_share_instance_id", "heat_share", ["instance_id"])
    op.create_index(_BY_NODE, "attempt", ["node_id", "ended_at_s"])


def downgrade() -> None:
    op.drop_index(_BY_NODE, "attempt")
    op.drop_table("heat_share")
    op.drop_table("heat_interval")
