"""Arrays: a job that has many instances, and how many of them may be placed at once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("job", sa.Column("array_count", sa.Integer()))
    op.add_column("job", sa.Column("array_at_once", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("job") as table:
        table.drop_column("array_at_once")
        table.drop_column("array_count")
