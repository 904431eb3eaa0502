"""Collectivities come from other installations, with what was shared and numbered there."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "collectivity_import",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("collectivity_id", _ID, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("imported_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivity_id"],
            ["collectivity.id"],
            name="fk_collectivity_import_collectivity_id",
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_collectivity_import"),
    )
    op.create_table(
        "statement_elsewhere",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("series_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("series", "series_number", name="pk_statement_elsewhere"),
    )
    op.create_table(
        "heat_share_month",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node_id", _ID, autoincrement=False, nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("heat_wh", sa.BigInteger(), nullable=False),
        sa.Column("electricity_wh", sa.BigInteger(), nullable=False),
        sa.Column("until_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_heat_share_month_site_id"),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_heat_share_month_node_id"),
        sa.PrimaryKeyConstraint(
            "site_id",
            "month",
            "node_id",
            "is_used",
            "is_simulated",
            name="pk_heat_share_month",
        ),
    )


def downgrade() -> None:
    for table in ("heat_share_month", "statement_elsewhere", "collectivity_import"):
        op.drop_table(table)
