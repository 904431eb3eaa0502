"""Who wants to hear of what, and what is still to be told: a part of the schema."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.metadata import ID, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("project", Text),  # null = of every project
    Column("types", Text, nullable=False),  # words of domain.notices.notice, with commas between
    Column("secret", LargeBinary, nullable=False),  # signs what is sent
    Column("created_at_s", Double, nullable=False),
    Column("removed_at_s", Double),
    Column("sent", BigInteger, nullable=False, server_default="0"),
    Column("given_up", BigInteger, nullable=False, server_default="0"),
    Column("last_sent_at_s", Double),
    Column("last_error", Text),  # null = the last try got through
    Column("last_error_at_s", Double),
    Index("ix_webhook_tenant_id", "tenant_id"),
)

mail_wish = Table(  # gone when its job has ended
    "mail_wish",
    metadata,
    Column("job_id", ID, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    Column("addresses", Text, nullable=False),
    Column("types", Text, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),  # stands for what happened: the same at every try
    Column("job_id", ID),  # null = about no job
    Column("payload", Text, nullable=False),
    Column("webhook_id", ID, ForeignKey("webhook.id")),  # null = a mail
    Column("mail_to", Text),  # null = a webhook
    Column("created_at_s", Double, nullable=False),
    Column("due_at_s", Double),  # when it is tried next; null = never again
    Column("tries", Integer, nullable=False),
    Column("sent_at_s", Double),
    Column("error", Text),
    UniqueConstraint("name"),
    Index(
        "ix_notice_due_at_s",
        "due_at_s",
        sqlite_where=text("due_at_s IS NOT NULL"),
        postgresql_where=text("due_at_s IS NOT NULL"),
    ),
    Index("ix_notice_job_id", "job_id"),
)
