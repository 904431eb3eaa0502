"""What was used of late is found without reading all that was ever used."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_job_usage_ended_at_s", "job_usage", ["ended_at_s"])


def downgrade() -> None:
    op.drop_index("ix_job_usage_ended_at_s", table_name="job_usage")
