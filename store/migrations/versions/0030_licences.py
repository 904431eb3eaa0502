"""Jobs take seats of licences."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job_licence",
        sa.Column("job_id", _ID, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_licence_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", "name", name=op.f("pk_job_licence")),
    )
    op.create_index("ix_job_licence_name", "job_licence", ["name"])


def downgrade() -> None:
    op.drop_table("job_licence")
