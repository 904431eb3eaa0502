"""The doors in a job's fence: which hosts and ports it reaches, and under which addresses there.

Inside there is a loopback interface and nothing else. A host that is named stands for an address
of it, by a ``/etc/hosts`` of the job's own; one that is an address becomes one of it. So a program
that was told ``port@host``, or is told another port of the same host by its licence manager, finds
it as anywhere.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, ip_address
from typing import Any
from urllib.parse import urlsplit

_USUAL_PORTS = {"http": 80, "https": 443}
_LOCALHOST = "localhost"
_LOOPBACK = "127.0.0.1"
#: Addresses of loopback that stand for hosts that are named; no program uses these by itself.
_FIRST_ADDRESS = int(IPv4Address("127.83.0.1"))
#: More are a slip in the operator's file.
MOST_DOORS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One port of one host, and the address under which the job finds it."""

    host: str
    port: int
    address: str  #: Of the loopback interface inside.


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """All that one job is let reach."""

    doors: tuple[Door, ...]
    hosts_file: str  #: Its ``/etc/hosts``.
    hidden: tuple[str, ...] = ()  #: Sockets through which something outside would act for it.


def doors_to(targets: Iterable[tuple[str, int]]) -> tuple[Door, ...]:
    """A door for each host and port, each host under one address."""
    addresses: dict[str, str] = {}
    found: dict[tuple[str, int], Door] = {}
    for host, port in targets:
        name = host.lower()
        if name not in addresses:
            addresses[name] = _address(name, len(addresses))
        found[name, port] = Door(host=host, port=port, address=addresses[name])
    return tuple(found.values())[:MOST_DOORS]


def _address(name: str, number: int) -> str:
    if name == _LOCALHOST:
        return _LOOPBACK
    try:
        return str(IPv4Address(name))
    except ValueError:
        return str(IPv4Address(_FIRST_ADDRESS + number))


def target_of(url: str) -> tuple[str, int] | None:
    """Host and port of a URL; None where the host is no name and no IPv4 address."""
    parts = urlsplit(url)
    host = parts.hostname
    if not host or ":" in host:
        return None
    return host, parts.port or _USUAL_PORTS.get(parts.scheme, 443)


def hosts_text(doors: Sequence[Door], own_name: str, outside: str) -> str:
    """The job's ``/etc/hosts``: the doors and itself first, then what the machine's says besides.

    A host is found by its short name too: licence managers often call themselves so.
    """
    lines = [f"{_LOOPBACK} {_LOCALHOST} {own_name}", f"::1 {_LOCALHOST}"]
    known = {_LOCALHOST, own_name.lower()}
    for host, address in dict.fromkeys((door.host, door.address) for door in doors):
        if _is_address(host):
            continue
        names = [
            name for name in dict.fromkeys((host, host.split(".")[0])) if name.lower() not in known
        ]
        known |= {name.lower() for name in names}
        if names:
            lines.append(f"{address} {' '.join(names)}")
    for line in outside.splitlines():
        words = line.partition("#")[0].split()
        if words and known.isdisjoint(word.lower() for word in words[1:]):
            lines.append(" ".join(words))
    return "".join(f"{line}\n" for line in lines)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def fence_text(fence: Fence) -> str:
    """The fence as JSON."""
    return json.dumps(asdict(fence))


def load_fence(text: str) -> Fence:
    """The fence that ``fence_text`` wrote."""
    plain: Mapping[str, Any] = json.loads(text)
    return Fence(
        doors=tuple(Door(**door) for door in plain["doors"]),
        hosts_file=plain["hosts_file"],
        hidden=tuple(plain["hidden"]),
    )
