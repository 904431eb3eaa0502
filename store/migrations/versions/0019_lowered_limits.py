"""The time limit of a running attempt, where it was lowered since its start."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("instance", sa.Column("time_limit_s", sa.Integer()))


def downgrade() -> None:
    op.drop_column("instance", "time_limit_s")
