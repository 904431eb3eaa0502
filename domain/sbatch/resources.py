"""How much a job asks for: of one node, or of each of several."""

from dataclasses import dataclass

from domain.sbatch.environment import Asked
from domain.sbatch.gang import share_out
from domain.sbatch.given import Given
from domain.sbatch.gpus import Gpus, read_gpus
from domain.sbatch.settings import Settings
from domain.sbatch.sizes import (
    LARGEST_COUNT,
    NodeRange,
    parse_count,
    parse_memory_mib,
    parse_nodes,
)

_A_COUNT = "a whole number of at least 1"
_A_MEMORY = "a whole number with an optional unit K, M, G or T, such as 4G"
_NODES = "a number of nodes such as 1, or a range such as 1-4"
#: More are a slip: no site is as large.
MOST_NODES = 1000
_EXCLUSIVE_WORDS = frozenset({"exclusive", "allocation", "user", "mcs", "topo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a job holds of a node, or of each of its nodes, while it runs."""

    nodes: int
    cores: int
    ntasks: int  #: Of all nodes together.
    cpus_per_task: int
    tasks_per_node: int | None
    mem_mib: int | None
    mem_per_cpu_mib: int | None
    whole_node: bool
    asked: tuple[Asked, ...]
    gpus: int
    gpu_kind: str


def read_size(settings: Settings) -> Size:
    """The size that the options add up to; what is impossible is refused in ``settings``."""
    tasks_per_node = settings.read("ntasks-per-node", parse_count, _A_COUNT)
    nodes, ntasks = _read_nodes(settings, tasks_per_node)
    if nodes > 1 and tasks_per_node is not None and nodes * tasks_per_node < ntasks:
        tasks_per_node = None
    tasks_here = ntasks
    if nodes > 1:
        tasks_here = max(share_out(ntasks, nodes, tasks_per_node))
    gpus = read_gpus(settings, tasks_here, nodes)
    cpus_per_task = _read_cpus_per_task(settings, gpus, tasks_here)
    cores = tasks_here * cpus_per_task
    if cores > LARGEST_COUNT:
        given = settings.given("cpus-per-task") or settings.given("ntasks")
        given = given or settings.given("cpus-per-gpu")
        if given is not None:
            settings.refuse(given, "bad_value", f"{given.text} makes {cores} cores; write less.")
    mem_mib, mem_per_cpu_mib = _read_memory(settings)
    is_exclusive = _is_exclusive(settings)
    if mem_per_cpu_mib is not None:
        mem_mib = mem_per_cpu_mib * cores
    mem_mib = _with_memory_of_gpus(settings, gpus, mem_mib)
    memory = settings.given("mem")
    takes_all_memory = mem_mib == 0
    if takes_all_memory and memory is not None:
        settings.note(memory, f"{memory.text} takes a whole node, and a whole node is billed.")
    return Size(
        nodes=nodes,
        cores=cores,
        ntasks=ntasks,
        cpus_per_task=cpus_per_task,
        tasks_per_node=tasks_per_node,
        mem_mib=mem_mib or None,
        mem_per_cpu_mib=mem_per_cpu_mib,
        whole_node=is_exclusive or takes_all_memory,
        asked=(*_asked(settings, mem_per_cpu_mib), *gpus.asked),
        gpus=gpus.count,
        gpu_kind=gpus.kind,
    )


def _read_cpus_per_task(settings: Settings, gpus: Gpus, ntasks: int) -> int:
    """Cores of each task; where only cores of a GPU were said, the tasks share those."""
    per_task = settings.read("cpus-per-task", parse_count, _A_COUNT)
    per_gpu = settings.read("cpus-per-gpu", parse_count, _A_COUNT)
    given = settings.given("cpus-per-gpu")
    if given is None or per_gpu is None:
        return per_task or 1
    if per_task is not None or not gpus.count:
        reason = "beside --cpus-per-task" if per_task is not None else "without a GPU"
        settings.note(given, f"{given.text} has no effect {reason}.")
        return per_task or 1
    return -(-per_gpu * gpus.count // ntasks)


def _with_memory_of_gpus(settings: Settings, gpus: Gpus, mem_mib: int | None) -> int | None:
    """Memory of the node, by its GPUs where nothing else says how much."""
    per_gpu_mib = settings.read("mem-per-gpu", parse_memory_mib, _A_MEMORY)
    given = settings.given("mem-per-gpu")
    if given is None or not per_gpu_mib:
        return mem_mib
    if mem_mib is not None or not gpus.count:
        reason = "beside another amount of memory" if mem_mib is not None else "without a GPU"
        settings.note(given, f"{given.text} has no effect {reason}.")
        return mem_mib
    return per_gpu_mib * gpus.count


def _read_nodes(settings: Settings, tasks_per_node: int | None) -> tuple[int, int]:
    """How many nodes, and how many tasks on all of them together."""
    ntasks = settings.read("ntasks", parse_count, _A_COUNT)
    nodes = settings.read("nodes", parse_nodes, _NODES)
    n_nodes = _fewest_nodes(settings, nodes, ntasks, tasks_per_node)
    if ntasks is None:
        ntasks = n_nodes * (tasks_per_node or 1)
    given = settings.given("nodes") or settings.given("ntasks-per-node") or settings.given("ntasks")
    if n_nodes > MOST_NODES and given is not None:
        settings.refuse(given, "bad_value", f"{given.text} makes {n_nodes} nodes; write less.")
        return 1, 1
    return n_nodes, ntasks


def _fewest_nodes(
    settings: Settings, nodes: NodeRange | None, ntasks: int | None, tasks_per_node: int | None
) -> int:
    least = nodes.least if nodes is not None else 1
    if ntasks is None:
        return least
    given = settings.given("nodes")
    if ntasks < least and given is not None:
        settings.note(given, f"{ntasks} tasks cannot use {least} nodes; {ntasks} is taken.")
        least = ntasks
    if tasks_per_node is None or ntasks <= least * tasks_per_node:
        return least
    per_node = settings.given("ntasks-per-node")
    if nodes is not None and nodes.most * tasks_per_node < ntasks and per_node is not None:
        text = f"{per_node.text} is too few for {ntasks} tasks and has no effect."
        settings.note(per_node, text)
        return least
    return -(-ntasks // tasks_per_node)


def _read_memory(settings: Settings) -> tuple[int | None, int | None]:
    """Memory of the node and of each core in MiB; where both were given, one of them counts."""
    mem_mib = settings.read("mem", parse_memory_mib, _A_MEMORY)
    per_cpu_mib = settings.read("mem-per-cpu", parse_memory_mib, _A_MEMORY)
    node, core = settings.given("mem"), settings.given("mem-per-cpu")
    if node is not None and core is not None:
        weaker, stronger = (node, core) if _outranks(core, node) else (core, node)
        settings.note(weaker, f"{weaker.text} has no effect beside {stronger.text}.")
        mem_mib, per_cpu_mib = (None, per_cpu_mib) if weaker is node else (mem_mib, None)
    if core is not None and per_cpu_mib == 0:
        settings.note(core, f"{core.text} asks for nothing; memory goes by the cores.")
        per_cpu_mib = None
    return mem_mib, per_cpu_mib


def _outranks(one: Given, other: Given) -> bool:
    """Whether ``one`` comes from a stronger source than ``other``."""
    return _rank(one) > _rank(other)


def _rank(given: Given) -> int:
    if given.origin.is_command_line:
        return 2
    return 1 if given.origin.variable is not None else 0


def _is_exclusive(settings: Settings) -> bool:
    given = settings.given("exclusive")
    if given is None:
        return False
    word = (given.value or "exclusive").lower()
    if word == "oversubscribe":
        return False
    if word not in _EXCLUSIVE_WORDS:
        settings.refuse(
            given, "bad_value", f"{given.text} is not known; write --exclusive without a value."
        )
        return False
    settings.note(given, f"{given.text} takes a whole node, and a whole node is billed.")
    return True


def _asked(settings: Settings, mem_per_cpu_mib: int | None) -> tuple[Asked, ...]:
    asked = {
        Asked.NTASKS: settings.has("ntasks"),
        Asked.NTASKS_PER_NODE: settings.has("ntasks-per-node"),
        Asked.CPUS_PER_TASK: settings.has("cpus-per-task"),
        Asked.MEM_PER_NODE: settings.has("mem") and mem_per_cpu_mib is None,
        Asked.MEM_PER_CPU: mem_per_cpu_mib is not None,
    }
    return tuple(name for name, was_asked in asked.items() if was_asked)
