"""Contracts on heat, and the statements issued under them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_READ, _WRITE = "statements:read", "statements:write"
#: What their role gives now to keys that were made before, if they have this scope of it.
_NEW_SCOPES = (
    ("operator", "keys:admin", f" {_READ} {_WRITE}"),
    ("buyer", "heat:read", f" {_READ}"),
)


def upgrade() -> None:
    _contracts()
    _statements()
    _made_of_statements()
    for role, having, scopes in _NEW_SCOPES:
        op.execute(
            sa.text(
                "UPDATE api_key SET scopes = scopes || :more "
                "WHERE role = :role AND scopes LIKE :having"
            ).bindparams(more=scopes, role=role, having=f"%{having}%")
        )


def _contracts() -> None:
    op.create_table(
        "contract",
        sa.Column("id", _ID, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("collectivity_id", _ID, nullable=False),
        sa.Column("created_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivity_id"], ["collectivity.id"], name="fk_contract_collectivity_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
        sa.UniqueConstraint("reference", name="uq_contract_reference"),
    )
    op.create_index("ix_contract_collectivity_id", "contract", ["collectivity_id"])
    op.create_table(
        "contract_version",
        sa.Column("contract_id", _ID, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name="fk_contract_version_contract_id"
        ),
        sa.PrimaryKeyConstraint("contract_id", "version", name="pk_contract_version"),
    )
    op.create_table(
        "contract_site",
        sa.Column("contract_id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", _ID, autoincrement=False, nullable=False),
        sa.Column("from_month", sa.Integer(), nullable=False),
        sa.Column("end_month", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name="fk_contract_site_contract_id"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_contract_site_site_id"),
        sa.PrimaryKeyConstraint("contract_id", "site_id", name="pk_contract_site"),
    )
    op.create_index("ix_contract_site_site_id", "contract_site", ["site_id"])


def _statements() -> None:
    op.create_table(
        "statement",
        sa.Column("id", _ID, nullable=False),
        sa.Column("contract_id", _ID, nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("series_number", sa.Integer(), nullable=False),
        sa.Column("corrects_id", _ID),
        sa.Column("contract_version", sa.Integer(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issued_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name="fk_statement_contract_id"),
        sa.ForeignKeyConstraint(["corrects_id"], ["statement.id"], name="fk_statement_corrects_id"),
        sa.PrimaryKeyConstraint("id", name="pk_statement"),
        sa.UniqueConstraint("number", name="uq_statement_number"),
        sa.UniqueConstraint("series", "series_number", name="uq_statement_series_series_number"),
        sa.UniqueConstraint("corrects_id", "kind", name="uq_statement_corrects_id_kind"),
    )
    op.create_index("ix_statement_contract_id_month", "statement", ["contract_id", "month"])


def _made_of_statements() -> None:
    op.create_table(
        "statement_series",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_statement_series"),
    )
    op.create_table(
        "statement_draft",
        sa.Column("contract_id", _ID, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("contract_version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name="fk_statement_draft_contract_id"
        ),
        sa.PrimaryKeyConstraint("contract_id", name="pk_statement_draft"),
    )
    op.create_table(
        "statement_paper",
        sa.Column("statement_id", _ID, autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name="fk_statement_paper_statement_id"
        ),
        sa.PrimaryKeyConstraint("statement_id", "language", name="pk_statement_paper"),
    )


def downgrade() -> None:
    for table in (
        "statement_paper",
        "statement_draft",
        "statement_series",
        "statement",
        "contract_site",
        "contract_version",
        "contract",
    ):
        op.drop_table(table)
    for role, _, scopes in _NEW_SCOPES:
        op.execute(
            sa.text(
                "UPDATE api_key SET scopes = replace(scopes, :more, '') WHERE role = :role"
            ).bindparams(more=scopes, role=role)
        )
