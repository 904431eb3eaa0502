"""Month, project, scheduling type and heat of what was used, to be summed along an index."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from domain.calendar.months import after, begin_of, month_of

revision = "0010"
down_revision = "0009"

_INDEX = "ix_job_usage_tenant_id_month_project_is_simulated"
_NEW: dict[str, TypeEngine[Any]] = {
    "month": sa.Integer(),
    "project": sa.Text(),
    "scheduling_type": sa.Text(),
    "heat_estimate_wh": sa.Double(),
}
#: What nodes declare unless they know better.
_USUAL_CAPTURE_FRAC = 0.95


def upgrade() -> None:
    for name, kind in _NEW.items():
        op.add_column("job_usage", sa.Column(name, kind))
    _fill()
    with op.batch_alter_table("job_usage") as table:
        for name, kind in _NEW.items():
            table.alter_column(name, existing_type=kind, nullable=False)
    op.create_index(_INDEX, "job_usage", ["tenant_id", "month", "project", "is_simulated"])


def downgrade() -> None:
    op.drop_index(_INDEX, "job_usage")
    with op.batch_alter_table("job_usage") as table:
        for name in _NEW:
            table.drop_column(name)


def _fill() -> None:
    """Give the rows of the past what the new ones are written with."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"

    def of(column: str, name: str) -> str:
        plain = f"json_extract({column}, '$.{name}')"
        return plain if is_sqlite else f"CAST({column} AS json) ->> '{name}'"

    project, kind = of("job.spec", "project"), of("job.spec", "scheduling_type")
    captured = f"CAST({of('node.spec', 'capture_frac')} AS double precision)"
    of_jobs = (
        f"UPDATE job_usage SET project = coalesce({project}, ''), scheduling_type = {kind} "  # noqa: S608 - of constants
        "FROM instance JOIN job ON job.id = instance.job_id "
        "WHERE instance.id = job_usage.instance_id"
    )
    of_none = (
        "UPDATE job_usage SET project = '', scheduling_type = 'ondemand' "
        "WHERE scheduling_type IS NULL"
    )
    heat = (
        "UPDATE job_usage SET heat_estimate_wh = energy_estimate_wh "  # noqa: S608 - of constants
        f"* coalesce({captured}, {_USUAL_CAPTURE_FRAC}) FROM node WHERE node.id = job_usage.node_id"
    )
    for statement in (of_jobs, of_none, heat, *_by_month()):
        op.execute(statement)


def _by_month() -> Iterator[str]:
    """A statement for each month in which anything ended."""
    ends = sa.text("SELECT min(ended_at_s), max(ended_at_s) FROM job_usage")
    first_s, last_s = op.get_bind().execute(ends).one()
    month = None if first_s is None else month_of(first_s)
    while month is not None and begin_of(month) <= last_s:
        yield (
            f"UPDATE job_usage SET month = {month} "  # noqa: S608 - numbers of our own
            f"WHERE ended_at_s >= {begin_of(month)} AND ended_at_s < {begin_of(after(month))}"
        )
        month = after(month)
