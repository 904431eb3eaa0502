"""Everything on this machine, started in the order that gets a first job done soonest."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaufferie.up import programs as names
from chaufferie.up.asking import ask
from chaufferie.up.broker import broker_url, find_server
from chaufferie.up.layout import Layout, write_private
from chaufferie.up.machine import Machine, this_machine
from chaufferie.up.process import last_words
from chaufferie.up.programs import Programs
from chaufferie.up.sites import (
    EmbeddedSite,
    enrol,
    is_enrolled,
    read_sites,
    write_agent_config,
    write_boiler_config,
)
from chaufferie.up.supervisor import Supervisor

REDIS_VARIABLE = "CHAUFFERIE_REDIS_URL"
_START_LIMIT_S = 60.0
#: A warden gives its jobs two seconds; the rest has nothing to finish.
_JOBS_END_LIMIT_S = 3.0
#: Between looks at what tells nobody that it changed: a file.
_LOOK_EVERY_S = 0.02
_END_LIMIT_S = 3.0
#: Between looks at what tells nobody that it changed: a file.
_LOOK_EVERY_S = 0.02


class CannotStartError(Exception):
    """One sentence on what hinders the start, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a person or a program needs to use it."""

    url: str
    token: str
    sites: list[EmbeddedSite]
    machine: Machine


class Embedded:
    """One embedded installation, from start to stop."""

    def __init__(
        self,
        layout: Layout,
        listener: socket.socket,
        say: Callable[[str], None],
        step: Callable[[str], None],
    ) -> None:
        """Answer on this listening socket; ``say`` lines that stay, ``step`` what goes on now."""
        self.layout = layout
        self._listener = listener
        self._port = int(listener.getsockname()[1])
        self._step = step
        self._given_redis_url = os.environ.get(REDIS_VARIABLE)
        self._programs = Programs(
            layout=layout,
            port=self._port,
            redis_url=self._given_redis_url or broker_url(layout),
        )
        self._machine = this_machine()
        self._sites: list[EmbeddedSite] = []
        self._tokens: dict[str, str] = {}  # With which nodes enrol, by their names.
        self.supervisor = Supervisor(say)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, site_count: int) -> Running:
        """Start everything; returns when jobs can be submitted.

        Raises `CannotStartError`. The listening socket is open before anyone asks, so nobody
        asks in vain: a question waits in the socket until the API has started.
        """
        self._step("starting the programs")
        is_first = not self.layout.operator_key.exists()
        self._start_broker()
        self.supervisor.start(self._programs.api(self._listener.fileno()))
        if not is_first:
            self.supervisor.start(self._programs.scheduler())
        self._sites = await self._described(site_count)
        await self._start_boilers()
        # One node before the API answers, the others after: a machine with two cores has its
        # hands full, and the first job needs no more than one.
        early = [site for site in self._sites[:1] if is_enrolled(self.layout, site)]
        for site in early:
            self._start_node(site)
        self._step("waiting for the API to answer")
        question = self._ask("/healthz", timeout_s=_START_LIMIT_S)
        await self._unless_it_fails(names.API, question)
        if is_first:
            self.supervisor.start(self._programs.scheduler())
        token = self.layout.operator_key.read_text(encoding="utf-8").strip()
        await self._enrol_missing(token)
        for site in self._sites:
            if site not in early:
                self._start_node(site)
        write_private(self.layout.client, json.dumps({"url": self.url, "token": token}))
        self.supervisor.start(self._programs.worker())
        return Running(url=self.url, token=token, sites=self._sites, machine=self._machine)

    async def stop(self) -> None:
        """End everything in good order: jobs first, so that their ends are still told."""
        running = self.supervisor.pids()
        wardens = [names.warden_name(site) for site in self._sites]
        self.supervisor.ask_to_end([names.WORKER])  # The slowest to leave, and needed by nobody.
        await self.supervisor.stop(wardens, _JOBS_END_LIMIT_S)
        others = [name for name in running if name not in wardens and name != names.BROKER]
        await self.supervisor.stop(others, _END_LIMIT_S)
        await self.supervisor.stop([names.BROKER], _END_LIMIT_S)
        self._listener.close()

    async def sign_in_path(self, token: str) -> str:
        """The path of a link that opens the page once."""
        answer = await self._ask("/v1/sessions", token=token, body={})
        return str(answer["path"])

    async def nodes_ready(self, token: str) -> None:
        """Return when every node has told what its boiler measures."""
        wanted = {site.node_name for site in self._sites}
        while True:
            nodes = (await self._ask("/v1/nodes", token=token))["nodes"]
            ready = {node["name"] for node in nodes if node.get("water_temp_c") is not None}
            if wanted <= ready:
                return
            await asyncio.sleep(0.1)

    def _start_broker(self) -> None:
        if self._given_redis_url is not None:
            return
        server = find_server()
        if server is None:
            raise CannotStartError(
                f"No Valkey server suits this machine; start a Redis or Valkey and set "
                f"{REDIS_VARIABLE} to its address."
            )
        self.supervisor.start(self._programs.broker(server))

    async def _described(self, count: int) -> list[EmbeddedSite]:
        sites = read_sites(self.layout.sites)
        if len(sites) < count:
            program = self._programs.describe_sites(count)
            code = await self.supervisor.run_once(program, _START_LIMIT_S)
            if code != 0:
                raise CannotStartError(
                    f"The simulated sites cannot be described: {last_words(program.log)}"
                )
            sites = read_sites(self.layout.sites)
        return sites[:count]

    async def _start_boilers(self) -> None:
        """Return when they can be read: a keeper that asks too early asks again much later."""
        write_boiler_config(self.layout, self._sites)
        before = _changed_at(self.layout.boiler_port)
        self.supervisor.start(self._programs.boilers())
        await self._unless_it_fails(names.BOILERS, self._port_written(before))

    async def _port_written(self, before: int | None) -> None:
        while _changed_at(self.layout.boiler_port) == before:  # noqa: ASYNC110 - a file is silent
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _unless_it_fails(self, name: str, condition: Coroutine[Any, Any, Any]) -> None:
        """Wait for this, but not for a program that cannot start."""
        log = self.layout.logs / f"{name}.log"
        hoped = asyncio.ensure_future(condition)
        feared = asyncio.ensure_future(self.supervisor.fails_to_start(name))
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                await asyncio.wait((hoped, feared), return_when=asyncio.FIRST_COMPLETED)
            if not hoped.done():
                raise CannotStartError(f"{name}: {last_words(log)} The whole story is in {log}.")
            hoped.result()
        except TimeoutError as error:
            raise CannotStartError(f"{name} does not start; its log is {log}.") from error
        finally:
            hoped.cancel()
            feared.cancel()

    async def _enrol_missing(self, token: str) -> None:
        missing = [site for site in self._sites if not is_enrolled(self.layout, site)]
        if missing:
            self._step("registering sites and nodes")
            tokens = await asyncio.to_thread(enrol, missing, self._port, token)
            self._tokens.update(tokens)

    def _start_node(self, site: EmbeddedSite) -> None:
        write_agent_config(
            self.layout,
            site,
            self._machine,
            url=self.url,
            redis_url=self._programs.redis_url,
            enrolment_token=self._tokens.get(site.node_name),
        )
        for program in self._programs.of_node(site, self._machine):
            self.supervisor.start(program)

    async def _ask(self, path: str, **options: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        return await asyncio.to_thread(ask, self._port, path, **options)


def _changed_at(path: Path) -> int | None:
    """When the file was written [ns]; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
