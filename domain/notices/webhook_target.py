"""Where a webhook may point: only to what the operator allows, and never by a detour.

An address is read by one strict pattern, so that nobody after us can read it otherwise.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from domain.refusal import Refused

LONGEST_URL = 1000
_PORTS = {"https": 443, "http": 80}
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9/._~!$&'()*+,;=:@%?-]*)?"
)
_LARGEST_PORT = 65_535
#: 64:ff9b::/96 (RFC 6052) leads to any IPv4 address, the inner network's too.
_NAT64 = 0x0064_FF9B_0000_0000_0000_0000


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A server: what the operator allows, or does not."""

    scheme: str
    host: str  #: As in the address; of IPv6 within brackets.
    port: int

    @property
    def is_usual_port(self) -> bool:
        """Whether the port goes without saying."""
        return self.port == _PORTS[self.scheme]

    def __str__(self) -> str:
        """As the operator would write it."""
        port = "" if self.is_usual_port else f":{self.port}"
        scheme = "" if self.scheme == "https" else f"{self.scheme}://"
        return f"{scheme}{self.host}{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An address that may be told."""

    origin: Origin
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedOrigins:
    """What the operator allows; nothing, where nothing is said."""

    public: frozenset[Origin] = frozenset()
    private: frozenset[Origin] = frozenset()  #: These may have an address of the inner network.

    def check(self, url: str) -> WebhookTarget | Refused:
        """The address taken apart, if it may be told."""
        target = parse_url(url)
        if target is None:
            return Refused(
                code="webhook.url",
                sentence="That is no address for a webhook; write https://HOST[:PORT]/PATH in "
                "small letters, without a user, a fragment or anything to be decoded.",
            )
        if target.origin not in self.public | self.private:
            return Refused(
                code="webhook.host",
                sentence=f"The operator does not allow webhooks to {target.origin}; ask for it "
                "to be added to CHAUFFERIE_WEBHOOK_HOSTS.",
            )
        return target

    def may_connect(self, origin: Origin, address: str) -> bool:
        """Whether this address is one that the name of the server may stand for."""
        return origin in self.private or is_public_address(address)


def parse_url(url: str) -> WebhookTarget | None:
    """The address taken apart; None where it is not written as plainly as can be."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None:
        return None
    port = int(found["port"] or _PORTS[found["scheme"]])
    if port > _LARGEST_PORT or ".." in found["host"]:
        return None
    origin = Origin(scheme=found["scheme"], host=found["host"], port=port)
    return WebhookTarget(origin=origin, path=found["path"] or "/")


def parse_origins(text: str, variable: str) -> frozenset[Origin] | Refused:
    """The servers in ``hooks.lab.example,http://localhost:8000``, or what is wrong with it."""
    found: set[Origin] = set()
    for word in (word.strip() for word in text.split(",")):
        if not word:
            continue
        target = parse_url(word if "://" in word else f"https://{word}")
        if target is None or target.path != "/":
            return Refused(
                code="settings.webhook_hosts",
                sentence=f"{variable} holds {word[:100]!r}; write HOST, HOST:PORT or "
                "http://HOST:PORT, with commas between.",
            )
        found.add(target.origin)
    return frozenset(found)


def is_public_address(text: str) -> bool:
    """Whether this is an address of the open internet, also behind every wrapping of IPv6."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public_address(str(inner))
        if address.teredo is not None or int(address) >> 32 == _NAT64:
            return False
    is_of_nobody = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_of_nobody
