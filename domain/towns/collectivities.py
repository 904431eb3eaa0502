"""A town or another public body that buys heat, as its operator describes it."""

from dataclasses import dataclass

from domain.refusal import Refused
from domain.towns.colours import check_colour
from domain.towns.siret import check_siret


@dataclass(frozen=True, slots=True, kw_only=True)
class Collectivity:
    """Who buys the heat of its sites."""

    name: str
    siret: str  #: 14 digits.
    colour: str | None = None  #: ``#rrggbb``; None = the pages' own.
    contact: str | None = None  #: Whom citizens may ask: an address, a number, a mailbox.


def check_collectivity(
    *, name: str, siret: str, colour: str | None, contact: str | None
) -> Collectivity | Refused:
    """The collectivity, or the first thing that is wrong with its description."""
    number = check_siret(siret)
    if isinstance(number, Refused):
        return number
    found = None if colour is None else check_colour(colour)
    if isinstance(found, Refused):
        return found
    return Collectivity(name=name, siret=number, colour=found, contact=contact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a building stands; nothing finer is kept."""

    latitude_deg: float  #: North is positive.
    longitude_deg: float  #: East of Greenwich is positive.
