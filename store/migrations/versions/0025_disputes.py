"""Disputes of statements and their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "statement_dispute",
        sa.Column("id", _ID, nullable=False),
        sa.Column("statement_id", _ID, nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_at_s", sa.Double()),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name="fk_statement_dispute_statement_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_statement_dispute"),
    )
    op.create_index("ix_statement_dispute_statement_id", "statement_dispute", ["statement_id"])


def downgrade() -> None:
    op.drop_table("statement_dispute")
