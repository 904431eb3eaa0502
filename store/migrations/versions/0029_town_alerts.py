"""What the people of collectivities are told by mail, and accounts that nobody uses."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_OPEN = sa.text("ended_at_s IS NULL")


def upgrade() -> None:
    op.add_column("town_account", sa.Column("unused_told_at_s", sa.Double()))
    _add_choices()
    _add_alerts()


def _add_choices() -> None:
    op.create_table(
        "town_alert_wish",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["town_account.id"],
            name=op.f("fk_town_alert_wish_account_id_town_account"),
        ),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_town_alert_wish")),
    )
    op.create_table(
        "town_mailbox",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("last_mail_at_s", sa.Double()),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["town_account.id"],
            name=op.f("fk_town_mailbox_account_id_town_account"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_town_mailbox")),
    )


def _add_alerts() -> None:
    op.create_table(
        "town_alert",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("site_ids", sa.Text(), nullable=False),
        sa.Column("since_s", sa.Double(), nullable=False),
        sa.Column("noticed_at_s", sa.Double(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("ended_at_s", sa.Double()),
        sa.Column("closing", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town_alert")),
    )
    op.create_index(
        "uq_town_alert_open",
        "town_alert",
        ["kind", "subject"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
    op.create_table(
        "town_alert_due",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("is_end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["town_account.id"],
            name=op.f("fk_town_alert_due_account_id_town_account"),
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["town_alert.id"], name=op.f("fk_town_alert_due_alert_id_town_alert")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town_alert_due")),
        sa.UniqueConstraint(
            "account_id",
            "alert_id",
            "is_end",
            name=op.f("uq_town_alert_due_account_id_alert_id_is_end"),
        ),
    )
    op.create_table(
        "town_watch",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("site_ids", sa.Text(), nullable=False),
        sa.Column("unknown", sa.Text()),
        sa.Column("looked_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_town_watch")),
    )


def downgrade() -> None:
    tables = ("town_watch", "town_alert_due", "town_alert", "town_mailbox", "town_alert_wish")
    for name in tables:
        op.drop_table(name)
    op.drop_column("town_account", "unused_told_at_s")
