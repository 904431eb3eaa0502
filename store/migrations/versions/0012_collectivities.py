"""Collectivities and which sites are theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "collectivity",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text()),
        sa.Column("contact", sa.Text()),
        sa.Column("logo_png", sa.LargeBinary()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collectivity"),
        sa.UniqueConstraint("name", name="uq_collectivity_name"),
        sa.UniqueConstraint("siret", name="uq_collectivity_siret"),
    )
    op.create_table(
        "collectivity_site",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("collectivity_id", _ID, nullable=False),
        sa.Column("latitude_deg", sa.Double()),
        sa.Column("longitude_deg", sa.Double()),
        sa.Column("given_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_collectivity_site_site_id"),
        sa.ForeignKeyConstraint(
            ["collectivity_id"],
            ["collectivity.id"],
            name="fk_collectivity_site_collectivity_id",
        ),
        sa.PrimaryKeyConstraint("site_id", name="pk_collectivity_site"),
    )
    op.create_index(
        "ix_collectivity_site_collectivity_id", "collectivity_site", ["collectivity_id"]
    )


def downgrade() -> None:
    op.drop_table("collectivity_site")
    op.drop_table("collectivity")
