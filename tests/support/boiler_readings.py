"""What an agent reads of a simulated boiler, without the line in between."""

from collections.abc import Mapping

from domain.fleet.modbus_map import Value
from domain.fleet.reading import Reading, check_reading
from domain.refusal import Refused


def reading_of_boiler(
    shown: Mapping[str, Value], *, seq: int, time_factor: float
) -> Reading | Refused:
    """What `simulation.boiler.instruments.measurements` shows of one site, as a reading."""
    return check_reading(
        {
            **shown,
            "node_id": 1,
            "seq": seq,
            "taken_at_s": 1.8e9,
            "time_factor": time_factor,
            "simulated": True,
            "heat_meter_serial": "H",
            "electricity_meter_serial": "E",
            "control_state": "undecided",
        }
    )
