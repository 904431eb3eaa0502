"""By which of its interfaces the machine has an address."""

import fcntl
import socket
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv6Address

#: linux/sockios.h: the address of an interface, and the mask of its network.
_SIOCGIFADDR, _SIOCGIFNETMASK = 0x8915, 0x891B
_NAME_BYTES, _REQUEST = 16, "16s2x2x4s16x"


def interface_of(address: IPv4Address | IPv6Address) -> str | None:
    """The interface that has this address, or whose network it is in; None where none has.

    The kernel names one IPv4 address for each interface: a second one is found by its network.
    """
    if address.version != 4:  # noqa: PLR2004 - of the protocol
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        found = {name: _network_of(asked, name) for _, name in socket.if_nameindex()}
    known = {name: one for name, one in found.items() if one is not None}
    own = next((name for name, one in known.items() if one.ip == address), None)
    return own or next((name for name, one in known.items() if address in one.network), None)


def _network_of(asked: socket.socket, name: str) -> IPv4Interface | None:
    try:
        own, mask = (_ask(asked, order, name) for order in (_SIOCGIFADDR, _SIOCGIFNETMASK))
    except OSError:
        return None  # It has none, or is gone.
    return IPv4Interface(f"{own}/{mask}")


def _ask(asked: socket.socket, order: int, name: str) -> str:
    request = struct.pack(_REQUEST, name.encode()[: _NAME_BYTES - 1], b"")
    answer = fcntl.ioctl(asked.fileno(), order, request)
    return socket.inet_ntoa(struct.unpack(_REQUEST, answer)[1])
