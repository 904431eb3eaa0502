"""Licences of simulation programs: the servers that give them out, and what jobs take of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

#: What a licence may be called: as in FlexLM, letters and digits first, then a few signs.
NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_.+-]{0,63}"
#: More seats of one licence are a slip.
MOST_SEATS = 1_000_000
#: Different licences that one job may take.
MOST_OF_A_JOB = 16
_ONE = re.compile(rf"({NAME_PATTERN})(?::([0-9]{{1,7}}))?", re.ASCII)

#: What a job takes, one ``name:number`` for each licence, by name.
Licences = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceServer:
    """A licence manager that jobs may reach, and how many seats of what it gives out."""

    name: str
    hosts: tuple[str, ...]  #: One, or the three of a redundant manager.
    ports: tuple[int, ...]  #: Of each host: the manager's, and its vendor daemon's fixed one.
    seats: Mapping[str, int]  #: That may be in use by jobs at once, by licence.
    tenants: tuple[str, ...] | None = None  #: Who may use it; None = everybody.

    def serves(self, tenant: str | None) -> bool:
        """Whether jobs of this tenant may use it."""
        return self.tenants is None or tenant in self.tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceServers:
    """All that the operator declared."""

    servers: tuple[LicenceServer, ...] = ()

    def seats(self) -> dict[str, int]:
        """Seats of every licence, by name."""
        found = {name: count for one in self.servers for name, count in one.seats.items()}
        return dict(sorted(found.items()))

    def serving(self, tenant: str | None) -> "LicenceServers":
        """Those that a tenant may use."""
        return LicenceServers(servers=tuple(one for one in self.servers if one.serves(tenant)))


def plain_server(server: LicenceServer) -> dict[str, Any]:
    """What a node is told of a server."""
    return {
        "name": server.name,
        "hosts": list(server.hosts),
        "ports": list(server.ports),
        "seats": dict(server.seats),
    }


def servers_of_plain(plain: Iterable[Mapping[str, Any]]) -> tuple[LicenceServer, ...]:
    """The servers that ``plain_server`` told of."""
    return tuple(
        LicenceServer(
            name=one["name"],
            hosts=tuple(one["hosts"]),
            ports=tuple(one["ports"]),
            seats=one["seats"],
        )
        for one in plain
    )


def licences_of(counts: Mapping[str, int]) -> Licences:
    """The one spelling under which these are stored; what is none is left out."""
    return tuple(f"{name}:{counts[name]}" for name in sorted(counts) if counts[name])


@lru_cache(maxsize=1024)
def counts_of(licences: Licences) -> Mapping[str, int]:
    """How many seats of each licence these are."""
    split = (one.rpartition(":") for one in licences)
    return {name: int(count) for name, _, count in split}


def parse_licences(text: str) -> Licences | None:
    """``starccm:2,hpc`` as a job asks for it; None where it is written otherwise."""
    found: dict[str, int] = {}
    for part in text.split(","):
        one = _ONE.fullmatch(part.strip())
        count = 0 if one is None else int(one[2] or 1)
        if one is None or not 1 <= count <= MOST_SEATS or one[1] in found:
            return None
        found[one[1]] = count
    return licences_of(found) if len(found) <= MOST_OF_A_JOB else None


def in_words(licences: Sequence[str]) -> str:
    """``2 seats of starccm and 1 of hpc``."""
    counts = counts_of(tuple(licences))
    words = [f"{count} of {name}" for name, count in counts.items()]
    if words:
        count, rest = words[0].split(" ", 1)
        words[0] = f"{count} {'seat' if count == '1' else 'seats'} {rest}"
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + "".join(words[-1:])
