"""Jobs of several nodes: how many an instance takes, and the further nodes of its attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEX = "ix_attempt_member_node_id"
_IS_OPEN = sa.text("ended_at_s IS NULL")


def upgrade() -> None:
    op.add_column("instance", sa.Column("nodes", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "attempt_member",
        sa.Column("instance_id", _ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("must_stop", sa.Boolean(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("ended_at_s", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("cpu_s", sa.Double(), nullable=False),
        sa.Column("max_rss_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "attempt", "node_id", name="pk_attempt_member"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name="fk_attempt_member_instance_id"
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_attempt_member_node_id"),
    )
    op.create_index(
        _INDEX,
        "attempt_member",
        ["node_id"],
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )


def downgrade() -> None:
    op.drop_index(_INDEX, "attempt_member")
    op.drop_table("attempt_member")
    op.drop_column("instance", "nodes")  # not by a copy: other tables refer to this one
