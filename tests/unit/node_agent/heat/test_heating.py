import asyncio
import math
from dataclasses import replace

import pytest

from domain.fleet.reading import Reading
from domain.refusal import Refused
from node_agent.heat.control import Cause
from node_agent.heat.heating import Cycle, Heating
from tests.support.scripted_boiler import NAMEPLATE, ScriptedBoiler

UNIX_S = 1.8e9


class Scene:
    """A boiler under local control, one cycle a second."""

    def __init__(self, boiler: ScriptedBoiler) -> None:
        self.boiler = boiler
        self.heating = Heating(boiler, node_id=3)
        self.seq = 0

    def cycle(self, *, water_c: float = 30.0) -> Cycle:
        self.seq += 1
        self.boiler.shown = replace(
            self.boiler.shown, water_temp_c=water_c, inlet_temp_c=water_c + 1
        )
        return asyncio.run(
            self.heating.cycle(seq=self.seq, unix_s=UNIX_S + self.seq, now_s=float(self.seq))
        )


@pytest.fixture
def scene() -> Scene:
    return Scene(ScriptedBoiler())


def test_a_cycle_gives_a_reading_that_says_what_was_decided(scene: Scene) -> None:
    reading = scene.cycle().reading

    assert isinstance(reading, Reading)
    assert (reading.node_id, reading.seq, reading.taken_at_s) == (3, 1, UNIX_S + 1)
    assert (reading.simulated, reading.time_factor) == (True, 120.0)
    assert (reading.heat_meter_serial, reading.heat_register_wh) == ("SIM-000001-H", 1230)
    assert reading.control_state == "normal"


def test_the_boiler_is_told_its_limit_at_every_cycle(scene: Scene) -> None:
    scene.cycle()
    scene.cycle(water_c=49.0)

    assert [limit_frac for limit_frac, _ in scene.boiler.limits] == [1.0, 0.0]
    assert all(3.0 <= valid_for_s <= 10.0 for _, valid_for_s in scene.boiler.limits)


def test_a_broken_sensor_stops_the_boiler_and_is_refused_as_a_reading(scene: Scene) -> None:
    scene.cycle()
    cycle = scene.cycle(water_c=math.nan)

    assert isinstance(cycle.reading, Refused)
    assert cycle.reading.code == "reading.not_finite"
    assert cycle.action is not None
    assert (cycle.action.freeze_jobs, cycle.action.cause) == (True, Cause.SENSOR_UNUSABLE)
    assert scene.boiler.limits[-1][0] == 0.0


def test_of_a_boiler_never_heard_nothing_is_known(scene: Scene) -> None:
    scene.boiler.is_silent = True

    assert scene.cycle() == Cycle(reading=None, action=None)


def test_a_silent_boiler_is_decided_on_from_what_was_last_seen(scene: Scene) -> None:
    scene.cycle()
    scene.boiler.is_silent = True
    cycles = [scene.cycle() for _ in range(31)]
    actions = [cycle.action for cycle in cycles if cycle.action is not None]

    assert [cycle.reading for cycle in cycles] == [None] * 31
    assert [action.run for action in actions] == [True] * 30 + [False]


def test_silence_is_said_once_until_it_ends(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.cycle()
    scene.boiler.is_silent = True
    for _ in range(5):
        scene.cycle()
    scene.boiler.is_silent = False
    scene.cycle()
    scene.boiler.is_silent = True
    scene.cycle()

    assert [record.message for record in caplog.records] == [
        "the boiler of node 3 is silent: the boiler is silent"
    ] * 2


def test_a_boiler_that_comes_back_as_another_is_read_anew(scene: Scene) -> None:
    scene.cycle()
    scene.boiler.is_silent = True
    scene.cycle()
    scene.boiler.is_silent = False
    scene.boiler.plate = replace(NAMEPLATE, heat_meter_serial="SIM-000009-H")
    reading = scene.cycle().reading

    assert isinstance(reading, Reading)
    assert reading.heat_meter_serial == "SIM-000009-H"


def test_a_boiler_too_strong_for_its_water_is_an_error_of_configuration() -> None:
    scene = Scene(ScriptedBoiler(replace(NAMEPLATE, storage_wh_per_k=1.0)))

    with pytest.raises(ValueError, match="too fast"):
        scene.cycle()
