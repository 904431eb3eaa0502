"""Licences of simulation programs, as the server counts them."""

from dataclasses import dataclass

from chaufferie.sdk.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceView:
    """A licence, its seats, and who waits for them."""

    name: str
    server: str  #: The name of the licence server that gives it out.
    total: int
    used: int
    free: int
    waiting: int  #: Seats that waiting jobs would take.
    waiting_jobs: int


def read_licences(transport: Transport) -> tuple[LicenceView, ...]:
    """The licences that a key's tenant may use; an operator's all."""
    found = transport.get("/v1/licences")["licences"]
    return tuple(
        LicenceView(
            name=item["name"],
            server=item["server"],
            total=item["total"],
            used=item["used"],
            free=item["free"],
            waiting=item["waiting"],
            waiting_jobs=item["waiting_jobs"],
        )
        for item in found
    )
