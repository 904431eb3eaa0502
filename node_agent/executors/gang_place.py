"""A node's place in a job of several nodes: the files and the order that follow from it."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import node_agent
from domain.jobs.job_spec import JobSpec
from domain.sbatch.environment import Asked
from domain.sbatch.gang import GangFacts, share_out
from node_agent.config import neighbour_interface
from node_agent.executors.process import Grant, Place
from node_agent.gangs.launcher import write_private
from node_agent.machine.interfaces import interface_of
from node_agent.shims.install import GANG_SHELL
from node_agent.warden.protocol import StartOrder

#: A share outlives the limit of the job that it serves by so much, so that the job's own limit
#: is what ends it [s].
_LONGER_S = 600.0
_ROOT = Path(node_agent.__file__).resolve().parents[1]


def names_of(nodes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What programs call the nodes: by their machines, unless two of them share one."""
    hosts = tuple(str(node["host_name"]) for node in nodes)
    return hosts if len(set(hosts)) == len(hosts) else tuple(str(node["name"]) for node in nodes)


def gang_facts(
    spec: JobSpec, nodes: Sequence[Mapping[str, Any]], place: Place, grant: Grant, address: str
) -> GangFacts:
    """What the script is told of all its nodes, of which this one has ``address`` for the others.

    It is written as the agent's configuration has it.
    """
    listens = neighbour_interface(address)
    size = spec.resources
    cores = tuple(int(node["cores"]) for node in nodes)
    slots = tuple(count // size.cpus_per_task for count in cores)
    if Asked.NTASKS in spec.asked or Asked.NTASKS_PER_NODE in spec.asked:
        slots = share_out(size.ntasks, len(nodes), size.tasks_per_node)
    return GangFacts(
        names=names_of(nodes),
        cores=cores,
        slots=slots,
        hostfile=os.fspath(place.hosts),
        machinefile=os.fspath(place.machines),
        remote_shell=os.fspath(Path(grant.shims) / GANG_SHELL),
        network=str(listens and listens.network),
        interface=None if listens is None else interface_of(listens.ip),
    )


def write_gang(
    facts: GangFacts, nodes: Sequence[Mapping[str, Any]], secret: str, place: Place
) -> None:
    """Write down for the job's commands who its nodes are, and for each kind of its launchers."""
    told = [
        {"name": name, "cores": cores, "tasks": tasks, "address": node["address"]}
        for name, cores, tasks, node in zip(
            facts.names, facts.cores, facts.slots, nodes, strict=True
        )
    ]
    write_private(place.gang, json.dumps({"secret": secret, "nodes": told}))
    seats = list(zip(facts.names, facts.slots, strict=True))
    write_private(place.hosts, "".join(f"{name} slots={slots}\n" for name, slots in seats))
    write_private(place.machines, "".join(f"{name}:{slots}\n" for name, slots in seats if slots))


def share_order(
    order: StartOrder, grant: Grant, secret: str, place: Place, address: str
) -> StartOrder:
    """The order for what waits here for the node that runs the script, out of the job's own."""
    listens = neighbour_interface(address)
    settings = {
        "secret": secret,
        "host": str(listens.ip if listens is not None else "127.0.0.1"),
        "address_file": os.fspath(place.hosts),
        "work": os.fspath(place.work),
        "kept": [grant.gpu_variable, "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"],
    }
    write_private(place.gang, json.dumps(settings))
    code = f"import sys; sys.path.insert(0, {os.fspath(_ROOT)!r}); "
    code += "from node_agent.gangs.launcher import main; main()"
    return replace(
        order,
        argv=(sys.executable, "-I", "-c", code, os.fspath(place.gang)),
        stdin=None,
        stdout=os.devnull,
        stderr=None,
        wall_limit_s=order.wall_limit_s + _LONGER_S,
        warning_signal=None,
    )
