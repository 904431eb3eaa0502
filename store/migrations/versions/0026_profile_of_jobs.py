"""The profile that a job names, beside its specification, so that lists can be narrowed by it."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("job", sa.Column("profile", sa.Text()))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    named = "json_extract(spec, '$.profile')" if is_sqlite else "CAST(spec AS json) ->> 'profile'"
    op.execute(f"UPDATE job SET profile = {named}")  # noqa: S608 - of constants


def downgrade() -> None:
    op.drop_column("job", "profile")
