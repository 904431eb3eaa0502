"""From a claimed attempt to an order for the warden."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.files.job_files import CHECKPOINT_FOLDER, check_relative_path
from domain.fleet.licences import LicenceServer, counts_of, servers_of_plain
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.jobs.sizing import mem_need_mib
from domain.refusal import Refused
from domain.units import BYTES_PER_MIB
from node_agent.config import AgentConfig
from node_agent.executors.fenced import fenced
from node_agent.executors.gang_place import gang_facts, share_order, write_gang
from node_agent.executors.process import Grant, make_place, output_paths, start_order
from node_agent.fence.doors import target_of
from node_agent.inventory import Inventory
from node_agent.jobs.book import Book, Held, Phase
from node_agent.jobs.checkpoints import Checkpoints
from node_agent.profiles.granting import grant_profile
from node_agent.shims.install import shims_of
from node_agent.uplink.connection import Uplink
from node_agent.warden.client import WardenLink
from node_agent.warden.protocol import StartOrder, boot_now_s


class Launcher:
    """Stages attempts and has the warden start them."""

    def __init__(
        self,
        *,
        config: AgentConfig,
        inventory: Inventory,
        uplink: Uplink,
        book: Book,
        link: WardenLink,
    ) -> None:
        """Start on this node."""
        self._config = config
        self._inventory = inventory
        self._uplink = uplink
        self._book = book
        self._link = link
        self._checkpoints = Checkpoints(uplink)
        self._cpus = sorted(os.sched_getaffinity(0))

    async def fetch_inputs(self, held: Held) -> None:
        """Fetch what the job needs before its start; what is there already stays."""
        is_resumed = not held.is_share and await self._checkpoints.restore(held)
        for item in held.spec.inputs:
            relative = check_relative_path(item.path)
            if isinstance(relative, Refused) or relative in held.inputs:
                continue  # The API refused such names at submit.
            if is_resumed and relative.startswith(f"{CHECKPOINT_FOLDER}/"):
                continue  # What it began from has been left behind.
            path = held.place.work / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            await self._uplink.get_file(held.key, item.sha256, item.size_bytes, path)
            if item.executable:
                path.chmod(0o700)
            found = path.stat()
            held.inputs[relative] = (found.st_size, found.st_mtime_ns)

    def start(self, held: Held) -> str | None:
        """Order the start; a sentence where it cannot be."""
        spec = held.spec
        if held.gang is not None and self._config.is_closed:
            return "Its nodes speak to one another, and this one keeps its jobs off the network."
        grant = self._grant(held, spec)
        servers = servers_of_plain(held.claim.get("licence_servers", ()))
        profile = grant_profile(spec, self._inventory.programs, grant.cores, servers)
        if isinstance(profile, Refused):
            return profile.sentence
        grant = replace(grant, profile=profile)
        if held.phase is not Phase.STAGING:
            make_place(held.place)
        if held.gang is not None and not held.is_share:
            grant = self._lead(held, held.gang, grant)
        order = start_order(spec, grant, held.place)
        if isinstance(order, Refused):
            return order.sentence
        if held.gang is not None and held.is_share:
            address = self._config.neighbour_address
            order = share_order(order, grant, held.gang["secret"], held.place, address)
        else:
            held.outputs = output_paths(spec, grant)
        if self._config.is_closed:
            order = self._fenced(held, order, grant, servers)
        self._book.move(held, Phase.RUNNING)
        held.started_boot_s = boot_now_s()
        self._link.start(order)
        return None

    def _fenced(
        self, held: Held, order: StartOrder, grant: Grant, servers: Sequence[LicenceServer]
    ) -> StartOrder:
        """The same with no way out but to the API, and to the licence servers that it may use."""
        api = target_of(grant.url) if grant.token is not None else None
        named = () if grant.profile is None else grant.profile.licence_servers
        taken = set(counts_of(held.spec.licences))
        reached = [one for one in servers if one.name in named or taken & set(one.seats)]
        return fenced(
            order,
            held.place,
            [
                *(() if api is None else (api,)),
                *((host, port) for one in reached for host in one.hosts for port in one.ports),
            ],
            own_name=grant.host_name,
            directory=self._config.directory,
        )

    def _lead(self, held: Held, gang: dict[str, Any], grant: Grant) -> Grant:
        """What the script is given where it runs on several nodes."""
        address = self._config.neighbour_address
        facts = gang_facts(held.spec, gang["nodes"], held.place, grant, address)
        write_gang(facts, gang["nodes"], gang["secret"], held.place)
        return replace(grant, gang=facts)

    def expect_outputs(self, held: Held) -> None:
        """Know again where a re-adopted attempt writes."""
        spec = held.spec
        if not held.is_share:
            held.outputs = output_paths(spec, self._grant(held, spec))

    def slots_of(self, cpus: Sequence[int]) -> tuple[int, ...]:
        """The core slots of an attempt that is pinned to these cores."""
        return tuple(self._cpus.index(cpu) for cpu in cpus if cpu in self._cpus)

    def _grant(self, held: Held, spec: JobSpec) -> Grant:
        return Grant(
            key=held.key,
            array=held.array,
            host_name=self._config.spec.host_name,
            cpus=tuple({self._cpus[slot % len(self._cpus)]: None for slot in held.slots}),
            cores=self._book.cores_needed(held),
            gpus=held.devices if self._book.gpus else None,
            gpu_variable=self._inventory.gpu_variable,
            mem_mib=mem_need_mib(spec.resources, self._config.spec),
            time_limit_s=spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S,
            grace_s=self._config.kill_grace_s,
            output_limit_bytes=self._config.output_limit_mib * BYTES_PER_MIB,
            disk_limit_bytes=self._config.disk_limit_mib * BYTES_PER_MIB,
            shims=os.fspath(shims_of(self._config.directory)),
            url=self._config.url,
            token=held.claim.get("token"),
            lease_until_boot_s=held.lease_until_boot_s,
            now_s=time.time(),  # noqa: TID251 - shown to the job as its start time
        )
