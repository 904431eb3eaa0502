"""Nodes are set aside for a time."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reservation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_at_s", sa.Double(), nullable=False),
        sa.Column("ends_at_s", sa.Double(), nullable=False),
        sa.Column("tenant_id", _ID),
        sa.Column("project", sa.Text()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_reservation_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_ends_at_s", "reservation", ["ends_at_s"])
    op.create_table(
        "reservation_node",
        sa.Column("reservation_id", _ID, nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
            name=op.f("fk_reservation_node_reservation_id_reservation"),
        ),
        sa.ForeignKeyConstraint(
            ["node_id"], ["node.id"], name=op.f("fk_reservation_node_node_id_node")
        ),
        sa.PrimaryKeyConstraint("reservation_id", "node_id", name=op.f("pk_reservation_node")),
    )


def downgrade() -> None:
    op.drop_table("reservation_node")
    op.drop_table("reservation")
