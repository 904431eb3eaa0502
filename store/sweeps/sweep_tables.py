"""The tables of simulation sweeps: work of our own, apart from jobs and heat."""

from sqlalchemy import Column, Double, ForeignKey, Integer, Table, Text

from store.metadata import ID, metadata

sweep = Table(
    "sweep",
    metadata,
    Column("id", ID, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("created_at_s", Double, nullable=False),
)

sweep_cell = Table(
    "sweep_cell",
    metadata,
    Column("sweep_id", ID, ForeignKey("sweep.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("spec", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("holder", Text),  # which run of which worker has it
    Column("until_s", Double),
    Column("done_frac", Double, nullable=False),
    Column("result", Text),
)
