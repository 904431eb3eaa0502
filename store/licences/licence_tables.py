"""Seats of licences that jobs take, a part of the schema."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from store.metadata import ID, metadata

#: The same stands in the job's specification; here it can be summed up.
job_licence = Table(
    "job_licence",
    metadata,
    Column("job_id", ID, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("seats", Integer, nullable=False),  # of each instance
    Index("ix_job_licence_name", "name"),
)
