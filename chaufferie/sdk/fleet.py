"""Sites, nodes and heat, as the server shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")
_LISTS = ("gpus", "features", "profiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """A place that wants heat, and how much."""

    site_id: int
    name: str
    nodes: tuple[int, ...]  #: Their ids.
    limit_temp_c: float | None = None
    floor_temp_c: float | None = None  #: Water at this temperature holds no useful heat.
    is_preheat: bool | None = None  #: The boiler stands behind the tank, not in it.
    storage_wh_per_k: float | None = None
    water_temp_c: float | None = None
    heat_demand_w: float | None = None
    headroom_wh: float | None = None  #: Heat it can still take before its limit.
    heat_register_wh: int | None = None
    heat_delivered_wh: int | None = None
    is_simulated: bool = False
    time_factor: float = 1.0  #: Simulated seconds in a second.
    reading_age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A server-boiler, and what it is doing."""

    node_id: int
    name: str
    site: str
    state: str
    cores: int
    free_cores: int
    cores_are_shared: bool = False  #: With other nodes on the same machine.
    mem_mib: int | None = None
    gpus: tuple[str, ...] = ()  #: The model of each.
    features: tuple[str, ...] = ()  #: What `--constraint` may ask for.
    profiles: tuple[str, ...] = ()  #: Programs with their versions: ``openfoam/2312``.
    network: str = "open"  #: ``closed``: its jobs are kept off it, but for a few doors.
    power_w: float | None = None
    water_temp_c: float | None = None
    control_state: str | None = None
    power_cap_frac: float | None = None  #: Of its power, as advised by the scheduler.
    last_seen_age_s: float | None = None
    running: int = 0
    is_simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileVersion:
    """One version of a program, and the names of the nodes that have it."""

    version: str  #: Empty where the program does not say.
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A program that jobs may name by ``profile``, and where it can run."""

    name: str
    versions: tuple[ProfileVersion, ...]  #: Newest first.
    title: str = ""
    licence: str = ""
    notes: str = ""
    command: str = ""  #: What runs where a job names nothing; empty = it must name something.
    most_tasks: int | None = None
    licence_servers: tuple[str, ...] = ()  #: Names of those that it reaches.
    licences: Mapping[str, str] = field(default_factory=dict)  #: ``per job`` or ``per core``.


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHeat:
    """Heat delivered to one site: the difference of two indexes of its meter."""

    site_id: int
    name: str
    from_s: float
    to_s: float
    heat_wh: int | None = None
    electricity_wh: int | None = None
    first_index_wh: int | None = None
    last_index_wh: int | None = None
    heat_meter_serial: str | None = None
    is_simulated: bool = False
    time_factor: float = 1.0
    erf: float | None = None  #: Energy reuse factor, ISO/IEC 30134-6.
    water_first_c: float | None = None
    water_last_c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatTotal:
    """The sums over the sites."""

    heat_wh: int | None = None
    electricity_wh: int | None = None
    erf: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Heat delivered between two instants."""

    sites: tuple[SiteHeat, ...]
    total: HeatTotal


def read_sites(document: Mapping[str, Any]) -> tuple[SiteView, ...]:
    """The sites of an answer."""
    return tuple(
        _read(SiteView, {**site, "nodes": tuple(site["nodes"])}) for site in document["sites"]
    )


def read_nodes(document: Mapping[str, Any]) -> tuple[NodeView, ...]:
    """The nodes of an answer."""
    return tuple(
        _read(NodeView, {**node, **{name: tuple(node.get(name, ())) for name in _LISTS}})
        for node in document["nodes"]
    )


def read_profiles(document: Mapping[str, Any]) -> tuple[Profile, ...]:
    """The programs of an answer."""
    return tuple(
        _read(
            Profile,
            {
                **item,
                "versions": tuple(map(_read_version, item["versions"])),
                "licence_servers": tuple(item.get("licence_servers", ())),
            },
        )
        for item in document["profiles"]
    )


def _read_version(document: Mapping[str, Any]) -> ProfileVersion:
    names = tuple(node["name"] for node in document["nodes"])
    return ProfileVersion(version=document["version"], nodes=names)


def read_heat(document: Mapping[str, Any]) -> Heat:
    """The heat of an answer."""
    return Heat(
        sites=tuple(_each(SiteHeat, document["sites"])),
        total=_read(HeatTotal, document["total"]),
    )


def _each(kind: type[T], documents: Iterable[Mapping[str, Any]]) -> Iterable[T]:
    return (_read(kind, document) for document in documents)


def _read(kind: type[T], document: Mapping[str, Any]) -> T:
    """The known fields: a newer server may say more."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: value for key, value in document.items() if key in known})
