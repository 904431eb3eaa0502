"""A declaration about a meter can be withdrawn by another one."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("meter_declaration", sa.Column("withdraws_id", id_type))


def downgrade() -> None:
    op.drop_column("meter_declaration", "withdraws_id")
