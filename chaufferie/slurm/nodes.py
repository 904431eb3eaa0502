"""``sinfo``: the nodes in the words of Slurm; each takes jobs of every scheduling type."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from chaufferie.sdk.errors import NotFoundError
from chaufferie.slurm.arguments import Parser
from chaufferie.slurm.words import fill
from domain.fleet.node import NodeState
from domain.jobs.job import SchedulingType
from domain.sbatch.hostlist import parse_hostlist

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.fleet import NodeView

_FORMAT = "%10P %.5a %.10l %.6D %.6t %N"
_SUMMARY = "%10P %.5a %.10l %.15F %N"
_BY_NODE = "%20N %.6D %10P %t"
_TITLES = {
    "P": "PARTITION",
    "R": "PARTITION",
    "a": "AVAIL",
    "l": "TIMELIMIT",
    "D": "NODES",
    "t": "STATE",
    "T": "STATE",
    "N": "NODELIST",
    "n": "HOSTNAMES",
    "c": "CPUS",
    "m": "MEMORY",
    "f": "AVAIL_FEATURES",
    "G": "GRES",
    "F": "NODES(A/I/O/T)",
}
_OUT_OF_WORK = {NodeState.DOWN: ("down", "down"), NodeState.DRAINED: ("drained", "drain")}


def sinfo(client: "Client", words: Sequence[str]) -> list[str]:
    """The lines that ``sinfo`` prints."""
    parser = Parser("sinfo")
    parser.add_argument("-h", "--noheader", action="store_true")
    parser.add_argument("-N", "--Node", action="store_true")
    parser.add_argument("-s", "--summarize", action="store_true")
    parser.add_argument("-o", "--format")
    parser.add_argument("-n", "--nodes")
    parser.add_argument("-p", "--partition")
    parser.add_argument("-t", "--states")
    parser.ignore("-l", "--long", "-a", "--all", "-e", "--exact", "-v", "--verbose")
    asked = parser.parse_args(words)
    pattern = asked.format or (_BY_NODE if asked.Node else _FORMAT)
    found = [
        node
        for node in client.nodes()
        if (asked.nodes is None or node.name in asked.nodes.split(","))
        and (asked.states is None or {*_state(node)} & {*asked.states.lower().split(",")})
    ]
    partitions = None if asked.partition is None else asked.partition.split(",")
    is_one_by_one = asked.Node or "%n" in pattern
    if asked.summarize:
        pattern = asked.format or _SUMMARY
    lines = [] if asked.noheader else [fill(pattern, _TITLES)]
    for kind in SchedulingType:
        if partitions is None or kind.value in partitions:
            groups = _groups(found, is_one_by_one)
            if asked.summarize and found:
                groups = [sorted(found, key=lambda node: node.name)]
            lines += [fill(pattern, _values(kind, group)) for group in groups]
    return lines


def described_nodes(client: "Client", wanted: str) -> list[str]:
    """The paragraphs that ``scontrol show node`` prints: of all, or of those in the list."""
    nodes = {node.name: node for node in client.nodes()}
    names = (parse_hostlist(wanted) or (wanted,)) if wanted else sorted(nodes)
    for name in names:
        if name not in nodes:
            there = ", ".join(sorted(nodes))
            raise NotFoundError(f"There is no node {name!r}; there are: {there}.")
    return [_described(nodes[name]) for name in names]


def _described(node: "NodeView") -> str:
    lines = [
        f"NodeName={node.name} CPUAlloc={node.cores - node.free_cores} CPUTot={node.cores}",
        f"   AvailableFeatures={','.join(node.features) or '(null)'}",
        f"   Gres={_gres(node)} RealMemory={node.mem_mib or 0}",
        f"   State={_state(node)[0].upper()} Partitions={','.join(SchedulingType)}",
        f"   Comment=site:{node.site}",
    ]
    return "\n".join([*lines, ""])


def _gres(node: "NodeView") -> str:
    return ",".join(f"gpu:{model}" for model in node.gpus) or "(null)"


def _state(node: "NodeView") -> tuple[str, str]:
    """Long and short word for what a node does."""
    state = NodeState(node.state)
    if state in _OUT_OF_WORK:
        return _OUT_OF_WORK[state]
    if node.running == 0:
        return "idle", "idle"
    return ("allocated", "alloc") if node.free_cores == 0 else ("mixed", "mix")


def _groups(nodes: Sequence["NodeView"], is_one_by_one: bool) -> list[list["NodeView"]]:  # noqa: FBT001
    """Nodes that share a line: those in one state, or each alone."""
    if is_one_by_one:
        return [[node] for node in sorted(nodes, key=lambda node: node.name)]
    in_order = sorted(nodes, key=lambda node: (_state(node), node.name))
    return [list(group) for _, group in groupby(in_order, key=_state)]


def _values(kind: SchedulingType, group: Sequence["NodeView"]) -> dict[str, str]:
    long, short = _state(group[0])
    usual = "*" if kind is SchedulingType.ON_DEMAND else ""
    names = ",".join(node.name for node in group)
    doing = [_state(node)[1] for node in group]
    idle = doing.count("idle")
    out = sum(word in {"down", "drain"} for word in doing)
    return {
        "P": f"{kind.value}{usual}",
        "R": kind.value,
        "a": "up",
        "l": "infinite",
        "D": str(len(group)),
        "t": short,
        "T": long,
        "N": names,
        "n": names,
        "c": str(min(node.cores for node in group)),
        "m": str(min(node.mem_mib or 0 for node in group)),
        "f": ",".join(group[0].features) or "(null)",
        "G": _gres(group[0]),
        "F": f"{len(group) - idle - out}/{idle}/{out}/{len(group)}",
    }
