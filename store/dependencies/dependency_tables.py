"""What jobs wait for, a part of the schema."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

dependency = Table(
    "dependency",
    metadata,
    Column("job_id", ID, ForeignKey("job.id"), primary_key=True),  # the one that waits
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("on_job_id", ID, ForeignKey("job.id")),  # null = those of the same name
    Column("first_id", ID),  # the instances it is about
    Column("last_id", ID),
    Column("tenant_id", ID, ForeignKey("tenant.id"), nullable=False),
    Column("same_name", Text),  # null = on_job_id is waited for
    Column("delay_s", Double, nullable=False),
    Column("is_any", Boolean, nullable=False),  # one of the job's conditions is enough
    Column("state", Text, nullable=False),
    Column("not_before_s", Double),
    Index("ix_dependency_state_on_job_id", "state", "on_job_id"),
    Index("ix_dependency_state_tenant_id_same_name", "state", "tenant_id", "same_name"),
)
