"""The map of France on which a town finds its sites: a drawing without tiles."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from api.pages.outline import CORSICA, MAINLAND
from domain.towns.collectivities import Place

WIDTH, HEIGHT = 400, 400
_MARGIN = 8
_WEST_DEG, _EAST_DEG, _SOUTH_DEG, _NORTH_DEG = -5.2, 9.6, 41.3, 51.2
#: One degree of longitude is this share of one of latitude, at the middle of the map.
_ASPECT = math.cos(math.radians((_SOUTH_DEG + _NORTH_DEG) / 2))
_SCALE = min(
    (WIDTH - 2 * _MARGIN) / ((_EAST_DEG - _WEST_DEG) * _ASPECT),
    (HEIGHT - 2 * _MARGIN) / (_NORTH_DEG - _SOUTH_DEG),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A site on the map, in the units of the drawing."""

    site_id: int
    number: int  #: As in the list beside the map.
    name: str
    x: float
    y: float


def point(place: Place) -> tuple[float, float]:
    """Where a place is drawn (equirectangular, true to scale at the middle of the map)."""
    x = _MARGIN + (place.longitude_deg - _WEST_DEG) * _ASPECT * _SCALE
    y = _MARGIN + (_NORTH_DEG - place.latitude_deg) * _SCALE
    return round(x, 1), round(y, 1)


def is_on_map(place: Place) -> bool:
    """Whether the place is in the part of the world that is drawn; overseas is only listed."""
    return (
        _SOUTH_DEG <= place.latitude_deg <= _NORTH_DEG
        and _WEST_DEG <= place.longitude_deg <= _EAST_DEG
    )


def pins(sites: Iterable[tuple[int, int, str, Place | None]]) -> list[Pin]:
    """A pin for each site, given by id, number, name and place, that is on the map."""
    found = []
    for site_id, number, name, place in sites:
        if place is not None and is_on_map(place):
            x, y = point(place)
            found.append(Pin(site_id=site_id, number=number, name=name, x=x, y=y))
    return found


def _path(corners: str) -> str:
    drawn = []
    for corner in corners.split():
        longitude, latitude = (float(part) for part in corner.split(","))
        x, y = point(Place(latitude_deg=latitude, longitude_deg=longitude))
        drawn.append(f"{x:g} {y:g}")
    return f"M{'L'.join(drawn)}Z"


#: The outline as the ``d`` of an SVG path.
OUTLINE = _path(MAINLAND) + _path(CORSICA)
