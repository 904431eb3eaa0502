"""What a package is made of, in the order in which it can be added; its tables and documents."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.refusal import Refused
from store.collectivities.collectivity_tables import collectivity
from store.packages import invoice_resources, sold_resources, town_resources
from store.packages.choice_resources import CHOICES
from store.packages.ledger_resources import METERS, SEALED
from store.packages.numbers import Numbers
from store.packages.resource import Resource, Row
from store.packages.scope import Scope, scope_of

RESOURCES: tuple[Resource, ...] = (
    *town_resources.SITES_AND_NODES,
    *METERS,
    *SEALED,
    *town_resources.WISHES_AND_PUBLIC,
    *CHOICES,
    *sold_resources.SOLD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What one collectivity owns, in one view of the store."""

    connection: Connection
    name: str
    siret: str
    scope: Scope
    numbers: Numbers

    def rows(self, resource: Resource) -> Iterator[Row]:
        """The rows of one table."""
        return resource.read(self.connection, self.scope, self.numbers)

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of everything that is no table."""
        own = collectivity.c.id == self.scope.collectivity_id
        logo = self.connection.execute(select(collectivity.c.logo_png).where(own)).scalar_one()
        if logo is not None:
            yield town_resources.LOGO, bytes(logo)
        for number, document in self.connection.execute(sold_resources.documents_of(self.scope)):
            yield sold_resources.document_path(number), document.encode("utf-8")
        for number, language, pdf in self.connection.execute(sold_resources.pdfs_of(self.scope)):
            yield sold_resources.paper_path(number, language), bytes(pdf)
        for number, xml in self.connection.execute(invoice_resources.xmls_of(self.scope)):
            yield invoice_resources.xml_path(number), xml.encode("utf-8")
        for number, pdf in self.connection.execute(invoice_resources.pdfs_of(self.scope)):
            yield invoice_resources.pdf_path(number), bytes(pdf)


def departure(connection: Connection, which: str) -> Departure | Refused:
    """All that the collectivity of this name, number or SIRET owns."""
    rows = connection.execute(
        select(collectivity.c.id, collectivity.c.name, collectivity.c.siret).order_by(
            collectivity.c.name
        )
    ).all()
    found = [row for row in rows if which in {row.name, str(row.id), row.siret}]
    if len(found) != 1:
        names = ", ".join(row.name for row in rows) or "none"
        return Refused(
            code="collectivity.unknown",
            sentence=f"There is no collectivity {which!r} of which one can be sure; there are: "
            f"{names}.",
        )
    (row,) = found
    numbers = Numbers(collectivity_id=row.id)
    numbers.read_again(connection)
    return Departure(
        connection=connection,
        name=row.name,
        siret=row.siret,
        scope=scope_of(connection, row.id),
        numbers=numbers,
    )
