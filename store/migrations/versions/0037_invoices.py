"""Invoices of statements, and their PDFs."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("statement_id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("series_number", sa.Integer(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issued_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name="fk_invoice_statement_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint("statement_id", name="uq_invoice_statement_id"),
        sa.UniqueConstraint("number", name="uq_invoice_number"),
        sa.UniqueConstraint("series", "series_number", name="uq_invoice_series_series_number"),
    )
    op.create_table(
        "invoice_paper",
        sa.Column("invoice_id", _ID, autoincrement=False, nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_invoice_paper_invoice_id"),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_invoice_paper"),
    )


def downgrade() -> None:
    for table in ("invoice_paper", "invoice"):
        op.drop_table(table)
