"""A boiler that speaks Modbus TCP by the register map of this house."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from domain.fleet.modbus_map import (
    LONGEST_LIMIT_VALID_S,
    MAP_VERSION,
    MEASUREMENTS,
    NAMEPLATE,
    SET_POINT,
    Field,
    Value,
    decode,
    encode,
    span,
)
from domain.refusal import Refused
from node_agent.devices.boiler import DeviceError, Measurement, Nameplate


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusAddress:
    """Where a boiler is found: a port, or a file that says which port it is."""

    unit: int
    host: str = "127.0.0.1"
    port: int = 502
    port_file: Path | None = None  #: Read anew for each connection; goes before host and port.
    timeout_s: float = 2.0

    def endpoint(self) -> tuple[str, int]:
        """Host and port now; raises `DeviceError` where the file does not say."""
        if self.port_file is None:
            return self.host, self.port
        try:
            plain = json.loads(self.port_file.read_text(encoding="utf-8"))
            return str(plain["host"]), int(plain["port"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(f"{self.port_file} does not say where the boiler is") from error


class ModbusBoiler:
    """Driver of one unit behind one TCP connection, opened when first needed and after a loss."""

    def __init__(self, address: ModbusAddress) -> None:
        """Know the address; nothing is opened yet."""
        self._address = address
        self._client: AsyncModbusTcpClient | None = None
        self._turn = asyncio.Lock()  # One request at a time, as on the wire.

    async def nameplate(self) -> Nameplate:
        """Read the nameplate; a map of another version is not understood."""
        values = await self._read(NAMEPLATE)
        version = values.pop("map_version")
        if version != MAP_VERSION:
            raise DeviceError(f"the boiler has map version {version}, this driver {MAP_VERSION}")
        return Nameplate(**{**values, "is_simulated": bool(values["is_simulated"])})

    async def measure(self) -> Measurement:
        """Read every instrument in one request."""
        values = await self._read(MEASUREMENTS)
        return Measurement(**{item.name: values[item.name] for item in fields(Measurement)})

    async def limit_power(self, limit_frac: float, valid_for_s: float) -> None:
        """Write the set-point and its time in one request."""
        values = {
            "power_limit_frac": limit_frac,
            "valid_for_s": min(valid_for_s, LONGEST_LIMIT_VALID_S),
        }
        words = encode(SET_POINT, values)
        async with self._turn:
            client = await self._connected()
            first, _ = span(SET_POINT)
            await self._asked(
                client.write_registers(first, words, device_id=self._address.unit), client
            )

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _read(self, block: Sequence[Field]) -> dict[str, Any]:
        first, count = span(block)
        async with self._turn:
            client = await self._connected()
            request = client.read_holding_registers(
                first, count=count, device_id=self._address.unit
            )
            answer = await self._asked(request, client)
        try:
            values: dict[str, Value] = decode(block, answer.registers)
        except ValueError as error:
            raise DeviceError(f"the boiler's answer cannot be read: {error}") from error
        return values

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        await self.close()
        host, port = self._address.endpoint()
        # Repeating is the control loop's business, once a cycle; the driver tries once.
        client = AsyncModbusTcpClient(
            host, port=port, timeout=self._address.timeout_s, retries=0, reconnect_delay=0
        )
        if not await client.connect():
            client.close()
            raise DeviceError(f"no boiler answers at {host}:{port}")
        self._client = client
        return client

    async def _asked(self, request: Any, client: AsyncModbusTcpClient) -> Any:  # noqa: ANN401 - the client types its answers so
        try:
            answer = await request
        except (ModbusException, OSError, TimeoutError) as error:
            # What comes late must not be taken for the answer to the next question.
            client.close()
            raise DeviceError(f"unit {self._address.unit} is silent: {error}") from error
        if answer.isError():
            raise DeviceError(f"unit {self._address.unit} refused: {answer}")
        return answer


def modbus_boiler(device: dict[str, Any]) -> ModbusBoiler | Refused:
    """The driver for ``{"driver": "modbus", "unit": …, "host": …, "port": … | "port_file": …}``."""
    values = {name: value for name, value in device.items() if name != "driver"}
    try:
        if values.get("port_file") is not None:
            values["port_file"] = Path(values["port_file"])
        return ModbusBoiler(ModbusAddress(**values))
    except TypeError as error:
        sentence = f"The boiler's address in the agent's configuration is not complete: {error}."
        return Refused(code="agent.device", sentence=sentence)
