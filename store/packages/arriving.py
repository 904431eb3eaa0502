"""Adding what came from another installation: all of it, or nothing and a reason."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from domain.refusal import Refused
from domain.towns.png import clean_png
from store.collectivities.collectivities import set_logo
from store.collectivities.collectivity_tables import collectivity
from store.ledger.ledger_tables import meter, register_line
from store.packages.leaving import RESOURCES
from store.packages.numbers import Numbers
from store.packages.package_tables import collectivity_import
from store.packages.resource import Arrival, Resource, Row
from store.packages.town_resources import LOGO
from store.tables.fleet import node, site
from store.transaction import Transaction

_ADDED_AT_ONCE = 500
#: Tables whose numbers came along: a sequence of PostgreSQL must count on beyond them.
_NUMBERED = (site, node, meter, register_line)


class Incoming(Protocol):
    """A package whose form was looked at; raises ``ValueError`` where a row is none."""

    @property
    def digest(self) -> str: ...

    def rows(self, resource: Resource) -> Iterator[Row]: ...

    def has(self, path: str) -> bool: ...

    def file(self, path: str) -> bytes: ...


def came_before(connection: Connection, digest: str) -> str | None:
    """The collectivity that this very package brought once; None where it never came."""
    return connection.execute(
        select(collectivity.c.name)
        .join(collectivity_import, collectivity_import.c.collectivity_id == collectivity.c.id)
        .where(collectivity_import.c.digest == digest)
    ).scalar()


def receive(
    tx: Transaction,
    package: Incoming,
    misfit: Callable[[Connection, int], Refused | None],
    actor: str,
) -> int | Refused:
    """Add a package; the number of the collectivity.

    ``misfit`` looks at what was added, before anybody else can see it: a refusal of its own, or of
    the database, leaves the store as it was.
    """
    mark, savepoint = tx.mark(), tx.connection.begin_nested()
    numbers = Numbers(collectivity_id=0)
    try:
        refused = _add_all(Arrival(tx=tx, numbers=numbers, file=package.file), package)
        if refused is None and package.has(LOGO):
            logo = clean_png(package.file(LOGO))
            refused = (
                logo
                if isinstance(logo, Refused)
                else set_logo(tx, numbers.collectivity_id, logo, actor)
            )
        if refused is None:
            refused = misfit(tx.connection, numbers.collectivity_id)
    except DBAPIError as error:
        refused = _contradiction(str(error.orig).strip().splitlines()[0])
    except KeyError as error:
        refused = _contradiction(f"{error} is named in it and not there")
    except ValueError as error:
        refused = Refused(code="package.rows", sentence=f"This package cannot be taken: {error}.")
    if refused is not None:
        savepoint.rollback()
        tx.rewind(mark)
        return refused
    savepoint.commit()
    values = {
        "digest": package.digest,
        "collectivity_id": numbers.collectivity_id,
        "actor": actor,
        "imported_at_s": tx.now_s,
    }
    tx.connection.execute(insert(collectivity_import), values)
    subject = f"collectivity/{numbers.collectivity_id}"
    tx.audited(actor=actor, action="collectivity.import", subject=subject, detail=package.digest)
    return numbers.collectivity_id


def _add_all(arrival: Arrival, package: Incoming) -> Refused | None:
    connection = arrival.tx.connection
    for resource in RESOURCES:
        rows = package.rows(resource)
        while part := list(islice(rows, _ADDED_AT_ONCE)):
            refused = _taken(connection, resource, part)
            if refused is not None:
                return refused
            resource.add(arrival, part)
        arrival.numbers.read_again(connection)
    if connection.dialect.name == "postgresql":
        for table in _NUMBERED:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - names of tables
                    f"greatest((SELECT max(id) FROM {table.name}), 1))"
                )
            )
    return None


def _taken(connection: Connection, resource: Resource, rows: list[Row]) -> Refused | None:
    """A refusal where something of this name or number is here already."""
    for name, column, noun in resource.unique:
        wanted = [row[name] for row in rows]
        found = connection.execute(select(column).where(column.in_(wanted)).limit(1)).scalar()
        if found is not None:
            return Refused(
                code="package.taken",
                sentence=f"There is a {noun} {found} here already, and documents that were issued "
                "name theirs: import into an installation of its own (another data directory or "
                "database).",
            )
    return None


def _contradiction(what: str) -> Refused:
    return Refused(
        code="package.contradiction", sentence=f"The package contradicts itself: {what}."
    )
