import math
from dataclasses import replace

import pytest

from domain.fleet.reading import Reading
from domain.refusal import Refused
from node_agent.heat.control import (
    Action,
    Advice,
    Cause,
    ControlMemory,
    ControlSettings,
    ControlState,
    decide,
    reset,
    settings_for,
)

BAD = Refused(code="reading.range", sentence="water_temp_c = 111 is outside -10 to 110.")
NAN = math.nan


def _settings(time_factor: float = 120.0, storage_wh_per_k: float = 290.75) -> ControlSettings:
    settings = settings_for(
        limit_temp_c=50.0,
        idle_power_w=400.0,
        max_power_w=2000.0,
        storage_wh_per_k=storage_wh_per_k,
        time_factor=time_factor,
    )
    assert isinstance(settings, ControlSettings)
    return settings


SETTINGS = _settings()
#: A real basin: nothing moves within a minute, so only what the sensors say counts.
CALM = _settings(time_factor=1.0, storage_wh_per_k=580_000.0)


class Loop:
    """Feeds the law one reading a second, as the agent does."""

    def __init__(self, settings: ControlSettings) -> None:
        self.settings = settings
        self.memory = ControlMemory()
        self.now_s = 1000.0
        self.seq = 0
        self.advice: Advice | None = None

    def see(self, water_c: float, inlet_c: float | None = None, *, times: int = 1) -> Action:
        inlet_c = water_c if inlet_c is None else inlet_c
        self.seq += 1
        action = self.hear(_reading(self.seq, water_c, inlet_c))
        return action if times == 1 else self.see(water_c, inlet_c, times=times - 1)

    def hear(self, reading: Reading | Refused | None) -> Action:
        self.now_s += 1.0
        self.memory, action = decide(self.memory, reading, self.now_s, self.settings, self.advice)
        return action


def _reading(seq: int, water_c: float, inlet_c: float) -> Reading:
    return Reading(
        node_id=1,
        seq=seq,
        taken_at_s=1.8e9,
        water_temp_c=water_c,
        supply_temp_c=inlet_c + 10,
        inlet_temp_c=inlet_c,
        power_w=400.0,
        heat_power_w=390.0,
        heat_demand_w=900.0,
        headroom_wh=1000.0,
        heat_register_wh=10,
        electricity_register_wh=11,
        time_factor=120.0,
        simulated=True,
        heat_meter_serial="H",
        electricity_meter_serial="E",
        control_state="undecided",
    )


@pytest.fixture
def loop() -> Loop:
    return Loop(SETTINGS)


def test_cool_water_takes_full_power_at_the_first_reading(loop: Loop) -> None:
    action = loop.see(30.0)

    assert (action.run, action.power_cap_frac, action.freeze_jobs) == (True, 1.0, False)
    assert (action.state, action.cause) == (ControlState.NORMAL, Cause.NONE)


def test_nothing_runs_before_the_water_was_ever_seen(loop: Loop) -> None:
    action = loop.hear(None)

    assert (action.run, action.freeze_jobs, action.cause) == (False, True, Cause.SILENT)


def test_power_falls_on_the_way_to_the_freeze(loop: Loop) -> None:
    loop.see(30.0)
    caps = [loop.see(temp_c).power_cap_frac for temp_c in (47.0, 48.0, 48.8, 49.4)]

    assert caps[0] == 1.0
    assert caps == sorted(caps, reverse=True)
    assert 0.2 <= caps[-1] < 0.3
    assert loop.memory.state is ControlState.LIMITED


def test_water_near_its_limit_freezes_jobs_at_once_and_resumes_lower(loop: Loop) -> None:
    loop.see(49.0)
    loop.see(30.0, times=3)
    frozen = loop.see(49.5)
    still = loop.see(48.5, times=10)
    again = loop.see(47.9)

    assert (frozen.run, frozen.freeze_jobs, frozen.kill_jobs) == (False, True, False)
    assert (still.run, still.cause) == (False, Cause.COOLING)
    assert again.run


def test_stopping_is_not_delayed_by_any_minimum_run(loop: Loop) -> None:
    assert loop.see(30.0).run
    assert not loop.see(49.6).run


def test_starting_again_waits_for_the_minimum_rest() -> None:
    loop = Loop(CALM)
    loop.see(30.0)
    loop.see(49.6)
    resting = loop.see(40.0, times=179)
    again = loop.see(40.0, times=2)

    assert (resting.run, resting.cause) == (False, Cause.RESTING)
    assert again.run


def test_the_hotter_sensor_counts(loop: Loop) -> None:
    loop.see(40.0, 40.0)

    assert not loop.see(44.0, 49.6).run
    assert not loop.see(49.6, 44.0).run


@pytest.mark.parametrize(("water_c", "inlet_c"), [(30.0, 38.1), (38.1, 30.0)])
def test_sensors_that_disagree_stop_the_boiler(loop: Loop, water_c: float, inlet_c: float) -> None:
    loop.see(30.0)
    action = loop.see(water_c, inlet_c)

    assert (action.run, action.cause) == (False, Cause.SENSORS_DISAGREE)
    assert loop.see(30.0, 37.9, times=3).run


@pytest.mark.parametrize(("water_c", "inlet_c"), [(NAN, 30.0), (30.0, NAN), (NAN, NAN)])
def test_a_sensor_without_a_number_stops_the_boiler(
    loop: Loop, water_c: float, inlet_c: float
) -> None:
    loop.see(30.0)
    action = loop.see(water_c, inlet_c)

    assert (action.run, action.cause) == (False, Cause.SENSOR_UNUSABLE)


def test_an_infinite_sensor_stops_the_boiler(loop: Loop) -> None:
    loop.see(30.0)

    assert not loop.see(math.inf, 30.0).run
    assert not loop.see(30.0, -math.inf).run


def test_a_refused_reading_stops_the_boiler(loop: Loop) -> None:
    loop.see(30.0)

    assert (loop.hear(BAD).run, loop.memory.cause) == (False, Cause.SENSOR_UNUSABLE)


def test_silence_is_borne_for_thirty_seconds_in_slow_water() -> None:
    loop = Loop(CALM)
    loop.see(30.0)
    borne = [loop.hear(None).run for _ in range(30)]

    assert all(borne)
    assert (loop.hear(None).run, loop.memory.cause) == (False, Cause.SILENT)


def test_the_same_reading_again_is_no_news() -> None:
    loop = Loop(CALM)
    loop.see(30.0)
    same = _reading(loop.seq, 30.0, 30.0)
    runs = [loop.hear(same).run for _ in range(31)]

    assert runs == [True] * 30 + [False]


def test_unseen_water_near_its_limit_is_taken_to_warm_at_the_worst(loop: Loop) -> None:
    loop.see(46.0)
    # 2 kW at 120 times real time warm 250 kg by 0.23 K/s: 3.5 K take 15 s.
    runs = [loop.hear(None).run for _ in range(20)]

    assert runs == [True] * 15 + [False] * 5
    assert loop.memory.cause is Cause.SILENT


def test_jobs_are_killed_after_thirty_seconds_of_overheating(loop: Loop) -> None:
    loop.see(30.0)
    early = [loop.see(50.5).kill_jobs for _ in range(30)]
    late = loop.see(50.5)

    assert not any(early)
    assert (late.kill_jobs, late.freeze_jobs) == (True, True)


def test_jobs_frozen_below_the_limit_are_never_killed(loop: Loop) -> None:
    loop.see(30.0)
    actions = [loop.see(49.7) for _ in range(100)]

    assert not any(action.kill_jobs for action in actions)
    assert all(action.freeze_jobs for action in actions)


def test_a_dip_below_the_limit_starts_the_count_of_overheating_anew(loop: Loop) -> None:
    loop.see(50.5, times=29)
    loop.see(49.9)

    assert not loop.see(50.5, times=30).kill_jobs


def test_silence_alone_kills_no_job(loop: Loop) -> None:
    loop.see(49.0)

    assert not any(loop.hear(None).kill_jobs for _ in range(100))


def test_far_above_the_limit_it_trips_and_stays_so_until_a_person_resets_it(loop: Loop) -> None:
    loop.see(52.1)
    tripped = loop.see(20.0, times=100)
    loop.memory = reset(loop.memory)

    assert (tripped.run, tripped.state) == (False, ControlState.TRIPPED)
    assert loop.see(20.0).run


def test_a_single_wild_sensor_does_not_trip(loop: Loop) -> None:
    loop.see(30.0, 60.0)

    assert loop.memory.state is ControlState.STOPPED


def test_a_reset_of_what_has_not_tripped_changes_nothing(loop: Loop) -> None:
    loop.see(30.0)

    assert reset(loop.memory) == loop.memory


def test_advice_lowers_the_power_but_never_raises_it(loop: Loop) -> None:
    loop.advice = Advice(power_cap_frac=0.5, expires_s=math.inf)
    assert (loop.see(30.0).power_cap_frac, loop.memory.cause) == (0.5, Cause.ADVISED)

    hot_frac = loop.see(49.3).power_cap_frac
    assert hot_frac < 0.5
    assert loop.memory.cause is Cause.HOT


def test_advice_expires(loop: Loop) -> None:
    loop.advice = Advice(power_cap_frac=0.5, expires_s=loop.now_s + 1.5)

    assert loop.see(30.0).power_cap_frac == 0.5
    assert loop.see(30.0).power_cap_frac == 1.0


def test_advice_to_switch_off_waits_for_the_minimum_run() -> None:
    loop = Loop(CALM)
    loop.see(30.0)
    loop.advice = Advice(power_cap_frac=0.0, expires_s=math.inf)
    waiting = loop.see(30.0, times=179)
    off = loop.see(30.0, times=2)

    assert (waiting.run, waiting.power_cap_frac) == (True, 0.2)
    assert (off.run, off.cause) == (False, Cause.ADVISED)


@pytest.mark.parametrize("nonsense", [NAN, -1.0, 7.0])
def test_senseless_advice_is_no_advice(loop: Loop, nonsense: float) -> None:
    loop.advice = Advice(power_cap_frac=nonsense, expires_s=math.inf)

    assert loop.see(30.0).power_cap_frac == 1.0


def test_margins_hold_the_worst_slope_for_the_life_of_a_limit() -> None:
    for factor in (1.0, 120.0, 600.0):
        numbers = _settings(time_factor=factor)
        rise_k = numbers.worst_rise_k_per_s * (numbers.limit_valid_for_s + 2)

        assert numbers.ramp_temp_c + rise_k <= numbers.limit_temp_c
        assert numbers.freeze_temp_c + rise_k * numbers.idle_power_frac <= numbers.limit_temp_c
        assert numbers.ramp_temp_c < numbers.freeze_temp_c <= 49.5


def test_at_the_default_factor_jobs_freeze_half_a_kelvin_below_the_limit() -> None:
    assert SETTINGS.freeze_temp_c == pytest.approx(49.5)
    assert SETTINGS.resume_temp_c == pytest.approx(48.0)
    assert SETTINGS.ramp_temp_c == pytest.approx(47.0)


def test_a_basin_takes_full_power_up_to_a_kelvin_below_its_limit() -> None:
    assert CALM.freeze_temp_c == pytest.approx(49.5)
    assert CALM.ramp_temp_c == pytest.approx(49.0)
    assert CALM.resume_temp_c == pytest.approx(49.2)


def test_room_below_the_limit_widens_with_the_speed_of_the_water() -> None:
    ramps = [_settings(1.0, storage).ramp_temp_c for storage in (20_000.0, 4000.0, 2000.0, 500.0)]

    assert ramps == sorted(ramps, reverse=True)
    assert ramps[0] == pytest.approx(49.0)
    assert ramps[-1] == pytest.approx(47.0)


def test_water_that_warms_too_fast_for_the_cycle_is_refused() -> None:
    refused = settings_for(
        limit_temp_c=50.0,
        idle_power_w=400.0,
        max_power_w=2000.0,
        storage_wh_per_k=1.0,
        time_factor=120.0,
    )

    assert isinstance(refused, Refused)
    assert refused.code == "control.too_fast"


def test_the_law_is_a_function(loop: Loop) -> None:
    loop.see(30.0)
    before = replace(loop.memory)
    first = decide(loop.memory, _reading(9, 49.6, 49.6), 2000.0, SETTINGS)
    second = decide(loop.memory, _reading(9, 49.6, 49.6), 2000.0, SETTINGS)

    assert first == second
    assert loop.memory == before
