"""What a node has, as it is declared: what the operator wrote, and what was found on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from domain.node import NodeSpec
from node_agent import hardware
from node_agent.uplink import RefusedByServerError, UplinkError

_log = logging.getLogger(__name__)

#: Programs are installed and removed while an agent runs; it looks again this often [s].
LOOK_EVERY_S = 600.0


class Inventory:
    """A node's inventory, looked at anew now and then."""

    def __init__(self, declared: NodeSpec) -> None:
        """Look at the machine for the first time; this may take seconds."""
        self._declared = declared
        self.gpu_variable = hardware.gpu_variable()
        self.spec = self._with_gpus(declared)
        self.look()

    @property
    def plain(self) -> dict[str, Any]:
        """As the API takes it."""
        return asdict(self.spec)

    def look(self) -> bool:
        """Look at what is there; whether it is not what it was."""
        before = self.spec
        found = hardware.processor_features()
        features = tuple(sorted({*self._declared.features, *found}))
        self.spec = replace(before, features=features)
        return self.spec != before

    @staticmethod
    def _with_gpus(declared: NodeSpec) -> NodeSpec:
        """GPUs are counted once, at the start: jobs hold them by their number.

        Of a machine that several nodes share, a device that each of them found would be given
        away several times: there an operator says whose it is.
        """
        if declared.gpus or declared.cores_are_shared:
            return declared
        return replace(declared, gpus=hardware.gpu_models())

    async def keep_looking(self, declare: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
        """Look again and again, and declare what changed."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if await asyncio.to_thread(self.look):
                try:
                    await declare(self.plain)
                except (UplinkError, RefusedByServerError) as error:
                    _log.warning("the inventory changed and could not be declared: %s", error)
