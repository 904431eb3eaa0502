"""Budgets that must cover what starts up to its time limit."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column(
        "quota", sa.Column("is_safe", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("quota", sa.Column("told_left", sa.Text()))


def downgrade() -> None:
    for name in ("told_left", "is_safe"):
        op.drop_column("quota", name)
