"""Heat that was shared is shared anew where more became known: by revisions, which are added."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INTERVAL = ["site_id", "begin_s"]
_SHARE = ["site_id", "begin_s", "node_id", "instance_id", "attempt"]


def _revision() -> sa.Column[int]:
    return sa.Column("revision", sa.Integer(), nullable=False, server_default="0")


def upgrade() -> None:
    waiting = sa.Column("quarantined_wh", sa.BigInteger(), nullable=False, server_default="0")
    with op.batch_alter_table("heat_interval") as table:
        table.add_column(_revision())
        table.add_column(waiting)
        table.drop_constraint("pk_heat_interval", type_="primary")
        table.create_primary_key("pk_heat_interval", [*_INTERVAL, "revision"])
    with op.batch_alter_table("heat_share") as table:
        table.add_column(_revision())
        table.drop_constraint("pk_heat_share", type_="primary")
        table.create_primary_key("pk_heat_share", [*_SHARE, "revision"])
    op.create_table(
        "heat_told_anew",
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("from_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_heat_told_anew_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_heat_told_anew")),
    )


def downgrade() -> None:
    op.drop_table("heat_told_anew")
    op.execute("DELETE FROM heat_share WHERE revision > 0")
    op.execute("DELETE FROM heat_interval WHERE revision > 0")
    with op.batch_alter_table("heat_share") as table:
        table.drop_constraint("pk_heat_share", type_="primary")
        table.create_primary_key("pk_heat_share", _SHARE)
        table.drop_column("revision")
    with op.batch_alter_table("heat_interval") as table:
        table.drop_constraint("pk_heat_interval", type_="primary")
        table.create_primary_key("pk_heat_interval", _INTERVAL)
        table.drop_column("quarantined_wh")
        table.drop_column("revision")
