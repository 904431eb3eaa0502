"""The tables of the register ledger.

But for ``meter``, rows are only added: the database itself refuses to change them (see
``store.append_only``).
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

meter = Table(
    "meter",
    metadata,
    Column("id", ID, primary_key=True),
    Column("serial", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("node_id", ID, ForeignKey("node.id"), nullable=False),  # that told of it first
    Column("is_simulated", Boolean, nullable=False),
    Column("installed_at_s", Double, nullable=False),  # when it was first told of
    Column("install_index_wh", BigInteger, nullable=False),
    Column("max_power_w", Double),  # the most that can pass it; null = by its site's machines
    Column("rolls_over_at_wh", BigInteger),  # null = its register never begins anew
    Column("digit_wh", BigInteger, nullable=False, server_default="1"),
    Column("tolerance_frac", Double),  # permissible error of its class; null = not told
)

meter_declaration = Table(
    "meter_declaration",
    metadata,
    Column("id", ID, primary_key=True),
    Column("meter_id", ID, ForeignKey("meter.id"), nullable=False),
    Column("act", Text, nullable=False),  # see domain.registers.declaration
    Column("at_s", Double, nullable=False),
    Column("index_wh", BigInteger),  # read off the display
    Column("closing_index_wh", BigInteger),  # of the life that ends: of this meter
    Column("node_id", ID, ForeignKey("node.id")),
    Column("replaced_id", ID, ForeignKey("meter.id")),  # the meter whose place it took
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("photo_sha256", Text),
    Column("declared_at_s", Double, nullable=False),
    Column("withdraws_id", ID),  # the declaration that says nothing any more
    Index("ix_meter_declaration_meter_id_id", "meter_id", "id"),
)

register_ledger = Table(
    "register_ledger",
    metadata,
    # All that a node told is the key: the rows are a set, and what contradicts is kept beside.
    Column("meter_id", ID, ForeignKey("meter.id"), primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("index_wh", BigInteger, primary_key=True, autoincrement=False),
    Column("taken_at_s", Double, primary_key=True),
    Column("received_at_s", Double, nullable=False),
    Column("is_simulated", Boolean, nullable=False),
    Column("segment", Integer, nullable=False),  # the month with which it is sealed
    Index("ix_register_ledger_meter_id_taken_at_s", "meter_id", "taken_at_s"),
    Index("ix_register_ledger_meter_id_segment", "meter_id", "segment"),
    sqlite_with_rowid=False,
)

register_decision = Table(
    "register_decision",
    metadata,
    Column("id", ID, primary_key=True),
    Column("meter_id", ID, ForeignKey("meter.id"), nullable=False),
    Column("node_id", ID, nullable=False),
    Column("first_seq", BigInteger, nullable=False),  # it is about these rows of this node
    Column("last_seq", BigInteger, nullable=False),
    Column("index_wh", BigInteger),  # of which only those with this index; null = all
    Column("is_accepted", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_at_s", Double, nullable=False),
    Column("withdraws_id", ID),  # the decision that says nothing any more
    Index("ix_register_decision_meter_id_id", "meter_id", "id"),
)

register_closing = Table(
    "register_closing",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("closed_at_s", Double, nullable=False),
)

register_segment = Table(
    "register_segment",
    metadata,
    Column("meter_id", ID, ForeignKey("meter.id"), primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("rows_digest", Text, nullable=False),
    Column("facts", Text, nullable=False),  # what it was judged by, its edges and lines, as JSON
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sealed_at_s", Double, nullable=False),
)

register_line = Table(
    "register_line",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("meter_id", ID, ForeignKey("meter.id"), nullable=False),
    Column("node_id", ID, ForeignKey("node.id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("month", Integer, nullable=False),
    Column("about_month", Integer, nullable=False),
    Column("from_index_wh", BigInteger, nullable=False),
    Column("from_at_s", Double, nullable=False),
    Column("to_index_wh", BigInteger, nullable=False),
    Column("to_at_s", Double, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("marks", Text, nullable=False),
    Column("adjusts_line_id", ID, ForeignKey("register_line.id")),
    Index("ix_register_line_site_id_month", "site_id", "month"),
    Index("ix_register_line_meter_id_about_month", "meter_id", "about_month"),
)

register_pruning = Table(
    "register_pruning",
    metadata,
    Column("meter_id", ID, ForeignKey("meter.id"), primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("pruned_at_s", Double, nullable=False),
)

#: Only ever added to. Rows of ``register_ledger`` may go once their segment is noted as pruned.
KEPT_TABLES = (
    meter_declaration,
    register_ledger,
    register_decision,
    register_closing,
    register_segment,
    register_line,
    register_pruning,
)
