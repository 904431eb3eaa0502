"""What a node has, as it is declared: what the operator wrote, and what was found on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from domain.fleet.node import NodeSpec
from domain.fleet.profiles import MOST_PROFILES
from node_agent.machine import hardware
from node_agent.profiles.detection import Detected, detect
from node_agent.profiles.reading import OWN_FOLDER, read_recipes
from node_agent.profiles.recipe import Recipe
from node_agent.uplink.connection import RefusedByServerError, UplinkError

_log = logging.getLogger(__name__)


class Inventory:
    """A node's inventory, looked at anew now and then."""

    def __init__(self, declared: NodeSpec, profile_folders: Sequence[Path] = ()) -> None:
        """Look at the machine for the first time; this may take seconds.

        ``profile_folders`` hold the operator's recipes beside those of the product.
        """
        self._declared = declared
        self._folders = (OWN_FOLDER, *profile_folders)
        self._told: set[str] = set()  # mistakes in recipes, each told once
        self.programs: Sequence[Detected] = ()
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
        self.programs = detect(self._recipes())
        profiles = tuple(one.told for one in self.programs[:MOST_PROFILES])
        self.spec = replace(before, features=features, profiles=profiles)
        return self.spec != before

    def _recipes(self) -> list[Recipe]:
        """What to look for; a file that is wrong is told of and left out."""
        recipes, mistakes = read_recipes(*self._folders)
        for sentence in map(str, mistakes):
            if sentence not in self._told:
                self._told.add(sentence)
                _log.warning("a profile is left out: %s", sentence)
        return recipes

    @staticmethod
    def _with_gpus(declared: NodeSpec) -> NodeSpec:
        """GPUs are counted once, at the start: jobs hold them by their number.

        Of a machine that several nodes share, a device that each of them found would be given
        away several times: there an operator says whose it is.
        """
        if declared.gpus or declared.cores_are_shared:
            return declared
        return replace(declared, gpus=hardware.gpu_models())

    async def keep_looking(
        self, declare: Callable[[dict[str, Any]], Awaitable[object]], every_s: float
    ) -> None:
        """Look again and again, and declare what changed until the API has it."""
        is_news = False
        while True:
            await asyncio.sleep(every_s)
            is_news |= await asyncio.to_thread(self.look)
            if is_news:
                try:
                    await declare(self.plain)
                    is_news = False
                except (UplinkError, RefusedByServerError) as error:
                    _log.warning("the inventory changed and could not be declared: %s", error)
