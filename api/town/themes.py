"""Whose page it is: the colour, the name and the logo of the collectivity."""

from api.pages.rendering import OWN_THEME, Theme
from api.services import Services
from domain.towns.accounts import TownVisitor
from store.collectivities import collectivities, publications
from store.collectivities.collectivities import CollectivityRow
from store.rows import Connection


async def theme_of(services: Services, collectivity_id: int) -> Theme:
    """The theme of a collectivity's own pages."""
    row = await services.read(
        lambda connection: collectivities.find_collectivity(connection, collectivity_id)
    )
    return OWN_THEME if row is None else theme_from(row)


async def theme_for(services: Services, visitor: TownVisitor) -> Theme:
    """Of pages that are about no one site: their collectivity's, where they have but one."""
    if len(visitor.memberships) != 1:
        return OWN_THEME
    return await theme_of(services, visitor.memberships[0].collectivity_id)


def theme_from(row: CollectivityRow) -> Theme:
    """Its name, its colour and its logo."""
    logo = f"/town/logo/{row.collectivity_id}.png" if row.has_logo else None
    return Theme(name=row.description.name, colour=row.description.colour, logo_path=logo)


async def theme_of_code(services: Services, code: str) -> Theme:
    """The theme of the page behind a code on a boiler."""

    def look(connection: Connection) -> Theme:
        sticker = publications.find_sticker(connection, code)
        if sticker is None or sticker.collectivity_id is None:
            return OWN_THEME
        row = collectivities.find_collectivity(connection, sticker.collectivity_id)
        return public_theme(row, sticker.code)

    return await services.read(look)


def public_theme(row: CollectivityRow | None, code: str) -> Theme:
    """That of the collectivity, for strangers; our own where the site is nobody's."""
    if row is None:
        return OWN_THEME
    logo = f"/t/{code}/logo.png" if row.has_logo else None
    return Theme(name=row.description.name, colour=row.description.colour, logo_path=logo)
