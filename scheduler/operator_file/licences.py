"""The operator's file, as far as it declares licence servers."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.fleet.licences import MOST_SEATS, NAME_PATTERN, LicenceServer, LicenceServers
from domain.refusal import Refused
from scheduler.operator_file.reading import read_toml

TABLE = "licence_servers"
_MOST_SERVERS = 100
_MOST_PORTS = 8
#: One, or a triad: FlexLM knows no other number.
_NUMBERS_OF_HOSTS = frozenset({1, 3})
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")

Port = Annotated[int, Field(ge=1, le=65_535, strict=True)]
Seats = Annotated[int, Field(ge=0, le=MOST_SEATS, strict=True)]
Name = Annotated[str, Field(pattern=rf"^{NAME_PATTERN}$")]


class LicenceServerTable(BaseModel):
    """One table ``[[licence_servers]]``."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    hosts: list[str]
    ports: list[Port] = Field(min_length=1, max_length=_MOST_PORTS)
    seats: dict[Name, Seats] = Field(default_factory=dict)
    tenants: list[str] | None = None

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        if len(value) not in _NUMBERS_OF_HOSTS or len(set(value)) != len(value):
            message = f"write one host, or the three of a triad, not {len(value)}"
            raise ValueError(message)
        wrong = next((host for host in value if not _HOST.fullmatch(host)), None)
        if wrong is not None:
            message = f"{wrong[:60]!r} is no host; write a name or an IPv4 address without a port"
            raise ValueError(message)
        return value

    @field_validator("ports")
    @classmethod
    def _are_different(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            message = "a port stands there twice"
            raise ValueError(message)
        return value

    def server(self) -> LicenceServer:
        """What it says."""
        return LicenceServer(
            name=self.name,
            hosts=tuple(self.hosts),
            ports=tuple(self.ports),
            seats=self.seats,
            tenants=None if self.tenants is None else tuple(self.tenants),
        )


def _told_apart(tables: list[LicenceServerTable]) -> list[LicenceServerTable]:
    """The same; a ``ValueError`` where two declare one name, or one address."""
    names: set[str] = set()
    licences: set[str] = set()
    for one in tables:
        if one.name in names:
            message = f"two servers are named {one.name!r}"
            raise ValueError(message)
        twice = sorted(licences & set(one.seats))
        if twice:
            message = f"the licence {twice[0]!r} is counted by two servers; name one of them anew"
            raise ValueError(message)
        names.add(one.name)
        licences |= set(one.seats)
    return tables


LicenceServerTables = Annotated[
    list[LicenceServerTable], Field(max_length=_MOST_SERVERS), AfterValidator(_told_apart)
]


class _FileIn(BaseModel):
    licence_servers: LicenceServerTables = Field(default_factory=list)


def servers_of(tables: list[LicenceServerTable]) -> LicenceServers:
    """What they say together."""
    return LicenceServers(servers=tuple(one.server() for one in tables))


def read_licence_servers(named: Path | None, data_dir: Path) -> LicenceServers | Refused:
    """What the file that was named declares, or the one in the data directory if there is one."""
    file = read_toml(named, data_dir)
    if isinstance(file, Refused):
        return file
    try:
        ours = {name: file.tables[name] for name in (TABLE,) if name in file.tables}
        return servers_of(_FileIn.model_validate(ours).licence_servers)
    except ValidationError as error:
        return file.slip(error)
