"""Sites, their nodes, and what they tell."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Table, Text

from store.metadata import ID, metadata

site = Table(
    "site",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
)

node = Table(
    "node",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("boot_id", Text),
    Column("last_seen_at_s", Double),
    Column("status", Text),
    Column("created_at_s", Double, nullable=False),
    Column("power_cap_frac", Double),  # advice of the scheduler; null = none
    Column("power_cap_until_s", Double),
)

reading = Table(
    "reading",
    metadata,
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("taken_at_s", Double, nullable=False),
    Column("received_at_s", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_reading_node_id_taken_at_s", "node_id", "taken_at_s"),
)

refused_reading = Table(
    "refused_reading",
    metadata,
    Column("node_id", ID, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

weather_forecast = Table(
    "weather_forecast",
    metadata,
    Column("site_id", ID, primary_key=True, autoincrement=False),  # 0 = every site
    Column("first_hour_s", Double, nullable=False),
    Column("outdoor_temp_c", Text, nullable=False),
    Column("received_at_s", Double, nullable=False),
)
