"""What passers-by see of a boiler and what they tell, a part of the schema."""

from sqlalchemy import Column, Double, ForeignKey, Index, Table, Text

from store.metadata import ID, metadata

boiler_sticker = Table(
    "boiler_sticker",
    metadata,
    Column("code", Text, primary_key=True),
    Column("node_id", ID, ForeignKey("node.id"), nullable=False),
    Column("made_at_s", Double, nullable=False),
    Column("removed_at_s", Double),  # the boiler was taken away; its code still answers
    Index("ix_boiler_sticker_node_id", "node_id"),
)

site_publication = Table(
    "site_publication",
    metadata,
    Column("site_id", ID, ForeignKey("site.id"), primary_key=True, autoincrement=False),
    Column("figures", Text, nullable=False),  # which: see domain.towns.publication
    Column("purpose", Text),
    Column("changed_at_s", Double, nullable=False),
)

no_heat_report = Table(
    "no_heat_report",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", ID, ForeignKey("site.id"), nullable=False),
    Column("code", Text, ForeignKey("boiler_sticker.code"), nullable=False),
    Column("reported_at_s", Double, nullable=False),
    Column("message", Text, nullable=False),
    Column("closed_at_s", Double),
    Column("answer", Text),
    Index("ix_no_heat_report_site_id_reported_at_s", "site_id", "reported_at_s"),
)
