"""Files that collectivities get by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _owner(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = f"fk_{table}_collectivity_id"
    return (
        sa.Column("collectivity_id", _ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["collectivity_id"], ["collectivity.id"], name=name),
    )


def upgrade() -> None:
    op.create_table(
        "deliverable_plan",
        *_owner("deliverable_plan"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("since_month", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("collectivity_id", "kind", name="pk_deliverable_plan"),
    )
    op.create_table(
        "deliverable",
        *_owner("deliverable"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("csv", sa.LargeBinary(), nullable=False),
        sa.Column("xlsx", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "collectivity_id", "kind", "period", "version", name="pk_deliverable"
        ),
    )
    op.create_table(
        "deliverable_source",
        *_owner("deliverable_source"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("collectivity_id", "kind", "period", name="pk_deliverable_source"),
    )


def downgrade() -> None:
    for table in ("deliverable_source", "deliverable", "deliverable_plan"):
        op.drop_table(table)
