"""The numbers of things by the names that people type."""

from typing import TYPE_CHECKING

from chaufferie.sdk.errors import NotFoundError

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client


def site_id_of(client: "Client", name: str) -> int:
    """The number of the site of this name or number; raises ``NotFoundError``."""
    found = client.transport.get("/v1/sites")["sites"]
    numbers = [site["site_id"] for site in found if name in {site["name"], str(site["site_id"])}]
    if not numbers:
        known = ", ".join(site["name"] for site in found) or "none"
        raise NotFoundError(f"There is no site {name!r}; there are: {known}.")
    return int(numbers[0])
