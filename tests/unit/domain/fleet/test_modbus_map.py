import math
import struct

import pytest

from domain.fleet.modbus_map import (
    MEASUREMENTS,
    NAMEPLATE,
    SET_POINT,
    Field,
    Value,
    decode,
    encode,
    span,
)

MOST_REGISTERS_IN_A_REQUEST = 125
SHOWN: dict[str, Value] = {
    "water_temp_c": 41.5,
    "supply_temp_c": 52.25,
    "inlet_temp_c": 42.0,
    "power_w": 1999.6,
    "heat_power_w": -3,
    "heat_demand_w": 70_000,
    "headroom_wh": 2907.5,
    "heat_register_wh": 2**40 + 7,
    "electricity_register_wh": 12,
    "power_limit_frac": 0.2,
    "uptime_s": 100_000,
}


@pytest.mark.parametrize("block", [NAMEPLATE, MEASUREMENTS, SET_POINT])
def test_a_block_fits_one_request_and_its_values_do_not_overlap(block: tuple[Field, ...]) -> None:
    ends = [field.address + field.kind.words for field in block]

    assert all(end <= after.address for end, after in zip(ends, block[1:], strict=False))
    assert span(block)[1] <= MOST_REGISTERS_IN_A_REQUEST


def test_blocks_lie_apart() -> None:
    addresses = [
        address
        for block in (NAMEPLATE, MEASUREMENTS, SET_POINT)
        for address in range(span(block)[0], sum(span(block)))
    ]

    assert len(addresses) == len(set(addresses))


def test_every_value_says_what_it_means() -> None:
    fields = (*NAMEPLATE, *MEASUREMENTS, *SET_POINT)

    assert [field.name for field in fields if not field.meaning] == []


def test_values_come_back_as_they_were_shown() -> None:
    values = decode(MEASUREMENTS, encode(MEASUREMENTS, SHOWN))

    assert values == {**SHOWN, "power_w": 2000}


def test_words_lie_most_significant_first() -> None:
    words = encode(MEASUREMENTS, SHOWN)

    assert words[0:2] == list(struct.unpack(">2H", struct.pack(">f", 41.5)))
    assert words[14:18] == [0, 2**8, 0, 7]


def test_a_broken_sensor_crosses_as_not_a_number() -> None:
    values = decode(MEASUREMENTS, encode(MEASUREMENTS, {**SHOWN, "water_temp_c": math.nan}))

    assert math.isnan(float(values["water_temp_c"]))


def test_a_limit_crosses_in_permille() -> None:
    words = encode(SET_POINT, {"power_limit_frac": 0.2, "valid_for_s": 4.4})

    assert words == [200, 44]
    assert decode(SET_POINT, words) == {"power_limit_frac": 0.2, "valid_for_s": 4.4}


def test_a_value_too_large_for_its_registers_is_an_error() -> None:
    with pytest.raises(struct.error):
        encode(SET_POINT, {"power_limit_frac": 66.0, "valid_for_s": 1.0})


def test_a_serial_number_too_long_for_its_registers_is_an_error() -> None:
    plate = {field.name: 1 for field in NAMEPLATE}
    with pytest.raises(ValueError, match="longer than 24"):
        encode(NAMEPLATE, {**plate, "heat_meter_serial": "x" * 25, "electricity_meter_serial": ""})


def test_a_short_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="registers came as"):
        decode(SET_POINT, [1])
