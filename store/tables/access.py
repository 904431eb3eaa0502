"""Who may use the installation: tenants, people, keys, sessions, invitations of nodes."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from store.metadata import ID, metadata

tenant = Table(
    "tenant",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at_s", Double, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False, server_default="0"),
    Column("closed_at_s", Double),
)

project = Table(
    "project",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("closed_at_s", Double),
    UniqueConstraint("tenant_id", "name"),
)

person = Table(  # "user" is a word of SQL
    "person",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("removed_at_s", Double),
    UniqueConstraint("tenant_id", "name"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", ID, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("tenant_id", ID, ForeignKey("tenant.id")),
    Column("person_id", ID, ForeignKey("person.id")),  # null = of no person in particular
    Column("node_id", ID, ForeignKey("node.id")),
    Column("site_ids", Text),
    Column("created_at_s", Double, nullable=False),
    Column("expires_at_s", Double),
    Column("revoked_at_s", Double),
    Column("last_used_at_s", Double),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", ID, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("node_name", Text, nullable=False),
    Column("expires_at_s", Double, nullable=False),
    Column("used_at_s", Double),
)

web_session = Table(
    "web_session",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key_id", ID, ForeignKey("api_key.id"), nullable=False),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("code_expires_at_s", Double, nullable=False),
    Column("token_hash", LargeBinary, unique=True),  # null until the code was used
    Column("expires_at_s", Double),
)
