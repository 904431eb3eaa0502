"""What Prometheus reads: one collector over the store, the same from every process.

Energies are the meters' own indexes in joules, so that a graph and a bill cannot differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from domain.fleet.node import NodeState
from domain.registers.register import MeterKind
from domain.units import J_PER_WH
from scheduler.ports import ROLE
from store import metric_queries
from store.database import Database
from store.engine.licence_facts import licences_in_force
from store.fleet import site_queries
from store.fleet.site_queries import MeterRow, NodeRow
from store.licences.licences import NO_USE, licence_use
from store.rounds import finished_rounds
from store.rows import Connection

#: From an idle system's milliseconds to a ``Flex`` job's day.
WAIT_BOUNDS_S = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 21600.0, 86400.0)
#: The longest decision is looked for in this past [s].
_LONGEST_DECISION_S = 300.0
_PLACE = ("site", "node", "simulated")
_METER = ("site", "node", "meter", "simulated")


@dataclass(frozen=True, slots=True)
class StoreCollector(Collector):
    """Reads the store once a scrape."""

    database: Database
    connection: Connection

    def collect(self) -> Iterator[Metric]:
        """Every family, in one consistent view."""
        now_s = self.database.now_s(self.connection)
        nodes = site_queries.nodes(self.connection, None)
        yield from _meter_families(site_queries.meters(self.connection, None))
        yield from _node_families(nodes, now_s)
        yield from _reading_families(nodes)
        yield from self._job_families()
        yield from self._licence_families()
        yield from self._service_families(now_s)

    def _job_families(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "chaufferie_jobs", "Jobs that have not ended, by state.", labels=["state"]
        )
        for state, count in metric_queries.open_jobs(self.connection).items():
            jobs.add_metric([state], count)
        yield jobs
        ended = CounterMetricFamily(
            "chaufferie_jobs_ended", "Jobs that ended, by how.", labels=["state"]
        )
        for state, count in metric_queries.ended_jobs(self.connection).items():
            ended.add_metric([state], count)
        yield ended
        upto, number, total_s = metric_queries.first_waits(self.connection, WAIT_BOUNDS_S)
        buckets = [(str(bound_s), float(count)) for bound_s, count in upto.items()]
        yield HistogramMetricFamily(
            "chaufferie_job_wait_seconds",
            "Time from the submission of a job to its first start.",
            buckets=[*buckets, ("+Inf", float(number))],
            sum_value=total_s,
        )

    def _licence_families(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "chaufferie_licence_seats",
            "Seats of counted licences: there in total, in use by jobs, wanted by waiting ones.",
            labels=["licence", "which"],
        )
        seats = licences_in_force(self.connection).seats
        use = licence_use(self.connection)
        for name, total in seats.items():
            its = use.get(name, NO_USE)
            family.add_metric([name, "total"], total)
            family.add_metric([name, "used"], its.used)
            family.add_metric([name, "waiting"], its.waiting)
        yield family

    def _service_families(self, now_s: float) -> Iterator[Metric]:
        decisions = GaugeMetricFamily(
            "chaufferie_decision_seconds",
            "Time the engine took to decide: the last time, and the longest in five minutes.",
            labels=["which"],
        )
        found = metric_queries.decision_durations_s(self.connection, now_s - _LONGEST_DECISION_S)
        if found is not None:
            decisions.add_metric(["last"], found[0])
            decisions.add_metric(["longest"], found[1])
        yield decisions
        yield GaugeMetricFamily(
            "chaufferie_scheduler_lease_seconds",
            "Time until the lease of the scheduler that decides ends; 0 where none does.",
            value=metric_queries.lease_remaining_s(self.connection, ROLE, now_s),
        )
        rounds = GaugeMetricFamily(
            "chaufferie_worker_round_timestamp_seconds",
            "When the worker last finished a round, by what the round is for.",
            labels=["round"],
        )
        for name, finished_at_s in finished_rounds(self.connection).items():
            rounds.add_metric([name], finished_at_s)
        yield rounds
        refused = CounterMetricFamily(
            "chaufferie_readings_refused",
            "Readings that could not be believed, by reason.",
            labels=["site", "node", "code"],
        )
        for site, node, code, count in metric_queries.refused_readings(self.connection):
            refused.add_metric([site, node, code], count)
        yield refused
        waiting, oldest_s = metric_queries.outbox_backlog(self.connection)
        yield GaugeMetricFamily(
            "chaufferie_outbox_messages", "Messages not sent yet.", value=waiting
        )
        yield GaugeMetricFamily(
            "chaufferie_outbox_oldest_age_seconds",
            "Age of the oldest message not sent yet; 0 when there is none.",
            value=0.0 if oldest_s is None else max(now_s - oldest_s, 0.0),
        )


def _meter_families(meters: Iterable[MeterRow]) -> Iterator[Metric]:
    families = {
        MeterKind.HEAT: CounterMetricFamily(
            "chaufferie_heat_delivered_joules",
            "Heat handed to the site: index of the heat meter. E_REUSE of the energy reuse factor.",
            labels=_METER,
        ),
        MeterKind.ELECTRICITY: CounterMetricFamily(
            "chaufferie_electricity_joules",
            "Electricity taken: index of the electricity meter. E_DC of the energy reuse factor.",
            labels=_METER,
        ),
    }
    told = GaugeMetricFamily(
        "chaufferie_meter_last_reading_timestamp_seconds",
        "When the newest index of a meter was taken.",
        labels=_METER,
    )
    for item in meters:
        labels = [item.site_name, item.node_name, item.serial, _flag(value=item.is_simulated)]
        families[MeterKind(item.kind)].add_metric(labels, item.index_wh * J_PER_WH)
        told.add_metric(labels, item.taken_at_s)
    yield from families.values()
    yield told


def _node_families(nodes: Iterable[NodeRow], now_s: float) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "chaufferie_node_up", "1 while work may be sent to the node.", labels=_PLACE
    )
    seen = GaugeMetricFamily(
        "chaufferie_node_last_seen_age_seconds", "Time since the last heartbeat.", labels=_PLACE
    )
    cores = GaugeMetricFamily("chaufferie_node_cores", "Cores by use.", labels=(*_PLACE, "use"))
    for row in nodes:
        labels = [row.site_name, row.name, _flag(value=row.spec.is_simulated)]
        up.add_metric(labels, float(row.state == NodeState.UP))
        if row.last_seen_at_s is not None:
            seen.add_metric(labels, max(now_s - row.last_seen_at_s, 0.0))
        cores.add_metric([*labels, "free"], row.free_cores)
        cores.add_metric([*labels, "held"], row.spec.cores - row.free_cores)
    yield from (up, seen, cores)


def _reading_families(nodes: Iterable[NodeRow]) -> Iterator[Metric]:
    water = GaugeMetricFamily(
        "chaufferie_water_temperature_celsius",
        "Temperature by position: tank (of the site), supply and inlet (coolant of the node).",
        labels=(*_PLACE, "position"),
    )
    power = GaugeMetricFamily("chaufferie_node_power_watts", "Electric power.", labels=_PLACE)
    demand = GaugeMetricFamily(
        "chaufferie_heat_demand_watts", "Heat that the site takes now.", labels=_PLACE
    )
    headroom = GaugeMetricFamily(
        "chaufferie_heat_headroom_joules",
        "Heat that the site can still take before its limit.",
        labels=_PLACE,
    )
    factor = GaugeMetricFamily(
        "chaufferie_time_factor_ratio",
        "Seconds of the plant for one second of the clock; 1 for a real one.",
        labels=_PLACE,
    )
    for row in nodes:
        reading = row.reading
        if reading is None:
            continue
        labels = [row.site_name, row.name, _flag(value=reading.simulated)]
        water.add_metric([*labels, "tank"], reading.water_temp_c)
        water.add_metric([*labels, "supply"], reading.supply_temp_c)
        water.add_metric([*labels, "inlet"], reading.inlet_temp_c)
        power.add_metric(labels, reading.power_w)
        demand.add_metric(labels, reading.heat_demand_w)
        headroom.add_metric(labels, reading.headroom_wh * J_PER_WH)
        factor.add_metric(labels, reading.time_factor)
    yield from (water, power, demand, headroom, factor)


def _flag(*, value: bool) -> str:
    return "true" if value else "false"


def exposition(database: Database, connection: Connection) -> bytes:
    """The page that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    collector = StoreCollector(database, connection)
    registry.register(collector)
    return generate_latest(registry)
