"""The jobs of a node are found from the node's side."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    for table in ("attempt", "attempt_member"):
        op.create_index(f"ix_{table}_node_id_instance_id", table, ["node_id", "instance_id"])


def downgrade() -> None:
    for table in ("attempt", "attempt_member"):
        op.drop_index(f"ix_{table}_node_id_instance_id", table)
