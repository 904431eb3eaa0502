"""``sinfo``: the nodes in the words of Slurm; each takes jobs of every scheduling type."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from chaufferie.slurm.arguments import Parser
from chaufferie.slurm.words import fill
from domain.fleet.node import NodeState
from domain.jobs.job import SchedulingType

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.fleet import NodeView

_FORMAT = "%10P %.5a %.10l %.6D %.6t %N"
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
}
_OUT_OF_WORK = {NodeState.DOWN: ("down", "down"), NodeState.DRAINED: ("drained", "drain")}


def sinfo(client: "Client", words: Sequence[str]) -> list[str]:
    """The lines that ``sinfo`` prints."""
    parser = Parser("sinfo")
    parser.add_argument("-h", "--noheader", action="store_true")
    parser.add_argument("-N", "--Node", action="store_true")
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
    lines = [] if asked.noheader else [fill(pattern, _TITLES)]
    for kind in SchedulingType:
        if partitions is None or kind.value in partitions:
            lines += [
                fill(pattern, _values(kind, group)) for group in _groups(found, is_one_by_one)
            ]
    return lines


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
    gpus = ",".join(f"gpu:{model}" for model in group[0].gpus)
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
        "G": gpus or "(null)",
    }
