"""What the people of collectivities are told by mail, a part of the schema."""

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.metadata import ID, metadata

town_alert_wish = Table(
    "town_alert_wish",
    metadata,
    Column("account_id", ID, ForeignKey("town_account.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("since_s", Double, nullable=False),
)

town_mailbox = Table(
    "town_mailbox",
    metadata,
    Column("account_id", ID, ForeignKey("town_account.id"), primary_key=True, autoincrement=False),
    Column("language", Text, nullable=False),
    Column("last_mail_at_s", Double),
)

town_alert = Table(
    "town_alert",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("site_ids", Text, nullable=False),  # JSON: who may not see all of these is not told
    Column("since_s", Double, nullable=False),
    Column("noticed_at_s", Double, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("ended_at_s", Double),
    Column("closing", Text),
    Index(
        "uq_town_alert_open",
        "kind",
        "subject",
        unique=True,
        sqlite_where=text("ended_at_s IS NULL"),
        postgresql_where=text("ended_at_s IS NULL"),
    ),
)

town_alert_due = Table(  # what a person's next mail says; gone when that mail is written
    "town_alert_due",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("town_account.id"), nullable=False),
    Column("alert_id", ID, ForeignKey("town_alert.id"), nullable=False),
    Column("is_end", Integer, nullable=False),  # 0 = it began, 1 = it is over
    UniqueConstraint("account_id", "alert_id", "is_end"),
)

town_watch = Table(  # what the last look showed of everything that is looked at
    "town_watch",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("site_ids", Text, nullable=False),  # JSON
    Column("unknown", Text),  # why nothing can be said; null = it is known
    Column("looked_at_s", Double, nullable=False),
)
