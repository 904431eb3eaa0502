"""Simulated boilers as a process of their own, and the agent's driver on the other side."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from domain.fleet.modbus_map import MEASUREMENTS, SET_POINT, span
from domain.fleet.reading import Reading
from node_agent.devices.boiler import DeviceError, Measurement
from node_agent.devices.modbus import ModbusAddress, ModbusBoiler, modbus_boiler
from node_agent.heat.heating import Heating
from tests.support.boilers import BoilerProcess
from tests.support.eventually import eventually

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@pytest.fixture
def boilers(tmp_path: Path) -> Iterator[BoilerProcess]:
    process = BoilerProcess(tmp_path)
    yield process
    process.stop()


async def _measured(process: BoilerProcess, unit: int) -> Measurement:
    driver = process.driver(unit)
    try:
        return await driver.measure()
    finally:
        await driver.close()


@asynccontextmanager
async def _plain_client(port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, retries=0)
    assert await client.connect()
    yield client
    client.close()


def test_work_done_shows_as_power_and_then_as_heat_on_that_boiler_only(
    boilers: BoilerProcess,
) -> None:
    boilers.start()

    async def scene() -> None:
        busy, idle = boilers.driver(1), boilers.driver(2)
        before = await busy.measure()
        await busy.limit_power(1.0, 60.0)
        used_s = 0.0
        boilers.use(1, used_s)

        async def is_warmer() -> bool:
            nonlocal used_s
            used_s += 0.5
            boilers.use(1, used_s)
            shown = await busy.measure()
            return shown.power_w > 1500 and shown.water_temp_c > before.water_temp_c

        await eventually(is_warmer)
        after = await busy.measure()
        assert after.heat_power_w > 0.95 * 1500
        assert after.electricity_register_wh > before.electricity_register_wh
        assert (await idle.measure()).power_w == 400
        await busy.close()
        await idle.close()

    asyncio.run(scene())


def test_registers_never_go_back_over_kill_9(tmp_path: Path) -> None:
    boilers = BoilerProcess(tmp_path, time_factor=2000.0)
    boilers.start()
    last = (0, 0)

    async def have_counted() -> bool:
        shown = _indexes(await _measured(boilers, 1))
        return shown[0] > last[0] + 20 and shown[1] > last[1] + 20

    for _ in range(3):
        asyncio.run(eventually(have_counted))
        last = _indexes(asyncio.run(_measured(boilers, 1)))
        boilers.stop(signal.SIGKILL)
        boilers.start()
        found = _indexes(asyncio.run(_measured(boilers, 1)))
        assert found[0] >= last[0]
        assert found[1] >= last[1]
    boilers.stop()


def _indexes(shown: Measurement) -> tuple[int, int]:
    return shown.heat_register_wh, shown.electricity_register_wh


def test_the_gap_of_a_restart_is_not_simulated(boilers: BoilerProcess) -> None:
    boilers.start()
    status, said = boilers.stop()
    plain = json.loads(boilers.state_file.read_text())
    plain["sites"]["SIM-000001-H"] |= {"water_temp_c": 40.0, "heat_wh": 5000}
    boilers.state_file.write_text(json.dumps(plain))
    boilers.start()
    shown = asyncio.run(_measured(boilers, 1))

    assert (status, said) == (0, "")
    assert shown.water_temp_c == pytest.approx(40.0, abs=0.5)
    assert 5000 <= shown.heat_register_wh < 5100


def test_agents_find_restarted_boilers_at_the_same_port(boilers: BoilerProcess) -> None:
    port = boilers.start()

    async def scene() -> None:
        driver = boilers.driver(1)
        await driver.measure()
        boilers.stop(signal.SIGKILL)
        with pytest.raises(DeviceError):
            await driver.measure()
        assert boilers.start() == port
        assert (await driver.measure()).power_w == 400
        await driver.close()

    asyncio.run(scene())


def test_where_the_old_port_is_taken_the_file_names_the_new_one(boilers: BoilerProcess) -> None:
    port = boilers.start()
    boilers.stop()
    with socket.create_server(("127.0.0.1", port)):
        assert boilers.start() != port
        assert asyncio.run(_measured(boilers, 1)).power_w == 400


def test_a_limit_that_is_not_renewed_runs_out(boilers: BoilerProcess) -> None:
    boilers.start()

    async def scene() -> None:
        driver = boilers.driver(1)

        async def is_at(limit_frac: float) -> bool:
            return (await driver.measure()).power_limit_frac == limit_frac

        await driver.limit_power(0.0, 0.4)
        await eventually(lambda: is_at(0.0))
        assert (await driver.measure()).power_w == 10
        await eventually(lambda: is_at(0.2))
        await driver.close()

    asyncio.run(scene())


def test_what_a_boiler_does_not_offer_is_refused(boilers: BoilerProcess) -> None:
    port = boilers.start()
    set_point, _ = span(SET_POINT)
    measurements, _ = span(MEASUREMENTS)

    async def scene() -> None:
        async with _plain_client(port) as client:
            codes = [
                (await client.read_holding_registers(90, count=2, device_id=1)).exception_code,
                (await client.write_registers(measurements, [1, 2], device_id=1)).exception_code,
                (await client.write_register(set_point, 1, device_id=1)).exception_code,
                (await client.write_registers(set_point, [1], device_id=1)).exception_code,
                (await client.write_registers(set_point, [1001, 10], device_id=1)).exception_code,
                (await client.write_registers(set_point, [500, 0], device_id=1)).exception_code,
                (await client.write_registers(set_point, [500, 9999], device_id=1)).exception_code,
            ]
            assert codes == [
                ILLEGAL_ADDRESS,
                ILLEGAL_ADDRESS,
                ILLEGAL_FUNCTION,
                ILLEGAL_ADDRESS,
                ILLEGAL_VALUE,
                ILLEGAL_VALUE,
                ILLEGAL_VALUE,
            ]
            good = await client.read_input_registers(measurements, count=2, device_id=1)
            assert not good.isError()

    asyncio.run(scene())


def test_a_unit_that_is_not_there_is_an_error_of_the_device(boilers: BoilerProcess) -> None:
    boilers.start()

    with pytest.raises(DeviceError, match="unit 9"):
        asyncio.run(_measured(boilers, 9))


def test_an_agent_without_a_boiler_is_told_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    closed = ModbusBoiler(ModbusAddress(unit=1, port=port))
    unwritten = modbus_boiler({"driver": "modbus", "unit": 1, "port_file": str(tmp_path / "no")})
    assert isinstance(unwritten, ModbusBoiler)

    with pytest.raises(DeviceError, match="no boiler answers"):
        asyncio.run(closed.measure())
    with pytest.raises(DeviceError, match="does not say"):
        asyncio.run(unwritten.measure())


def test_a_peer_that_never_answers_is_a_silent_device() -> None:
    async def scene(port: int) -> None:
        driver = ModbusBoiler(ModbusAddress(unit=1, port=port, timeout_s=0.1))
        with pytest.raises(DeviceError, match="silent"):
            await driver.measure()
        await driver.close()

    # The kernel takes the connection; nobody ever reads it.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(scene(listener.getsockname()[1]))


def test_local_control_holds_a_full_tank_below_its_limit(tmp_path: Path) -> None:
    """Everything real but the metal: plant, Modbus over TCP, driver, law."""
    boilers = BoilerProcess(tmp_path, n_boilers=1, time_factor=3000.0, step_s=0.01)
    plain = json.loads(boilers.config_file.read_text())
    plain["boilers"][0]["site"] |= {"start_temp_c": 46.0, "daily_draw_kg": 0.0}
    boilers.config_file.write_text(json.dumps(plain))
    boilers.start()

    async def scene() -> set[str]:
        driver = boilers.driver(1)
        heating = Heating(driver, node_id=1, period_s=0.05)
        loop = asyncio.get_running_loop()
        states: set[str] = set()
        seq = 0

        async def has_stopped() -> bool:
            nonlocal seq
            seq += 1
            boilers.use(1, 1000.0 * seq)
            cycle = await heating.cycle(seq=seq, unix_s=1.8e9, now_s=loop.time())
            assert isinstance(cycle.reading, Reading)
            assert cycle.reading.water_temp_c < 50.0
            states.add(cycle.reading.control_state)
            return cycle.reading.control_state == "stopped" and "limited" in states

        await eventually(has_stopped)
        await driver.close()
        return states

    try:
        states = asyncio.run(scene())
    finally:
        boilers.stop()
    assert states >= {"limited", "stopped"}


def test_a_second_process_on_the_same_memory_is_turned_away(boilers: BoilerProcess) -> None:
    boilers.start()
    status, said = boilers.refused()

    assert status == 2
    assert "stop that process first" in said
    assert asyncio.run(_measured(boilers, 1)).power_w == 400


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"boilers": []}, "no boiler"),
        ({"time_factor": 1e9}, "time_factor"),
        ({"step_s": 0}, "step_s"),
        ({"colour": "red"}, "colour"),
        ({"boilers": [{"unit": 1}]}, "site"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, change: dict[str, object], word: str
) -> None:
    status, said = BoilerProcess(tmp_path, 1, **change).refused()

    assert status == 2
    assert word in said
    assert said.count("\n") == 1


def test_two_boilers_of_one_unit_are_refused(tmp_path: Path) -> None:
    boilers = BoilerProcess(tmp_path)
    plain = json.loads(boilers.config_file.read_text())
    plain["boilers"][1]["unit"] = 1
    boilers.config_file.write_text(json.dumps(plain))

    assert boilers.refused()[0] == 2


def test_a_taken_port_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        status, said = BoilerProcess(tmp_path, 1, port=port).refused()

    assert status == 2
    assert f"Port {port}" in said


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 99}'])
def test_a_memory_that_cannot_be_read_is_not_overwritten(tmp_path: Path, text: str) -> None:
    boilers = BoilerProcess(tmp_path)
    boilers.state_file.write_text(text)
    status, said = boilers.refused()

    assert status == 2
    assert "restore it" in said
    assert boilers.state_file.read_text() == text
