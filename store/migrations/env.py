"""Runs the migrations on the connection that ``store.schema`` opened."""

from alembic import context

from store.collectivities import (  # noqa: F401 - makes them known to the metadata
    account_tables,
    alert_tables,
    collectivity_tables,
    public_tables,
)
from store.contracts import contract_tables  # noqa: F401 - likewise
from store.deliverables import deliverable_tables  # noqa: F401 - likewise
from store.dependencies import dependency_tables  # noqa: F401 - likewise
from store.erasures import erasure_tables  # noqa: F401 - likewise
from store.fleet import wish_tables  # noqa: F401 - likewise
from store.gangs import member_tables  # noqa: F401 - likewise
from store.ledger import ledger_tables, share_tables  # noqa: F401 - likewise
from store.licences import licence_tables  # noqa: F401 - likewise
from store.metadata import metadata
from store.notices import notice_tables  # noqa: F401 - likewise
from store.packages import package_tables  # noqa: F401 - likewise
from store.quotas import quota_tables  # noqa: F401 - likewise
from store.reservations import reservation_tables  # noqa: F401 - likewise
from store.statements import dispute_tables, invoice_tables, statement_tables  # noqa: F401 - likewise
from store.sweeps import sweep_tables  # noqa: F401 - likewise
from store.tables import access, engine, files, fleet, installation, jobs  # noqa: F401 - likewise

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
    transactional_ddl=True,  # all of a migration or nothing, on both databases
)
with context.begin_transaction():
    context.run_migrations()
