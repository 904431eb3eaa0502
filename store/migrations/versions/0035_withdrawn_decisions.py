"""A decision on rows in quarantine can be withdrawn by another one."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("register_decision", sa.Column("withdraws_id", id_type))


def downgrade() -> None:
    op.drop_column("register_decision", "withdraws_id")
