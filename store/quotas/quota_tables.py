"""Quotas and what budgets are held against, a part of the schema."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, Table, Text, false

from store.metadata import ID, metadata

quota = Table(
    "quota",
    metadata,
    Column("tenant_id", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("project", Text, primary_key=True),  # '' = the whole tenant
    Column("measure", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("amount", Text, nullable=False),  # a decimal number
    Column("spent_in", Integer),  # the month in which a budget was found used up; null = it is not
    Column("set_at_s", Double, nullable=False),
    Column("is_safe", Boolean, nullable=False, server_default=false()),
    Column("told_left", Text),  # of a safe budget, what the engine was told is left
)

usage_total = Table(
    "usage_total",
    metadata,
    Column("tenant_id", ID, ForeignKey("tenant.id"), primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("project", Text, primary_key=True),  # '' = none
    Column("is_simulated", Boolean, primary_key=True),
    Column("scheduling_type", Text, primary_key=True),
    Column("core_s", Double, nullable=False),
    Column("energy_wh", Double, nullable=False),
)
