"""What the enrolled nodes could ever hold, so that an impossible request is refused at submit."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.services import Services
from domain.billing.quota import describe_bytes
from domain.fleet.gpus import count_of_kind
from domain.fleet.gpus import in_words as gpus_in_words
from domain.fleet.node import NodeSpec
from domain.jobs.job_spec import JobSpec
from domain.jobs.requirements import feature_tags, in_words, meets, tags_of
from domain.jobs.sizing import core_need, fits, has_gpus
from domain.refusal import Refused
from store.fleet import site_queries

#: Inventories change when a node is enrolled or declares itself anew [s].
_BELIEVED_S = 2.0
_BYTES_PER_MIB = 1 << 20
_MOST_NAMES_SHOWN = 5
_MOST_FEATURES_SHOWN = 40

NO_NODES_YET = "No node is enrolled yet: the job waits for the first one."
Sizes = Sequence[tuple[str, NodeSpec]]


class Capacity:
    """The sizes of the enrolled nodes, read anew now and then."""

    def __init__(self, services: Services) -> None:
        """Read from this store."""
        self._services = services
        self._sizes: Sizes = ()
        #: The site of every enrolled node, by the name of the node.
        self.site_of: Mapping[str, str] = {}
        self._read_at_s = -_BELIEVED_S

    async def sizes(self) -> Sizes:
        """Name and inventory of every enrolled node, up or not."""
        now_s = time.monotonic()
        if now_s - self._read_at_s >= _BELIEVED_S:
            self._sizes = await self._services.read(site_queries.node_specs)
            self.site_of = await self._services.read(site_queries.sites_of_nodes)
            self._read_at_s = now_s
        return self._sizes


def fitting(job: JobSpec, sizes: Sizes) -> list[str]:
    """The nodes that could hold this job."""
    return [
        name
        for name, spec in meeting(job, sizes)
        if fits(job.resources, spec) and name not in job.excluded
    ]


def least_cores(job: JobSpec, sizes: Sizes) -> int:
    """The fewest cores that one instance takes, on whichever node it goes to."""
    needs = [core_need(job.resources, node) for _, node in sizes if fits(job.resources, node)]
    return job.resources.nodes * min(needs, default=job.resources.cores)


def meeting(job: JobSpec, sizes: Sizes) -> Sizes:
    """The nodes that have what the job asks for by name, whatever their size."""
    requires = job.requires
    return [item for item in sizes if meets(_tags(*item), requires)] if requires else sizes


def _tags(name: str, spec: NodeSpec) -> frozenset[str]:
    return tags_of(name, spec.features, spec.gpus, [profile.label for profile in spec.profiles])


def knowing_nodes(job: JobSpec, sizes: Sizes) -> JobSpec | Refused:
    """The job with ``--exclude`` and ``--nodelist`` in the names of our nodes.

    A node may be called by its name here or by that of its machine, which jobs see. Who excludes
    a stranger is told so; who wants one is refused.
    """
    wanted, strangers = _known(job.wanted_nodes, sizes)
    if strangers:
        here = ", ".join(name for name, _ in sizes[:_MOST_NAMES_SHOWN]) or "none yet"
        return Refused(
            code="job.no_such_node",
            sentence=f"--nodelist names {_shown(strangers)}, which is no node here; there are: "
            f"{here}.",
        )
    excluded, unknown = _known(job.excluded, sizes)
    notes = job.notes
    if unknown:
        notes = (*notes, f"--exclude names {_shown(unknown)}, which is no node here.")
    return replace(
        job,
        wanted_nodes=tuple(sorted(wanted)),
        excluded=tuple(sorted(excluded | set(unknown))),
        notes=notes,
    )


def _known(names: Sequence[str], sizes: Sizes) -> tuple[set[str], list[str]]:
    """Our names of the nodes that are meant, and the words that mean none."""
    if not names:
        return set(), []
    asked = set(names)
    found = {name for name, spec in sizes if asked & {name, spec.host_name}}
    known = found | {spec.host_name for name, spec in sizes if name in found}
    return found, [name for name in names if name not in known]


def _shown(names: Sequence[str]) -> str:
    more = "" if len(names) <= _MOST_NAMES_SHOWN else " and others"
    return ", ".join(names[:_MOST_NAMES_SHOWN]) + more


def check_fits(job: JobSpec, sizes: Sizes) -> Refused | None:
    """Why no enrolled node could ever hold this, naming what is missing; None where one could."""
    if not sizes or fitting(job, sizes):
        return None
    among = meeting(job, sizes)
    if not among:
        return _no_feature(job, sizes)
    if any(fits(job.resources, spec) for _, spec in among):
        return Refused(
            code="job.all_excluded",
            sentence="Every node that could hold the job is named in --exclude; name fewer.",
        )
    node = f"node with {in_words(job.requires)}" if job.requires else "node"
    return _no_gpus(job, among, node) or _too_small(job, among, node)


def _no_feature(job: JobSpec, sizes: Sizes) -> Refused:
    """Which of the clauses nobody meets, or that nobody meets them all."""
    tags = [_tags(*item) for item in sizes]
    unmet = [clause for clause in job.requires if not any(meets(tag, (clause,)) for tag in tags)]
    if not unmet:
        wanted = in_words(job.requires)
        return Refused(
            code="job.no_such_feature", sentence=f"No node has {wanted} together; ask for less."
        )
    there = sorted({item for _, spec in sizes for item in feature_tags(spec.features, spec.gpus)})
    shown = ", ".join(there[:_MOST_FEATURES_SHOWN])
    more = "" if len(there) <= _MOST_FEATURES_SHOWN else " and others"
    return Refused(
        code="job.no_such_feature",
        sentence=f"No node has {in_words(unmet)}; the features here are: {shown or 'none'}{more}.",
    )


def _no_gpus(job: JobSpec, sizes: Sizes, node: str) -> Refused | None:
    """Where it is the GPUs that no node has."""
    asked = job.resources
    if any(has_gpus(asked, spec) for _, spec in sizes):
        return None
    wanted = gpus_in_words(asked.gpus, asked.gpu_kind)
    most, name = max((count_of_kind(spec.gpus, asked.gpu_kind), name) for name, spec in sizes)
    if most:
        return _too_large(
            f"The job asks for {wanted}; the {node} with the "
            f"most has {most} ({name}). Ask for {most} or fewer."
        )
    models = sorted({model for _, spec in sizes for model in spec.gpus})
    if asked.gpu_kind and models:
        sentence = f"No {node} has a GPU of kind {asked.gpu_kind}; there are: {', '.join(models)}."
    else:
        sentence = f"The job asks for {wanted}; no {node} has any."
    return Refused(code="job.no_such_gpu", sentence=sentence)


def _too_small(job: JobSpec, sizes: Sizes, node: str) -> Refused:
    """Where cores or memory are what no node has, naming the largest."""
    resources = job.resources
    most_cores, widest = max((spec.cores, name) for name, spec in sizes)
    most_mib, roomiest = max((spec.mem_mib, name) for name, spec in sizes)
    memory_mib = resources.mem_mib or 0
    if resources.cores > most_cores:
        return _too_large(
            f"The job asks for {resources.cores} cores; the largest {node} has {most_cores} "
            f"({widest}). Ask for {most_cores} or fewer."
        )
    if memory_mib > most_mib:
        return _too_large(
            f"The job asks for {_memory(memory_mib)} of memory; the {node} with the most has "
            f"{_memory(most_mib)} ({roomiest}). Ask for less with --mem."
        )
    if resources.gpus:
        memory = f", {_memory(memory_mib)} of memory" if memory_mib else ""
        wanted = gpus_in_words(resources.gpus, resources.gpu_kind)
        return _too_large(
            f"No {node} has {resources.cores} cores{memory} and {wanted} together; ask for less."
        )
    wide_mib, name = max(
        (spec.mem_mib, name) for name, spec in sizes if spec.cores >= resources.cores
    )
    return _too_large(
        f"No {node} has {resources.cores} cores and {_memory(memory_mib)} of memory together; "
        f"the largest with the cores is {name}, with {_memory(wide_mib)}."
    )


def _too_large(sentence: str) -> Refused:
    return Refused(code="job.too_large", sentence=sentence)


def _memory(mib: int) -> str:
    return describe_bytes(mib * _BYTES_PER_MIB)
