"""Puts one agent together from its configuration."""

import asyncio
import logging
import threading
from dataclasses import replace
from typing import Any

from node_agent.config import AgentConfig
from node_agent.heat.readings_journal import ReadingsJournal
from node_agent.inventory import Inventory
from node_agent.jobs.journal import Journal
from node_agent.machine.boot_id import kernel_boot_id
from node_agent.service import Agent
from node_agent.shims.install import install_shims
from node_agent.uplink.connection import RefusedByServerError, Uplink, UplinkError
from node_agent.uplink.identity import Identity, keep_identity, load_identity
from node_agent.uplink.reporting import Reporting

_log = logging.getLogger(__name__)

JOURNAL_NAME = "agent.sqlite"
_ENROL_RETRY_S = 1.0


async def enrolled(config: AgentConfig, spec: dict[str, Any]) -> Identity:
    """Who the node is; presents the enrolment token where there is none yet."""
    known = load_identity(config.directory)
    if known is not None:
        return known
    if config.enrolment_token is None:
        raise RefusedByServerError(401, "enrolment.token", "This node needs an enrolment token.")
    uplink = Uplink(config.url, None)
    try:
        while True:
            try:
                answer = await uplink.enrol(config.enrolment_token, spec)
            except UplinkError as error:
                _log.warning("cannot enrol yet: %s", error)
                await asyncio.sleep(_ENROL_RETRY_S)
                continue
            identity = Identity(
                node_id=answer["node_id"], name=answer["name"], token=answer["token"]
            )
            keep_identity(config.directory, identity)
            return identity
    finally:
        await uplink.close()


async def run_agent(config: AgentConfig) -> None:
    """Enrol if need be, then work until cancelled."""
    (config.directory / "jobs").mkdir(mode=0o700, parents=True, exist_ok=True)
    install_shims(config.directory)
    inventory = await asyncio.to_thread(Inventory, config.spec, config.profile_folders)
    config = replace(config, spec=inventory.spec)
    identity = await enrolled(config, inventory.plain)
    uplink = Uplink(config.url, identity.token)
    journal = Journal(config.directory / JOURNAL_NAME)
    readings = ReadingsJournal(config.directory)
    reporting = Reporting(uplink=uplink, journal=readings, node_id=identity.node_id)
    agent = Agent(
        config=config,
        inventory=inventory,
        uplink=uplink,
        journal=journal,
        kernel_boot_id=kernel_boot_id(),
        errands=[reporting.run],
    )
    stop_hints = threading.Event()
    if config.redis_url is not None:
        _hear_hints(config.redis_url, identity.node_id, agent, stop_hints)
    try:
        await agent.run()
    finally:
        stop_hints.set()
        await uplink.close()
        readings.close()
        journal.close()


def _hear_hints(broker_url: str, node_id: int, agent: Agent, stop: threading.Event) -> None:
    from node_agent.uplink.hints import listen  # noqa: PLC0415 - only nodes with a broker pay for it

    loop = asyncio.get_running_loop()

    def on_hint() -> None:
        loop.call_soon_threadsafe(agent.nudge)

    threading.Thread(
        target=listen,
        kwargs={"broker_url": broker_url, "node_id": node_id, "on_hint": on_hint, "stop": stop},
        name="hints",
        daemon=True,
    ).start()
