import math
from dataclasses import asdict
from typing import Any

import pytest

from domain.fleet.reading import Reading, check_reading
from domain.refusal import Refused

GOOD: dict[str, Any] = {
    "node_id": 3,
    "seq": 7,
    "taken_at_s": 1.8e9,
    "water_temp_c": 41.0,
    "supply_temp_c": 52.0,
    "inlet_temp_c": 42.0,
    "power_w": 2000,
    "heat_power_w": 1950,
    "heat_demand_w": 3000,
    "headroom_wh": 3000.0,
    "heat_register_wh": 12340,
    "electricity_register_wh": 12999,
    "time_factor": 120.0,
    "simulated": True,
    "heat_meter_serial": "SIM-1-H",
    "electricity_meter_serial": "SIM-1-E",
    "control_state": "normal",
}


def test_a_good_reading_is_taken_as_it_is() -> None:
    reading = check_reading(GOOD)

    assert isinstance(reading, Reading)
    assert asdict(reading) == GOOD


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"water_temp_c": math.nan}, "reading.not_finite"),
        ({"inlet_temp_c": math.inf}, "reading.not_finite"),
        ({"water_temp_c": 111.0}, "reading.range"),
        ({"water_temp_c": -273.0}, "reading.range"),
        ({"power_w": -1}, "reading.range"),
        ({"headroom_wh": -0.1}, "reading.range"),
        ({"heat_register_wh": -1}, "reading.range"),
        ({"heat_register_wh": 1.5}, "reading.type"),
        ({"time_factor": 0.0}, "reading.range"),
        ({"taken_at_s": 12.0}, "reading.range"),
        ({"power_w": True}, "reading.type"),
        ({"power_w": "2000"}, "reading.type"),
        ({"simulated": 1}, "reading.type"),
        ({"heat_meter_serial": ""}, "reading.type"),
        ({"colour": "red"}, "reading.unknown"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, Any], code: str) -> None:
    refused = check_reading({**GOOD, **change})

    assert isinstance(refused, Refused)
    assert refused.code == code
    assert next(iter(change)) in refused.sentence


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_reading_that_lacks_a_value_is_refused(name: str) -> None:
    refused = check_reading({key: value for key, value in GOOD.items() if key != name})

    assert isinstance(refused, Refused)
    assert refused.code == "reading.missing"
