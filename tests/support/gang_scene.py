"""A job of several nodes as its nodes' agents would speak of it."""

from collections.abc import Sequence
from typing import Any

from domain.jobs.delivery import AttemptKey, Completion, CompletionResult, Kill
from domain.jobs.job import EndReason
from domain.jobs.job_spec import JobSpec, Resources
from store.attempts import gang_partings as partings
from store.attempts.claims import Handed
from tests.support.builders import job_spec, node_spec
from tests.support.scene import Scene

BOOT = "boot-1"


def gang_spec(nodes: int = 3, cores: int = 4, **fields: Any) -> JobSpec:  # noqa: ANN401 - any field
    """A job of several nodes."""
    return job_spec(resources=Resources(cores=cores, nodes=nodes, ntasks=nodes), **fields)


class GangScene:
    """Nodes of one site, and a job that was offered to all of them."""

    def __init__(self, scene: Scene, nodes: int = 3, **fields: Any) -> None:  # noqa: ANN401
        """The first node is the one that runs the script."""
        self.scene = scene
        site_id = scene.site()
        names = [f"node-{place}" for place in range(nodes)]
        self.ids = [
            scene.node(name, node_spec(host_name=f"{name}.pool"), site_id=site_id) for name in names
        ]
        self.lead, *self.others = self.ids
        self.job_id = scene.submit(gang_spec(nodes, **fields))
        self.key = AttemptKey(instance_id=self.job_id, attempt=1)
        self.offer(1)

    def offer(self, attempt: int) -> None:
        """Offer the next attempt to the same nodes."""
        self.key = AttemptKey(instance_id=self.job_id, attempt=attempt)
        self.scene.assign(self.job_id, self.lead, attempt, self.others)

    def join(self, node_id: int, *, listens: bool = True) -> Handed:
        """A further node claims its share, and says where it listens."""
        handed = self.scene.claim(node_id)
        if listens:
            self.scene.claim(node_id, sharing={self.key: f"10.0.0.{node_id}:4000"})
        return handed

    def start(self) -> "GangScene":
        """All come, and the script runs."""
        for node_id in self.others:
            self.join(node_id)
        assert self.key in {item.key for item in self.scene.claim(self.lead).claimed}
        return self

    def told(self, node_id: int) -> list[Kill]:
        """What a further node is told to stop."""
        return list(self.scene.claim(node_id, sharing={self.key: f"10.0.0.{node_id}:4000"}).kill)

    def leave(
        self,
        node_id: int,
        reason: EndReason = EndReason.CANCELLED,
        **fields: Any,  # noqa: ANN401 - any field of a completion
    ) -> CompletionResult:
        """A further node reports that its share has ended."""
        report = Completion(key=self.key, boot_id=BOOT, reason=reason, exit_code=None, **fields)
        with self.scene.store.transaction() as tx:
            return partings.end(tx, node_id, [report])[0]

    def all_leave(self, node_ids: Sequence[int] | None = None) -> None:
        """The further nodes do as they are told."""
        for node_id in self.others if node_ids is None else node_ids:
            self.leave(node_id)

    def beat(self, node_id: int, boot_id: str = BOOT) -> list[Kill]:
        """A heartbeat of a node that holds its part."""
        part = {"holding": [self.key]} if node_id == self.lead else {"sharing": [self.key]}
        return list(self.scene.heartbeat(node_id, boot_id, **part).kill)
