"""What collectivities wish of their sites: a set-point, and a calendar of closures and works."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "site_wish",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("warmest_c", sa.Double(), nullable=False),
        sa.Column("changed_at_s", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_site_wish_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_site_wish"),
    )
    op.create_table(
        "site_calendar",
        sa.Column("id", _ID, nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Text(), nullable=False),
        sa.Column("from_s", sa.Double(), nullable=False),
        sa.Column("to_s", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("removed_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_site_calendar_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_site_calendar"),
    )
    op.create_index("ix_site_calendar_site_id_to_s", "site_calendar", ["site_id", "to_s"])


def downgrade() -> None:
    op.drop_table("site_calendar")
    op.drop_table("site_wish")
