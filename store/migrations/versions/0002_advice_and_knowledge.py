"""Power advice for nodes, what the engine learned, and the weather it was told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("node", sa.Column("power_cap_frac", sa.Double()))
    op.add_column("node", sa.Column("power_cap_until_s", sa.Double()))
    op.create_table(
        "knowledge",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("knowledge", sa.Text(), nullable=False),
        sa.Column("saved_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_knowledge")),
    )
    op.create_table(
        "weather_forecast",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("first_hour_s", sa.Double(), nullable=False),
        sa.Column("outdoor_temp_c", sa.Text(), nullable=False),
        sa.Column("received_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_weather_forecast")),
    )


def downgrade() -> None:
    op.drop_table("weather_forecast")
    op.drop_table("knowledge")
    op.drop_column("node", "power_cap_until_s")
    op.drop_column("node", "power_cap_frac")
