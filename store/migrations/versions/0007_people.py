"""Projects and persons of a tenant, a key's person, and an end to a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("tenant", sa.Column("closed_at_s", sa.Double()))
    for name, end in (("project", "closed_at_s"), ("person", "removed_at_s")):
        op.create_table(
            name,
            sa.Column("id", _ID, nullable=False),
            sa.Column("tenant_id", _ID, nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("created_at_s", sa.Double(), nullable=False),
            sa.Column(end, sa.Double()),
            sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{name}_tenant_id"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sa.UniqueConstraint("tenant_id", "name", name=f"uq_{name}_tenant_id_name"),
        )
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("person_id", _ID))
        table.create_foreign_key("fk_api_key_person_id", "person", ["person_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.drop_constraint("fk_api_key_person_id", type_="foreignkey")
        table.drop_column("person_id")
    op.drop_table("person")
    op.drop_table("project")
    with op.batch_alter_table("tenant") as table:
        table.drop_column("closed_at_s")
