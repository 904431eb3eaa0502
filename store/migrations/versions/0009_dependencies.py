"""What jobs wait for, and an array's elements found by their index."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# SQLite makes a rowid of a column declared INTEGER only; PostgreSQL needs the wide type.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "dependency",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_job_id", _ID),
        sa.Column("first_id", _ID),
        sa.Column("last_id", _ID),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("same_name", sa.Text()),
        sa.Column("delay_s", sa.Double(), nullable=False),
        sa.Column("is_any", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before_s", sa.Double()),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_dependency_job_id_job")),
        sa.ForeignKeyConstraint(
            ["on_job_id"], ["job.id"], name=op.f("fk_dependency_on_job_id_job")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dependency_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name=op.f("pk_dependency")),
    )
    op.create_index("ix_dependency_state_on_job_id", "dependency", ["state", "on_job_id"])
    op.create_index(
        "ix_dependency_state_tenant_id_same_name",
        "dependency",
        ["state", "tenant_id", "same_name"],
    )
    op.drop_index("ix_instance_job_id", "instance")
    op.create_index("ix_instance_job_id_array_index", "instance", ["job_id", "array_index"])


def downgrade() -> None:
    op.drop_index("ix_instance_job_id_array_index", "instance")
    op.create_index("ix_instance_job_id", "instance", ["job_id"])
    op.drop_table("dependency")
