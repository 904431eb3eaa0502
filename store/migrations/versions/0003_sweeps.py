"""Sweeps of simulations, whose cells run on the workers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sweep",
        sa.Column("id", _ID, nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_table(
        "sweep_cell",
        sa.Column("sweep_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("until_s", sa.Double()),
        sa.Column("done_frac", sa.Double(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweep.id"], name=op.f("fk_sweep_cell_sweep_id_sweep")
        ),
        sa.PrimaryKeyConstraint("sweep_id", "number", name=op.f("pk_sweep_cell")),
    )


def downgrade() -> None:
    op.drop_table("sweep_cell")
    op.drop_table("sweep")
