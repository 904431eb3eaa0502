"""The register map of a server-boiler: the one text that driver and boiler both read.

Addresses are protocol addresses (the first register is 0), words are big-endian with the most
significant word first, as the Modbus Application Protocol V1.1b3 leaves 32-bit values to the maker
and most heat meters choose. A block is read in one request, so that its values belong together.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

Value = float | int | str


class Kind(Enum):
    """How a value lies in registers: its code in ``struct``, big-endian."""

    UINT16 = ">H"
    INT32 = ">i"
    UINT32 = ">I"
    FLOAT32 = ">f"
    UINT64 = ">Q"
    TEXT24 = ">24s"  #: ASCII, padded with zero bytes.

    @property
    def words(self) -> int:
        """Registers it takes."""
        return struct.calcsize(self.value) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of the map; what is stored is the value divided by ``scale``."""

    name: str
    address: int
    kind: Kind
    unit: str
    scale: float = 1
    meaning: str


def _field(
    name: str, address: int, kind: Kind, unit: str, meaning: str, *, scale: float = 1
) -> Field:
    return Field(name=name, address=address, kind=kind, unit=unit, scale=scale, meaning=meaning)


#: What the plate of the boiler says; constant while it runs.
NAMEPLATE = (
    _field("map_version", 0, Kind.UINT16, "1", "version of this map"),
    _field("is_simulated", 1, Kind.UINT16, "1", "1 where boiler and meters are a model"),
    _field("time_factor", 2, Kind.FLOAT32, "1", "seconds of the plant for one second of the clock"),
    _field("idle_power_w", 4, Kind.INT32, "W", "electric power of the idle servers"),
    _field("max_power_w", 6, Kind.INT32, "W", "electric power of the fully loaded servers"),
    _field("storage_wh_per_k", 8, Kind.FLOAT32, "Wh/K", "heat the water takes up for each kelvin"),
    _field("limit_temp_c", 10, Kind.FLOAT32, "degC", "the water is never heated above this"),
    _field("heat_meter_serial", 12, Kind.TEXT24, "", "serial number of the heat meter"),
    _field("electricity_meter_serial", 24, Kind.TEXT24, "", "serial number of the power meter"),
)

#: What its instruments show; not a number (NaN) where a sensor is broken.
MEASUREMENTS = (
    _field("water_temp_c", 100, Kind.FLOAT32, "degC", "water in the tank"),
    _field("supply_temp_c", 102, Kind.FLOAT32, "degC", "coolant leaving the servers"),
    _field("inlet_temp_c", 104, Kind.FLOAT32, "degC", "coolant entering the servers"),
    _field("power_w", 106, Kind.INT32, "W", "electric power"),
    _field("heat_power_w", 108, Kind.INT32, "W", "heat into the water, positive"),
    _field("heat_demand_w", 110, Kind.INT32, "W", "draw up to its set-point, and tank losses"),
    _field("headroom_wh", 112, Kind.FLOAT32, "Wh", "heat the water takes before its limit"),
    _field("heat_register_wh", 114, Kind.UINT64, "Wh", "index of the heat meter"),
    _field("electricity_register_wh", 118, Kind.UINT64, "Wh", "index of the electricity meter"),
    _field("power_limit_frac", 122, Kind.UINT16, "1", "limit in force", scale=1e-3),
    _field("uptime_s", 123, Kind.UINT32, "s", "clock seconds since the boiler started"),
)

#: What may be written, both registers in one request. When the time is over the boiler falls
#: back to idle power by itself: who does not speak does not heat.
SET_POINT = (
    _field("power_limit_frac", 200, Kind.UINT16, "1", "share of maximum power", scale=1e-3),
    _field("valid_for_s", 201, Kind.UINT16, "s", "seconds until this limit expires", scale=0.1),
)

MAP_VERSION = 1
#: A boiler takes no limit that would stay for longer than this [s].
LONGEST_LIMIT_VALID_S = 300.0


def span(block: Sequence[Field]) -> tuple[int, int]:
    """First address of a block and the number of its registers."""
    last = block[-1]
    return block[0].address, last.address + last.kind.words - block[0].address


def encode(block: Sequence[Field], values: Mapping[str, Value]) -> list[int]:
    """The registers of a block that hold these values.

    Raises ``struct.error`` where a value does not fit its registers.
    """
    first, count = span(block)
    words = [0] * count
    for field in block:
        data = struct.pack(field.kind.value, _raw(field, values[field.name]))
        offset = field.address - first
        words[offset : offset + field.kind.words] = struct.unpack(f">{field.kind.words}H", data)
    return words


def decode(block: Sequence[Field], words: Sequence[int]) -> dict[str, Value]:
    """The values that the registers of a block hold.

    Raises ``ValueError`` where there are too few registers, or a text is not ASCII.
    """
    first, count = span(block)
    if len(words) != count:
        raise ValueError(f"a block of {count} registers came as {len(words)}")
    values: dict[str, Value] = {}
    for field in block:
        offset = field.address - first
        part = words[offset : offset + field.kind.words]
        data = struct.pack(f">{field.kind.words}H", *part)
        (raw,) = struct.unpack(field.kind.value, data)
        values[field.name] = _cooked(field, raw)
    return values


def _raw(field: Field, value: Value) -> int | float | bytes:
    if isinstance(value, str):
        data = value.encode("ascii")
        if len(data) > field.kind.words * 2:
            raise ValueError(f"{field.name} is longer than {field.kind.words * 2} characters")
        return data
    if field.kind is Kind.FLOAT32:
        return value / field.scale
    return round(value / field.scale)


def _cooked(field: Field, raw: float | bytes) -> Value:
    if isinstance(raw, bytes):
        return raw.rstrip(b"\0").decode("ascii")
    # 0.001 has no exact binary value; a limit of 200 permille shall read 0.2.
    return raw if field.scale == 1 else round(raw * field.scale, 9)
