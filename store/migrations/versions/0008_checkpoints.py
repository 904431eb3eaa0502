"""What jobs left to go on from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "checkpoint_file",
        sa.Column("instance_id", _ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("saved_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_checkpoint_file_instance_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", "path", name=op.f("pk_checkpoint_file")),
    )
    op.create_index("ix_checkpoint_file_sha256", "checkpoint_file", ["sha256"])


def downgrade() -> None:
    op.drop_table("checkpoint_file")
