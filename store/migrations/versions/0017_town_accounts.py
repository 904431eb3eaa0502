"""People of collectivities, how they are invited and how they sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "town_account",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.Column("closed_at_s", sa.Double()),
        sa.Column("last_seen_at_s", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_town_account"),
        sa.UniqueConstraint("email", name="uq_town_account_email"),
    )
    op.create_table(
        "town_membership",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("collectivity_id", _ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("site_ids", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["town_account.id"], name="fk_town_membership_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["collectivity_id"], ["collectivity.id"], name="fk_town_membership_collectivity_id"
        ),
        sa.PrimaryKeyConstraint("account_id", "collectivity_id", name="pk_town_membership"),
    )
    for name in ("town_invitation", "town_session"):
        op.create_table(
            name,
            sa.Column("token_hash", sa.LargeBinary(), nullable=False),
            sa.Column("account_id", _ID, nullable=False),
            sa.Column("expires_at_s", sa.Double(), nullable=False),
            sa.ForeignKeyConstraint(
                ["account_id"], ["town_account.id"], name=f"fk_{name}_account_id"
            ),
            sa.PrimaryKeyConstraint("token_hash", name=f"pk_{name}"),
        )
    op.create_table(
        "town_sign_in",
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("email_hash", name="pk_town_sign_in"),
    )


def downgrade() -> None:
    for name in ("town_sign_in", "town_session", "town_invitation", "town_membership"):
        op.drop_table(name)
    op.drop_table("town_account")
