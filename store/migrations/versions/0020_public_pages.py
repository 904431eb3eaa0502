"""Codes on boilers, what their pages show, and reports that there is no heat."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "boiler_sticker",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.Column("removed_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_boiler_sticker_node_id"),
        sa.PrimaryKeyConstraint("code", name="pk_boiler_sticker"),
    )
    op.create_index("ix_boiler_sticker_node_id", "boiler_sticker", ["node_id"])
    op.create_table(
        "site_publication",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text()),
        sa.Column("changed_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_site_publication_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_site_publication"),
    )
    op.create_table(
        "no_heat_report",
        sa.Column("id", _ID, nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reported_at_s", sa.Double(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("closed_at_s", sa.Double()),
        sa.Column("answer", sa.Text()),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_no_heat_report_site_id"),
        sa.ForeignKeyConstraint(["code"], ["boiler_sticker.code"], name="fk_no_heat_report_code"),
        sa.PrimaryKeyConstraint("id", name="pk_no_heat_report"),
    )
    op.create_index(
        "ix_no_heat_report_site_id_reported_at_s",
        "no_heat_report",
        ["site_id", "reported_at_s"],
    )


def downgrade() -> None:
    for name in ("no_heat_report", "site_publication", "boiler_sticker"):
        op.drop_table(name)
