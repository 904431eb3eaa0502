"""One suite for everything that stands behind the port to a boiler."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from node_agent.devices.boiler import Boiler, DeviceError
from node_agent.devices.modbus import ModbusAddress, ModbusBoiler
from simulation.boiler.config import BoilerConfig, HouseConfig
from simulation.boiler.server import serve
from simulation.boiler.sites import default_sites
from tests.support.eventually import eventually
from tests.support.scripted_boiler import ScriptedBoiler

Opened = AbstractAsyncContextManager[Boiler]
Scene = Callable[[Boiler], Awaitable[None]]
#: The boiler of the default row whose nameplate the scripted one bears.
SITE = replace(
    default_sites(3)[2], heat_meter_serial="SIM-000001-H", electricity_meter_serial="SIM-000001-E"
)


@asynccontextmanager
async def _scripted(_: Path) -> AsyncIterator[Boiler]:
    yield ScriptedBoiler()


@asynccontextmanager
async def _modbus(directory: Path) -> AsyncIterator[Boiler]:
    config = HouseConfig(
        boilers=(BoilerConfig(site=SITE, unit=7),),
        state_file=directory / "boilers.json",
        port_file=directory / "port.json",
        step_s=0.01,
    )
    serving = asyncio.create_task(serve(config))
    await eventually(partial(asyncio.to_thread, config.port_file.exists))
    boiler = ModbusBoiler(ModbusAddress(unit=7, port_file=config.port_file))
    try:
        yield boiler
    finally:
        await boiler.close()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture(params=[_scripted, _modbus], ids=["scripted", "modbus"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    """Play a scene with a boiler of each kind."""

    def run(scene: Scene) -> None:
        async def whole() -> None:
            opened: Opened = request.param(tmp_path)
            async with opened as boiler:
                await scene(boiler)

        asyncio.run(whole())

    return run


async def _is_limited_to(boiler: Boiler, limit_frac: float) -> bool:
    return (await boiler.measure()).power_limit_frac == limit_frac


def test_a_boiler_says_who_it_is(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        assert await boiler.nameplate() == ScriptedBoiler().plate

    play(scene)


def test_instruments_show_what_can_be(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        shown = await boiler.measure()

        assert 10.0 < shown.water_temp_c <= shown.inlet_temp_c <= shown.supply_temp_c < 70.0
        assert 0 <= shown.heat_power_w <= shown.power_w
        assert shown.headroom_wh > 0
        assert isinstance(shown.heat_register_wh, int)
        assert isinstance(shown.electricity_register_wh, int)

    play(scene)


def test_without_an_order_a_boiler_idles(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        shown = await boiler.measure()

        assert (shown.power_w, shown.power_limit_frac) == (400, 0.2)

    play(scene)


def test_a_limit_comes_into_force(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        await boiler.limit_power(0.5, 60.0)
        await boiler.limit_power(0.7504, 60.0)
        await eventually(partial(_is_limited_to, boiler, 0.75))
        assert (await boiler.measure()).power_limit_frac == pytest.approx(0.75)

    play(scene)


@pytest.mark.parametrize(("limit_frac", "valid_for_s"), [(1.5, 10.0), (0.5, 0.0)])
def test_a_senseless_limit_is_an_error_and_changes_nothing(
    play: Callable[[Scene], None], limit_frac: float, valid_for_s: float
) -> None:
    async def scene(boiler: Boiler) -> None:
        with pytest.raises(DeviceError):
            await boiler.limit_power(limit_frac, valid_for_s)
        assert (await boiler.measure()).power_limit_frac == 0.2

    play(scene)


def test_a_limit_that_would_stay_for_ever_is_cut_short_and_taken(
    play: Callable[[Scene], None],
) -> None:
    async def scene(boiler: Boiler) -> None:
        await boiler.limit_power(0.3, 1e6)
        await eventually(partial(_is_limited_to, boiler, 0.3))
        assert (await boiler.measure()).power_limit_frac == pytest.approx(0.3)

    play(scene)


def test_registers_never_go_back(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        shown = [await boiler.measure() for _ in range(50)]
        indexes = [(item.heat_register_wh, item.electricity_register_wh) for item in shown]

        assert indexes == sorted(indexes)

    play(scene)


def test_a_boiler_may_be_closed_twice(play: Callable[[Scene], None]) -> None:
    async def scene(boiler: Boiler) -> None:
        await boiler.measure()
        await boiler.close()
        await boiler.close()
        assert (await boiler.measure()).power_w == 400

    play(scene)
