"""What the enrolled nodes could ever hold, so that an impossible request is refused at submit."""

import time
from collections.abc import Sequence
from dataclasses import replace

from api.services import Services
from domain.job_spec import JobSpec
from domain.node import NodeSpec
from domain.refusal import Refused
from domain.sizing import fits
from store import site_queries

#: Inventories change when a node is enrolled or declares itself anew [s].
_BELIEVED_S = 2.0
_MIB_PER_GIB = 1024
_MOST_NAMES_SHOWN = 5

NO_NODES_YET = "No node is enrolled yet: the job waits for the first one."
Sizes = Sequence[tuple[str, NodeSpec]]


class Capacity:
    """The sizes of the enrolled nodes, read anew now and then."""

    def __init__(self, services: Services) -> None:
        """Read from this store."""
        self._services = services
        self._sizes: Sizes = ()
        self._read_at_s = -_BELIEVED_S

    async def sizes(self) -> Sizes:
        """Name and inventory of every enrolled node, up or not."""
        now_s = time.monotonic()
        if now_s - self._read_at_s >= _BELIEVED_S:
            self._sizes = await self._services.read(site_queries.node_specs)
            self._read_at_s = now_s
        return self._sizes


def fitting(job: JobSpec, sizes: Sizes) -> list[str]:
    """The nodes that could hold this job."""
    return [name for name, spec in sizes if fits(job.resources, spec) and name not in job.excluded]


def knowing_nodes(job: JobSpec, sizes: Sizes) -> JobSpec:
    """The job with its ``--exclude`` in the names of our nodes, and a note for unknown ones.

    A node may be called by its name here or by that of its machine, which jobs see.
    """
    if not job.excluded:
        return job
    wanted = set(job.excluded)
    found = {name for name, spec in sizes if wanted & {name, spec.host_name}}
    known = found | {spec.host_name for name, spec in sizes if name in found}
    unknown = [name for name in job.excluded if name not in known]
    notes = job.notes
    if unknown:
        shown = ", ".join(unknown[:_MOST_NAMES_SHOWN])
        more = "" if len(unknown) <= _MOST_NAMES_SHOWN else " and others"
        notes = (*notes, f"--exclude names {shown}{more}, which is no node here.")
    return replace(job, excluded=tuple(sorted(found | set(unknown))), notes=notes)


def check_fits(job: JobSpec, sizes: Sizes) -> Refused | None:
    """Why no enrolled node could ever hold this, naming the largest; None where one could."""
    resources = job.resources
    if not sizes or fitting(job, sizes):
        return None
    if any(fits(resources, spec) for _, spec in sizes):
        return Refused(
            code="job.all_excluded",
            sentence="Every node that could hold the job is named in --exclude; name fewer.",
        )
    most_cores, widest = max((spec.cores, name) for name, spec in sizes)
    most_mib, roomiest = max((spec.mem_mib, name) for name, spec in sizes)
    memory_mib = resources.mem_mib or 0
    if resources.cores > most_cores:
        return _too_large(
            f"The job asks for {resources.cores} cores; the largest node has {most_cores} "
            f"({widest}). Ask for {most_cores} or fewer."
        )
    if memory_mib > most_mib:
        return _too_large(
            f"The job asks for {_gib(memory_mib)} of memory; the node with the most has "
            f"{_gib(most_mib)} ({roomiest}). Ask for less with --mem."
        )
    wide_mib, name = max(
        (spec.mem_mib, name) for name, spec in sizes if spec.cores >= resources.cores
    )
    return _too_large(
        f"No node has {resources.cores} cores and {_gib(memory_mib)} of memory together; "
        f"the largest with the cores is {name}, with {_gib(wide_mib)}."
    )


def _too_large(sentence: str) -> Refused:
    return Refused(code="job.too_large", sentence=sentence)


def _gib(mib: int) -> str:
    return f"{mib / _MIB_PER_GIB:.3g} GiB"
