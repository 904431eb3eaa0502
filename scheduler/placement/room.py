"""What is free on each node while a plan is being made, and the heat already promised to it."""

from dataclasses import dataclass

from domain.commands import Candidate
from domain.events import JobQueued, ReadingTaken
from domain.sizing import core_need, mem_need_mib
from scheduler.placement.cluster import NodeBelief
from scheduler.placement.policy import View

#: A reading older than this says nothing of the water any more [s].
READING_STALE_S = 60.0
#: A busy node is offered the work of its next quarter second ahead, so that freed cores wait for
#: no round trip; never more than this many cores, and only work known to be short.
AHEAD_S = 0.25
MOST_AHEAD_CORES = 128
SHORT_JOB_S = 1.0


@dataclass(slots=True)
class Room:
    """One node during one plan."""

    node: NodeBelief
    reading: ReadingTaken
    free_cores: int
    free_mem_mib: int
    ahead_cores: int
    promised_wh: float

    @property
    def promised_temp_c(self) -> float:
        """Water temperature once the promised heat has arrived, draw not counted [degC]."""
        return self.reading.water_temp_c + self.promised_wh / self.node.facts.storage_wh_per_k

    def job_heat_wh(self, job: JobQueued, expected_s: float) -> float:
        """Heat that the job would bring to this node's water [Wh]."""
        power_w = self.node.job_power_w(core_need(job, self.node.facts))
        return power_w * expected_s * self.reading.time_factor / 3600.0

    def fits(self, job: JobQueued, *, is_short: bool) -> bool:
        """Whether the job may be offered to the node now."""
        need = core_need(job, self.node.facts)
        if need <= self.free_cores and mem_need_mib(job, self.node.facts) <= self.free_mem_mib:
            return True
        may_queue = is_short and not job.whole_node and job.mem_mib is None
        return may_queue and need <= self.free_cores + self.ahead_cores

    def take(self, job: JobQueued, expected_s: float) -> None:
        """Count the job as placed here."""
        self.free_cores -= core_need(job, self.node.facts)
        self.free_mem_mib -= mem_need_mib(job, self.node.facts)
        self.promised_wh += self.job_heat_wh(job, expected_s)

    def candidate(self) -> Candidate:
        """The node as it stood when it was considered."""
        return Candidate(
            node_id=self.node.facts.node_id,
            node_name=self.node.facts.name,
            water_temp_c=round(self.reading.water_temp_c, 2),
            promised_temp_c=round(self.promised_temp_c, 2),
            free_cores=max(self.free_cores, 0),
            score=round(-self.promised_temp_c, 3),
        )


def open_rooms(view: View) -> list[Room]:
    """The nodes that may be given work: up, with a fresh reading, not held by local control."""
    rooms = []
    for node_id in sorted(view.state.open_nodes):
        node = view.state.nodes[node_id]
        reading = node.reading
        if reading is None or not reading.accepts_work:
            continue
        if view.now_s - reading.taken_at_s > READING_STALE_S:
            continue
        rooms.append(
            Room(
                node=node,
                reading=reading,
                free_cores=node.facts.cores - node.used_cores,
                free_mem_mib=node.facts.mem_mib - node.used_mem_mib,
                ahead_cores=min(MOST_AHEAD_CORES, int(node.turnover_at(view.now_s) * AHEAD_S)),
                promised_wh=promised_wh(node, reading, view.now_s),
            )
        )
    return rooms


def promised_wh(node: NodeBelief, reading: ReadingTaken, now_s: float) -> float:
    """Heat that the jobs on this node are still expected to bring [Wh]."""
    total_wh = 0.0
    for occupation in node.occupations.values():
        elapsed_s = now_s - occupation.since_s if occupation.is_running else 0.0
        remaining_s = max(occupation.expected_s - elapsed_s, 0.0)
        total_wh += node.job_power_w(occupation.cores) * remaining_s
    return total_wh * reading.time_factor / 3600.0
