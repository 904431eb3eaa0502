"""Power advice from the agent's file to the boiler: a keeper obeys it, and forgets it by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node_agent.heat.advice import AdviceFile
from node_agent.heat.readings_journal import ReadingsJournal
from node_agent.keeper import Keeper
from node_agent.machine.boot_id import kernel_boot_id
from node_agent.warden.protocol import boot_now_s
from tests.support.scripted_boiler import ScriptedBoiler


class Node:
    """A keeper of a cool boiler, and the agent's hand beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.boiler = ScriptedBoiler()
        self.agent = AdviceFile(directory, kernel_boot_id())

    def caps(self, n_turns: int = 1) -> list[float]:
        """What a keeper that has just started allows, cycle after cycle."""
        before = len(self.boiler.limits)

        async def turns() -> None:
            keeper = Keeper(boiler=self.boiler, directory=self.directory)
            for _ in range(n_turns):
                await keeper.turn()

        asyncio.run(turns())
        return [limit_frac for limit_frac, _ in self.boiler.limits[before:]]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_the_keeper_holds_the_boiler_to_the_advice(node: Node) -> None:
    node.agent.keep(0.5, boot_now_s() + 60.0)

    assert node.caps(2) == [0.5, 0.5]

    journal = ReadingsJournal(node.directory)
    (_, first), *_ = journal.unsent(10)
    journal.close()
    assert first["control_state"] == "limited"


def test_without_an_agent_the_advice_runs_out(node: Node) -> None:
    node.agent.keep(0.5, boot_now_s() - 0.1)

    assert node.caps() == [1.0]


def test_lifted_advice_lets_the_boiler_run_as_its_water_allows(node: Node) -> None:
    node.agent.keep(0.5, boot_now_s() + 60.0)
    node.agent.lift()

    assert node.caps() == [1.0]


def test_advice_never_allows_more_than_the_water_does(node: Node) -> None:
    hot = replace(node.boiler.shown, water_temp_c=49.0, inlet_temp_c=49.0)
    node.boiler.shown = hot
    node.agent.keep(0.9, boot_now_s() + 60.0)

    assert node.caps() == [0.0]
