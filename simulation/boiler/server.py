"""Simulated boilers as one Modbus TCP server.

Each boiler is one unit of the server; its registers are those of `domain.fleet.modbus_map`.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from domain.fleet.modbus_map import MEASUREMENTS, NAMEPLATE, SET_POINT, Field, span
from domain.refusal import Refused
from simulation.boiler.config import HouseConfig, load_house
from simulation.boiler.house import BoilerHouse
from simulation.boiler.memory import replace_file

_BLOCKS = (NAMEPLATE, MEASUREMENTS, SET_POINT)
#: Read holding or input registers; write several registers.
_READS = frozenset({3, 4})
_WRITE = 16


class _Unit:
    """One boiler as a Modbus device."""

    def __init__(self, house: BoilerHouse, index: int) -> None:
        self._house = house
        self._index = index

    async def answer(  # noqa: PLR0917 - called by pymodbus, in its order
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Put what the instruments show under a read; take or refuse a written set-point."""
        if values is None and function_code in _READS:
            shown = self._house.registers(self._index)
            for block, words in zip((NAMEPLATE, MEASUREMENTS), shown, strict=True):
                first = span(block)[0] - start_address
                registers[first : first + len(words)] = words
            return None
        if values is None or function_code != _WRITE:
            return ExcCodes.ILLEGAL_FUNCTION
        if (address, count) != span(SET_POINT):
            return ExcCodes.ILLEGAL_ADDRESS
        words = [int(value) for value in values]
        now_s = asyncio.get_running_loop().time()
        taken = self._house.set_point(self._index, words, now_s)
        return None if taken else ExcCodes.ILLEGAL_VALUE


def _empty(block: tuple[Field, ...]) -> SimData:
    address, count = span(block)
    return SimData(address, count=count, values=0, datatype=DataType.REGISTERS)


def _devices(config: HouseConfig, house: BoilerHouse) -> list[SimDevice]:
    return [
        SimDevice(
            boiler.unit,
            simdata=[_empty(block) for block in _BLOCKS],
            action=_Unit(house, index).answer,
        )
        for index, boiler in enumerate(config.boilers)
    ]


def _known_port(config: HouseConfig) -> int:
    """The port to ask for: after a restart, the one that the agents already know."""
    if config.port:
        return config.port
    try:
        plain = json.loads(config.port_file.read_text(encoding="utf-8"))
        return int(plain["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


async def _listen(config: HouseConfig, devices: list[SimDevice]) -> ModbusTcpServer | Refused:
    wanted = _known_port(config)
    for port in (wanted,) if wanted in {0, config.port} else (wanted, 0):
        server = ModbusTcpServer(devices, address=(config.host, port))
        try:
            await server.serve_forever(background=True)
        except RuntimeError:
            continue
        return server
    return Refused(
        code="boiler.port",
        sentence=f"Port {config.port} of {config.host} is taken; stop what uses it, "
        "or choose another in the configuration.",
    )


def _port_of(server: ModbusTcpServer) -> int:
    listener = server.transport
    if not isinstance(listener, asyncio.Server):
        raise TypeError("the Modbus server does not listen on a socket")
    return int(listener.sockets[0].getsockname()[1])


async def serve(config: HouseConfig) -> Refused | None:
    """Serve the boilers until cancelled, or say why that cannot be."""
    loop = asyncio.get_running_loop()
    house = BoilerHouse.resumed(config, loop.time())
    if isinstance(house, Refused):
        return house
    server = await _listen(config, _devices(config, house))
    if isinstance(server, Refused):
        return server
    replace_file(config.port_file, {"host": config.host, "port": _port_of(server)})
    try:
        while True:
            await asyncio.sleep(config.step_s)
            house.step(loop.time())
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


async def _until_told(config: HouseConfig) -> Refused | None:
    work = asyncio.ensure_future(serve(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await work
    return None


def _locked(state_file: Path) -> bool:
    """Whether the memory of these boilers is now ours alone, until this process ends."""
    descriptor = os.open(state_file.with_name(f"{state_file.name}.lock"), os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True


def run(path: Path) -> int:
    """Serve what this file describes until TERM; the exit status."""
    config = load_house(path)
    if isinstance(config, HouseConfig):
        config.state_file.parent.mkdir(parents=True, exist_ok=True)
        config.port_file.parent.mkdir(parents=True, exist_ok=True)
        if not _locked(config.state_file):
            sentence = f"Other boilers already use {config.state_file}; stop that process first."
            config = Refused(code="boiler.locked", sentence=sentence)
    refused = config if isinstance(config, Refused) else asyncio.run(_until_told(config))
    if refused is not None:
        sys.stderr.write(refused.sentence + "\n")
        return 2
    return 0
