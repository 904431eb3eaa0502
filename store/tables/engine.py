"""What the engine consumes, decided, sends and knows."""

from sqlalchemy import Column, Double, Index, Integer, Table, Text

from store.metadata import ID, metadata

event = Table(
    "event",
    metadata,
    Column("id", ID, primary_key=True),
    Column("at_s", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("batch", ID),
    Index("ix_event_batch_id", "batch", "id"),
)

decision = Table(
    "decision",
    metadata,
    Column("batch", ID, primary_key=True, autoincrement=False),
    Column("now_s", Double, nullable=False),
    Column("commands", Text, nullable=False),
    Column("duration_s", Double),  # how long the engine thought; no part of what replays
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("sent_at_s", Double),
    Column("tries", Integer, nullable=False),
    Index("ix_outbox_sent_at_s_id", "sent_at_s", "id"),
)

leadership = Table(
    "leadership",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_s", Double, nullable=False),
)

knowledge = Table(
    "knowledge",
    metadata,
    Column("role", Text, primary_key=True),
    Column("knowledge", Text, nullable=False),
    Column("saved_at_s", Double, nullable=False),
)
