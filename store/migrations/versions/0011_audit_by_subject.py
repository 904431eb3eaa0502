"""What was done to a job is found without reading the whole trail."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_audit_subject_id", "audit", ["subject", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_subject_id", table_name="audit")
