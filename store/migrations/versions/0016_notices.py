"""Notices of what happens to jobs: webhooks, wishes for mail, and what is still to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("project", sa.Text()),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("removed_at_s", sa.Double()),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("given_up", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_sent_at_s", sa.Double()),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_error_at_s", sa.Double()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_webhook_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_tenant_id", "webhook", ["tenant_id"])
    op.create_table(
        "mail_wish",
        sa.Column("job_id", _ID, autoincrement=False, nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_mail_wish_job_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_mail_wish"),
    )
    op.create_table(
        "notice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("job_id", _ID),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("webhook_id", _ID),
        sa.Column("mail_to", sa.Text()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("due_at_s", sa.Double()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at_s", sa.Double()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_notice_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("name", name="uq_notice_name"),
    )
    waits = sa.text("due_at_s IS NOT NULL")
    op.create_index(
        "ix_notice_due_at_s", "notice", ["due_at_s"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_index("ix_notice_job_id", "notice", ["job_id"])


def downgrade() -> None:
    op.drop_table("notice")
    op.drop_table("mail_wish")
    op.drop_table("webhook")
