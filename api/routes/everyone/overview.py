"""What the page shows: one look at sites, nodes, heat and jobs, in the units people read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.fleet.heat import heat_report
from api.jobs.explain import waiting_sentences
from api.security import tenant_seen_by
from domain.access import Principal, Scope
from domain.jobs.job import FINAL_STATES, HOLDING_STATES, JobState
from domain.units import W_PER_KW, WH_PER_KWH
from scheduler.explaining.beliefs import Beliefs, believe
from scheduler.explaining.wording import in_words
from store.database import Database
from store.fleet import site_queries
from store.fleet.site_queries import NodeRow, SiteRow
from store.jobs import job_lists, job_queries
from store.jobs.job_filters import JobsWanted
from store.rows import Connection

#: The drawn tank: what its bottom and its top stand for [degC], and its height in the drawing.
_SCALE_C = (5.0, 60.0)
TANK_HEIGHT = 120
#: Colours of water from the cold to the hot end of the scale: red, green, blue.
_COLOURS_RGB = ((47, 143, 196), (232, 168, 56), (214, 66, 28))
_MOST_SHOWN = 12
_HOLDING = [state.value for state in HOLDING_STATES]
_WAITING = [JobState.QUEUED.value, JobState.HELD.value, JobState.BLOCKED.value]
_ENDED = [state.value for state in FINAL_STATES]


@dataclass(frozen=True, slots=True, kw_only=True)
class TankView:
    """A site as drawn: lengths in the drawing's own units, from the top."""

    name: str
    water_temp_c: float | None
    limit_temp_c: float
    water_top: float
    limit_top: float
    colour: str
    demand_kw: float | None
    heat_kwh: float | None
    register_kwh: float | None
    is_simulated: bool
    time_factor: float | None
    age: str | None
    nodes: Sequence["NodeLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLine:
    """A node in a site's card."""

    name: str
    state: str
    power_kw: float | None
    cores: int
    busy_cores: int
    cores_are_shared: bool
    control_state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job in the table."""

    job_id: int
    name: str
    state: str
    scheduling_type: str
    cores: int
    place: str | None
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole page."""

    sites: Sequence[TankView] | None  #: None = this key may not see them.
    jobs: Sequence[JobLine] | None
    heat_kwh: float | None
    electricity_kwh: float | None
    erf: float | None
    is_simulated: bool
    running: int
    waiting: int


def overview(database: Database, connection: Connection, principal: Principal) -> Overview:
    """What this key may see, now."""
    now_s = database.now_s(connection)
    sees_sites = bool({Scope.NODES_READ, Scope.HEAT_READ} & principal.scopes)
    sees_jobs = Scope.JOBS_READ in principal.scopes
    heat = heat_report(connection, principal.site_ids, None, now_s) if sees_sites else None
    total = heat["total"] if heat is not None else {}
    jobs = _jobs(database, connection, principal, now_s) if sees_jobs else None
    counts = (
        job_queries.count_by_state(connection, _HOLDING + _WAITING, tenant_seen_by(principal))
        if sees_jobs
        else {}
    )
    return Overview(
        sites=None if heat is None else _sites(connection, principal, heat, now_s),
        jobs=jobs,
        heat_kwh=_kilo(total.get("heat_wh")),
        electricity_kwh=_kilo(total.get("electricity_wh")),
        erf=total.get("erf"),
        is_simulated=bool(total.get("is_simulated")),
        running=sum(counts.get(state, 0) for state in _HOLDING),
        waiting=sum(counts.get(state, 0) for state in _WAITING),
    )


def _sites(
    connection: Connection, principal: Principal, heat: dict[str, Any], now_s: float
) -> list[TankView]:
    nodes = site_queries.nodes(connection, principal.site_ids)
    by_id = {site["site_id"]: site for site in heat["sites"]}
    return [
        _tank(row, [node for node in nodes if node.site_id == row.site_id], by_id, now_s)
        for row in site_queries.sites(connection, principal.site_ids)
    ]


def _tank(
    row: SiteRow, nodes: Sequence[NodeRow], heat: dict[int, dict[str, Any]], now_s: float
) -> TankView:
    readings = [node.reading for node in nodes if node.reading is not None]
    newest = max(readings, key=lambda item: item.taken_at_s, default=None)
    delivered = heat.get(row.site_id, {})
    water_c = None if newest is None else newest.water_temp_c
    return TankView(
        name=row.spec.name,
        water_temp_c=water_c,
        limit_temp_c=row.spec.limit_temp_c,
        water_top=_from_top(_SCALE_C[0] if water_c is None else water_c),
        limit_top=_from_top(row.spec.limit_temp_c),
        colour=_colour(water_c),
        demand_kw=None if newest is None else newest.heat_demand_w / W_PER_KW,
        heat_kwh=_kilo(delivered.get("heat_wh")),
        register_kwh=_kilo(delivered.get("last_index_wh")),
        is_simulated=bool(delivered.get("is_simulated")),
        time_factor=None if newest is None else newest.time_factor,
        age=None if newest is None else in_words(max(now_s - newest.taken_at_s, 0.0)),
        nodes=[_node_line(node) for node in nodes],
    )


def _node_line(node: NodeRow) -> NodeLine:
    reading = node.reading
    return NodeLine(
        name=node.name,
        state=node.state,
        power_kw=None if reading is None else reading.power_w / W_PER_KW,
        cores=node.spec.cores,
        busy_cores=node.spec.cores - node.free_cores,
        cores_are_shared=node.spec.cores_are_shared,
        control_state=None if reading is None else reading.control_state,
    )


def _frac(temp_c: float) -> float:
    low, high = _SCALE_C
    return min(max((temp_c - low) / (high - low), 0.0), 1.0)


def _from_top(temp_c: float) -> float:
    return round(TANK_HEIGHT * (1.0 - _frac(temp_c)), 1)


def _colour(temp_c: float | None) -> str:
    place = (0.0 if temp_c is None else _frac(temp_c)) * (len(_COLOURS_RGB) - 1)
    lower = min(int(place), len(_COLOURS_RGB) - 2)
    pairs = zip(_COLOURS_RGB[lower], _COLOURS_RGB[lower + 1], strict=True)
    parts = (round(cold + (hot - cold) * (place - lower)) for cold, hot in pairs)
    return "#" + "".join(f"{part:02x}" for part in parts)


def _kilo(value_wh: float | None) -> float | None:
    return None if value_wh is None else value_wh / WH_PER_KWH


def _jobs(
    database: Database, connection: Connection, principal: Principal, now_s: float
) -> list[JobLine]:
    tenant_id = tenant_seen_by(principal)
    held = job_lists.page(
        connection, tenant_id=tenant_id, wanted=JobsWanted(states=_HOLDING), limit=_MOST_SHOWN
    )
    waiting = job_lists.page(
        connection,
        tenant_id=tenant_id,
        wanted=JobsWanted(states=_WAITING),
        limit=_MOST_SHOWN,
        oldest_first=True,
    )
    ended = job_lists.page(
        connection, tenant_id=tenant_id, wanted=JobsWanted(states=_ENDED), limit=_MOST_SHOWN
    )
    waits = any(row["state"] == JobState.QUEUED for row in waiting)
    beliefs = believe(database, connection) if waits else None
    ids = {row["id"] for row in waiting}
    reasons = {} if beliefs is None else waiting_sentences(beliefs, ids)
    once = {row["id"]: row for row in (*ended, *waiting, *held)}  # An array may be all of these.
    shown = [row for row in (*held, *waiting, *ended) if once.pop(row["id"], None) is not None]
    return [_job_line(row, reasons, beliefs, now_s) for row in shown]


def _job_line(
    row: dict[str, Any], reasons: dict[int, str], beliefs: Beliefs | None, now_s: float
) -> JobLine:
    from_spec = job_queries.shown_of_spec(row["spec"])
    return JobLine(
        job_id=row["id"],
        name=row["name"],
        state=row["state"],
        scheduling_type=from_spec[0],
        cores=from_spec[1],
        place=row["site"],
        remark=_remark(row, reasons, beliefs, now_s),
    )


def _remark(
    row: dict[str, Any], reasons: dict[int, str], beliefs: Beliefs | None, now_s: float
) -> str:
    """Why it waits, how long it runs, or how it ended."""
    if "counts" in row:
        return ", ".join(f"{count} {state}" for state, count in row["counts"].items())
    state = JobState(row["state"])
    if state is JobState.QUEUED and beliefs is not None:
        many = f"{len(beliefs.waiting)} jobs or more are ahead of it."
        return reasons.get(row["id"], many)
    if state is JobState.HELD:
        return f"Held until it is released: chaufferie release {row['id']}"
    if state in FINAL_STATES:
        code = "" if not row["exit_code"] else f", exit code {row['exit_code']}"
        ago = in_words(max(now_s - (row["finished_at_s"] or now_s), 0.0))
        return f"{(row['reason'] or '').replace('_', ' ')}{code}, {ago} ago".lstrip(", ")
    if row["started_at_s"] is not None:
        return f"for {in_words(max(now_s - row['started_at_s'], 0.0))}"
    return "offered to its node"
