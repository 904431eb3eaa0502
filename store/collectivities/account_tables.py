"""People of collectivities and their sessions, a part of the schema."""

from sqlalchemy import Column, Double, ForeignKey, Integer, LargeBinary, Table, Text

from store.metadata import ID, metadata

town_account = Table(
    "town_account",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # in small letters
    Column("name", Text, nullable=False),
    Column("password_hash", Text),  # null until an invitation was followed
    Column("created_at_s", Double, nullable=False),
    Column("closed_at_s", Double),
    Column("last_seen_at_s", Double),
    Column("unused_told_at_s", Double),  # when its owner was told that it will be closed
)

town_membership = Table(
    "town_membership",
    metadata,
    Column("account_id", ID, ForeignKey("town_account.id"), primary_key=True),
    Column("collectivity_id", ID, ForeignKey("collectivity.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("site_ids", Text),  # JSON; null = every site of the collectivity
)

town_invitation = Table(
    "town_invitation",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", ID, ForeignKey("town_account.id"), nullable=False),
    Column("expires_at_s", Double, nullable=False),
)

town_session = Table(
    "town_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", ID, ForeignKey("town_account.id"), nullable=False),
    Column("expires_at_s", Double, nullable=False),
)

town_sign_in = Table(  # tries since the last success, of addresses that exist or do not
    "town_sign_in",
    metadata,
    Column("email_hash", LargeBinary, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("last_at_s", Double, nullable=False),
)
