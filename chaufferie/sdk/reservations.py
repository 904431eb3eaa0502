"""Reservations: nodes that the operator sets aside for a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaufferie.sdk.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Nodes that are set aside."""

    reservation_id: int
    name: str
    starts_at_s: float  #: Unix time.
    ends_at_s: float
    nodes: tuple[str, ...]
    tenant: str | None  #: None = maintenance: nobody runs there.
    project: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What became of a wish."""

    reservation_id: int
    nodes: tuple[str, ...]
    lasting_into: tuple[int, ...]  #: Jobs that run there and may last into it.


class Reservations:
    """The reservations of a server."""

    def __init__(self, transport: Transport) -> None:
        """Ask by this transport."""
        self._transport = transport

    def list(self) -> tuple[Reservation, ...]:
        """Those that last or are to come: your own and maintenance; the operator's all."""
        found = self._transport.get("/v1/reservations")["reservations"]
        return tuple(_read(item) for item in found)

    def add(
        self,
        name: str,
        *,
        starts_at_s: float,
        duration_s: float,
        nodes: Sequence[str] = (),
        site: str | None = None,
        tenant: str | None = None,
        project: str | None = None,
    ) -> Reserved:
        """Set these nodes, or all of a site, aside; for nobody where no tenant is named."""
        body: dict[str, Any] = {
            "name": name,
            "starts_at_s": starts_at_s,
            "duration_s": duration_s,
            "nodes": [*nodes],
        }
        whose = {"site": site, "tenant": tenant, "project": project}
        body |= {key: value for key, value in whose.items() if value is not None}
        answer = self._transport.post_once("/v1/reservations", body)
        return Reserved(
            reservation_id=answer["reservation_id"],
            nodes=tuple(answer["nodes"]),
            lasting_into=tuple(answer["lasting_into"]),
        )

    def delete(self, reservation_id: int) -> None:
        """Set its nodes free."""
        self._transport.delete(f"/v1/reservations/{reservation_id}")


def _read(item: Mapping[str, Any]) -> Reservation:
    return Reservation(
        reservation_id=item["reservation_id"],
        name=item["name"],
        starts_at_s=item["starts_at_s"],
        ends_at_s=item["ends_at_s"],
        nodes=tuple(item["nodes"]),
        tenant=item["tenant"],
        project=item["project"],
    )
