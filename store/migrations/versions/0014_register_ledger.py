"""One ledger of meter indexes: declared epochs, closed months, a chain of sealed segments."""

import sqlalchemy as sa
from alembic import op

from domain.calendar.months import month_of

revision = "0014"
down_revision = "0013"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PIECE = 10_000


def upgrade() -> None:
    _meters()
    _rows()
    _closed()


def _meters() -> None:
    with op.batch_alter_table("meter") as table:
        table.add_column(sa.Column("max_power_w", sa.Double()))
        table.add_column(sa.Column("rolls_over_at_wh", sa.BigInteger()))
        table.add_column(sa.Column("digit_wh", sa.BigInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("tolerance_frac", sa.Double()))
    op.create_table(
        "meter_declaration",
        sa.Column("id", _ID, nullable=False),
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("index_wh", sa.BigInteger()),
        sa.Column("closing_index_wh", sa.BigInteger()),
        sa.Column("node_id", _ID),
        sa.Column("replaced_id", _ID),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("photo_sha256", sa.Text()),
        sa.Column("declared_at_s", sa.Double(), nullable=False),
        _to("meter_declaration", "meter_id", "meter"),
        _to("meter_declaration", "node_id", "node"),
        _to("meter_declaration", "replaced_id", "meter"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_declaration")),
    )
    op.create_index("ix_meter_declaration_meter_id_id", "meter_declaration", ["meter_id", "id"])


def _rows() -> None:
    """The rows as they were, each with the node that told it and the month it is sealed with."""
    op.drop_index("ix_register_ledger_meter_id_taken_at_s", "register_ledger")
    op.rename_table("register_ledger", "register_ledger_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_register_ledger RENAME TO pk_register_ledger_before")
    made = op.create_table(
        "register_ledger",
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("index_wh", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at_s", sa.Double(), nullable=False),
        sa.Column("received_at_s", sa.Double(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        _to("register_ledger", "meter_id", "meter"),
        _to("register_ledger", "node_id", "node"),
        sa.PrimaryKeyConstraint(
            "meter_id", "node_id", "seq", "index_wh", "taken_at_s", name=op.f("pk_register_ledger")
        ),
        sqlite_with_rowid=False,
    )
    found = op.get_bind().execute(
        sa.text(
            "SELECT r.meter_id, m.node_id, r.seq, r.index_wh, r.taken_at_s, m.is_simulated "
            "FROM register_ledger_before r JOIN meter m ON m.id = r.meter_id"
        )
    )
    for rows in found.partitions(_PIECE):
        op.bulk_insert(
            made,
            [
                {
                    **row._mapping,
                    "is_simulated": bool(row.is_simulated),
                    "received_at_s": row.taken_at_s,
                    "segment": month_of(row.taken_at_s),
                }
                for row in rows
            ],
        )
    op.drop_table("register_ledger_before")
    op.create_index(
        "ix_register_ledger_meter_id_taken_at_s", "register_ledger", ["meter_id", "taken_at_s"]
    )
    op.create_index(
        "ix_register_ledger_meter_id_segment", "register_ledger", ["meter_id", "segment"]
    )


def _closed() -> None:
    op.create_table(
        "register_decision",
        sa.Column("id", _ID, nullable=False),
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("index_wh", sa.BigInteger()),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_at_s", sa.Double(), nullable=False),
        _to("register_decision", "meter_id", "meter"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_decision")),
    )
    op.create_index("ix_register_decision_meter_id_id", "register_decision", ["meter_id", "id"])
    op.create_table(
        "register_closing",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("closed_at_s", sa.Double(), nullable=False),
        _to("register_closing", "site_id", "site"),
        sa.PrimaryKeyConstraint("site_id", "month", name=op.f("pk_register_closing")),
    )
    op.create_table(
        "register_segment",
        sa.Column("meter_id", _ID, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("rows_digest", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sealed_at_s", sa.Double(), nullable=False),
        _to("register_segment", "meter_id", "meter"),
        _to("register_segment", "site_id", "site"),
        sa.PrimaryKeyConstraint("meter_id", "month", name=op.f("pk_register_segment")),
    )
    _lines()
    op.create_table(
        "register_pruning",
        sa.Column("meter_id", _ID, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pruned_at_s", sa.Double(), nullable=False),
        _to("register_pruning", "meter_id", "meter"),
        sa.PrimaryKeyConstraint("meter_id", "month", name=op.f("pk_register_pruning")),
    )


def _lines() -> None:
    op.create_table(
        "register_line",
        sa.Column("id", _ID, nullable=False),
        sa.Column("site_id", _ID, nullable=False),
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("node_id", _ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("about_month", sa.Integer(), nullable=False),
        sa.Column("from_index_wh", sa.BigInteger(), nullable=False),
        sa.Column("from_at_s", sa.Double(), nullable=False),
        sa.Column("to_index_wh", sa.BigInteger(), nullable=False),
        sa.Column("to_at_s", sa.Double(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("adjusts_line_id", _ID),
        _to("register_line", "site_id", "site"),
        _to("register_line", "meter_id", "meter"),
        _to("register_line", "node_id", "node"),
        _to("register_line", "adjusts_line_id", "register_line"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_line")),
    )
    op.create_index("ix_register_line_site_id_month", "register_line", ["site_id", "month"])
    op.create_index(
        "ix_register_line_meter_id_about_month", "register_line", ["meter_id", "about_month"]
    )


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Back to the rows alone; what contradicts another row has no place there."""
    op.drop_index("ix_register_ledger_meter_id_segment", "register_ledger")
    op.drop_index("ix_register_ledger_meter_id_taken_at_s", "register_ledger")
    op.rename_table("register_ledger", "register_ledger_after")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_register_ledger RENAME TO pk_register_ledger_after")
    op.create_table(
        "register_ledger",
        sa.Column("meter_id", _ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at_s", sa.Double(), nullable=False),
        sa.Column("index_wh", sa.BigInteger(), nullable=False),
        _to("register_ledger", "meter_id", "meter"),
        sa.PrimaryKeyConstraint("meter_id", "epoch", "seq", name=op.f("pk_register_ledger")),
    )
    op.execute(
        "INSERT INTO register_ledger (meter_id, epoch, seq, taken_at_s, index_wh) "
        "SELECT r.meter_id, 1, r.seq, min(r.taken_at_s), min(r.index_wh) "
        "FROM register_ledger_after r JOIN meter m ON m.id = r.meter_id "
        "WHERE r.node_id = m.node_id GROUP BY r.meter_id, r.seq"
    )
    op.drop_table("register_ledger_after")
    op.create_index(
        "ix_register_ledger_meter_id_taken_at_s", "register_ledger", ["meter_id", "taken_at_s"]
    )
    for table in ("pruning", "line", "segment", "closing", "decision"):
        op.drop_table(f"register_{table}")
    op.drop_table("meter_declaration")
    for column in ("tolerance_frac", "digit_wh", "rolls_over_at_wh", "max_power_w"):
        op.drop_column("meter", column)
