"""Until when a job waits before it is tried again, and when it is given up."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_HAS_ONE = sa.text("give_up_at_s IS NOT NULL")


def upgrade() -> None:
    op.add_column("instance", sa.Column("not_before_s", sa.Double()))
    op.add_column("instance", sa.Column("give_up_at_s", sa.Double()))
    op.create_index(
        "ix_instance_state_give_up_at_s",
        "instance",
        ["state", "give_up_at_s"],
        sqlite_where=_HAS_ONE,
        postgresql_where=_HAS_ONE,
    )


def downgrade() -> None:
    op.drop_index("ix_instance_state_give_up_at_s", "instance")
    op.drop_column("instance", "give_up_at_s")
    op.drop_column("instance", "not_before_s")
