"""The local law: what a boiler may do, from its own sensors alone, with or without a server.

It is a pure function of what was known before, a reading and the time of a clock that never goes
back. Stopping is never delayed; starting again always is. Sensors are believed by their hottest,
and water that cannot be seen is taken to warm as fast as the boiler could ever warm it.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.units import HOUR_S


class ControlState(StrEnum):
    """What the law lets the boiler do; travels in every reading."""

    NORMAL = "normal"
    LIMITED = "limited"  #: Runs on less than full power; its jobs are slower.
    STOPPED = "stopped"  #: Off, jobs frozen, until the water has cooled or a sensor is back.
    TRIPPED = "tripped"  #: Off until a person has looked.


class Cause(StrEnum):
    """Why the boiler is not simply running."""

    NONE = "none"
    HOT = "hot"
    SENSOR_UNUSABLE = "sensor_unusable"  #: Not a number, or outside what can be.
    SENSORS_DISAGREE = "sensors_disagree"
    SILENT = "silent"  #: No reading for too long.
    ADVISED = "advised"
    COOLING = "cooling"  #: Was stopped; the water is not yet cool enough to start again.
    RESTING = "resting"  #: Was stopped too short a time ago.
    TRIPPED = "tripped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSettings:
    """The numbers of the law for one boiler; times are of the agent's clock."""

    limit_temp_c: float  #: The water stays below this.
    freeze_temp_c: float  #: Jobs are frozen and the power cut here.
    resume_temp_c: float  #: And resumed here.
    ramp_temp_c: float  #: Full power up to here, falling to idle power at the freeze.
    trip_temp_c: float  #: Latched: what should have kept the water cooler has failed.
    idle_power_frac: float  #: Less than this is off.
    worst_rise_k_per_s: float  #: Full power and nobody draws.
    limit_valid_for_s: float  #: How long a power limit is given for.
    min_on_s: float
    min_off_s: float
    disagreement_k: float = 8.0
    stale_after_s: float = 30.0
    kill_after_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A power cap wished from outside; obeyed as far as the law allows, until it expires."""

    power_cap_frac: float
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMemory:
    """What the law remembers from one cycle to the next."""

    state: ControlState = ControlState.STOPPED
    cause: Cause = Cause.SILENT
    changed_s: float = -math.inf  #: When it last switched on or off.
    seq: int | None = None  #: Number of the newest reading.
    seen_s: float | None = None  #: When that reading came.
    hottest_c: float = math.nan  #: The hottest it said of the water.
    hot_since_s: float | None = None  #: Since when the water is at its limit.

    @property
    def is_on(self) -> bool:
        """Whether the boiler runs."""
        return self.state in {ControlState.NORMAL, ControlState.LIMITED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do now, and why."""

    run: bool
    power_cap_frac: float
    freeze_jobs: bool
    kill_jobs: bool
    state: ControlState
    cause: Cause


#: 5 to 10 s is two to ten cycles: a lost request changes nothing, a dead agent does soon.
_LONGEST_LIMIT_S = 10.0
#: Distances [K]: a sensor of class B errs by 0.55 K at 50 degC (IEC 60751), so half a kelvin is
#: the least that means anything; the others are three and five times that.
_FREEZE_BELOW_K, _RESUME_BELOW_K, _RAMP_K, _TRIP_ABOVE_K = 0.5, 1.5, 2.5, 2.0
#: Water that full power warms by less than this in an hour needs less room to be slowed and to
#: rest in: a basin's whole band between set-point and limit may be one kelvin.
_QUICK_K_PER_H, _LEAST_ROOM_FRAC = 1.0, 0.2
#: A boiler's relays and pumps want three minutes between switching, in the plant's own time.
_MIN_SWITCH_S = 180.0
_WIDEST_RAMP_K = 25.0


def settings_for(
    *,
    limit_temp_c: float,
    idle_power_w: float,
    max_power_w: float,
    storage_wh_per_k: float,
    time_factor: float,
    period_s: float = 1.0,
) -> ControlSettings | Refused:
    """The law's numbers for a boiler and its water, looked at every ``period_s`` of the clock.

    From the worst slope ``r = P_max * factor / C``: full power, when it may last for the life of
    a limit and two cycles, begins that far below the limit; so does idle power at the freeze.
    In slow water the ramp and the rest are narrower; the freeze, which answers for the error of
    a sensor, is not.
    """
    rise_k_per_s = max_power_w * time_factor / HOUR_S / storage_wh_per_k
    room_frac = max(_LEAST_ROOM_FRAC, min(1.0, max_power_w / storage_wh_per_k / _QUICK_K_PER_H))
    idle_frac = idle_power_w / max_power_w
    valid_s = max(3 * period_s, min(_LONGEST_LIMIT_S, 1.0 / rise_k_per_s))
    lasting_s = valid_s + 2 * period_s
    freeze_below_k = max(
        _FREEZE_BELOW_K, 2 * rise_k_per_s * period_s, idle_frac * rise_k_per_s * lasting_s
    )
    ramp_below_k = max(freeze_below_k + room_frac * _RAMP_K, rise_k_per_s * lasting_s)
    if ramp_below_k > _WIDEST_RAMP_K:
        return Refused(
            code="control.too_fast",
            sentence=f"The water may warm by {rise_k_per_s:.1f} K/s, too fast for a cycle of "
            f"{period_s:g} s; lower the time factor or the period.",
        )
    freeze_temp_c = limit_temp_c - freeze_below_k
    return ControlSettings(
        limit_temp_c=limit_temp_c,
        freeze_temp_c=freeze_temp_c,
        resume_temp_c=freeze_temp_c - room_frac * _RESUME_BELOW_K,
        ramp_temp_c=limit_temp_c - ramp_below_k,
        trip_temp_c=limit_temp_c + _TRIP_ABOVE_K,
        idle_power_frac=idle_frac,
        worst_rise_k_per_s=rise_k_per_s,
        limit_valid_for_s=valid_s,
        min_on_s=_MIN_SWITCH_S / time_factor,
        min_off_s=_MIN_SWITCH_S / time_factor,
    )


def decide(
    memory: ControlMemory,
    reading: Reading | Refused | None,
    now_s: float,
    settings: ControlSettings,
    advice: Advice | None = None,
) -> tuple[ControlMemory, Action]:
    """One cycle of the law.

    ``reading`` is None where the boiler did not answer, and a refusal where what it said cannot
    be; a reading with the number of the last one is no news. What must stop is looked for first
    and obeyed at once; only then may hysteresis and rest delay a start.
    """
    memory = _noted(memory, reading, now_s)
    temp_c = _assumed_temp_c(memory, now_s, settings)
    memory = replace(memory, hot_since_s=_hot_since_s(memory, temp_c, now_s, settings))
    cause = _danger(memory, reading, temp_c, now_s, settings)
    if cause is not Cause.NONE:
        return _stopped(memory, cause, now_s, settings)
    wish_frac = 1.0
    if advice is not None and now_s < advice.expires_s and advice.power_cap_frac >= 0:
        wish_frac = min(1.0, advice.power_cap_frac)
    is_wished_off = wish_frac < settings.idle_power_frac
    if memory.is_on:
        if is_wished_off and now_s - memory.changed_s >= settings.min_on_s:
            return _stopped(memory, Cause.ADVISED, now_s, settings)
    else:
        cause = Cause.ADVISED if is_wished_off else _wait(memory, temp_c, now_s, settings)
        if cause is not Cause.NONE:
            return _stopped(memory, cause, now_s, settings)
        memory = replace(memory, changed_s=now_s)
    ramp_frac = _ramp_frac(temp_c, settings)
    cap_frac = min(ramp_frac, max(wish_frac, settings.idle_power_frac))
    return _running(memory, cap_frac, Cause.HOT if ramp_frac <= cap_frac else Cause.ADVISED)


def reset(memory: ControlMemory) -> ControlMemory:
    """Release the latch, by order of a person who has looked; the law then starts as ever."""
    if memory.state is not ControlState.TRIPPED:
        return memory
    return replace(memory, state=ControlState.STOPPED, cause=Cause.COOLING)


def hottest_c(reading: Reading) -> float:
    """What the law takes the water to be: the hotter of two sensors; NaN if either is."""
    if math.isnan(reading.water_temp_c) or math.isnan(reading.inlet_temp_c):
        return math.nan
    return max(reading.water_temp_c, reading.inlet_temp_c)


def _noted(memory: ControlMemory, reading: Reading | Refused | None, now_s: float) -> ControlMemory:
    if not isinstance(reading, Reading) or reading.seq == memory.seq:
        return memory
    temp_c = hottest_c(reading)
    if not math.isfinite(temp_c):
        return replace(memory, seq=reading.seq)
    return replace(memory, seq=reading.seq, seen_s=now_s, hottest_c=temp_c)


def _assumed_temp_c(memory: ControlMemory, now_s: float, settings: ControlSettings) -> float:
    """The hottest the water can be by now; infinite where it was never seen."""
    if memory.seen_s is None:
        return math.inf
    age_s = max(0.0, now_s - memory.seen_s)
    return memory.hottest_c + settings.worst_rise_k_per_s * age_s


def _hot_since_s(
    memory: ControlMemory, temp_c: float, now_s: float, settings: ControlSettings
) -> float | None:
    """Since when the water is seen, not merely assumed, to be at its limit."""
    if memory.seen_s is None or memory.hottest_c < settings.limit_temp_c <= temp_c:
        return memory.hot_since_s
    if temp_c < settings.limit_temp_c:
        return None
    return now_s if memory.hot_since_s is None else memory.hot_since_s


def _danger(
    memory: ControlMemory,
    reading: Reading | Refused | None,
    temp_c: float,
    now_s: float,
    settings: ControlSettings,
) -> Cause:
    """Why the boiler must not run, whatever else is wanted."""
    if memory.state is ControlState.TRIPPED:
        return Cause.TRIPPED
    if isinstance(reading, Refused):
        return Cause.SENSOR_UNUSABLE
    if reading is not None:
        if not math.isfinite(hottest_c(reading)):
            return Cause.SENSOR_UNUSABLE
        if abs(reading.water_temp_c - reading.inlet_temp_c) > settings.disagreement_k:
            return Cause.SENSORS_DISAGREE
        if memory.hottest_c >= settings.trip_temp_c:
            return Cause.TRIPPED
    if memory.seen_s is None or now_s - memory.seen_s > settings.stale_after_s:
        return Cause.SILENT
    if temp_c >= settings.freeze_temp_c:
        # Hot because it was seen so, or because it has not been seen for a while.
        return Cause.HOT if memory.hottest_c >= settings.freeze_temp_c else Cause.SILENT
    return Cause.NONE


def _wait(memory: ControlMemory, temp_c: float, now_s: float, settings: ControlSettings) -> Cause:
    """What still stands between a stopped boiler and its start."""
    if temp_c > settings.resume_temp_c:
        return Cause.COOLING
    if now_s - memory.changed_s < settings.min_off_s:
        return Cause.RESTING
    return Cause.NONE


def _ramp_frac(temp_c: float, settings: ControlSettings) -> float:
    """Share of maximum power allowed at this temperature."""
    part = (settings.freeze_temp_c - temp_c) / (settings.freeze_temp_c - settings.ramp_temp_c)
    above_idle = min(1.0, max(0.0, part))
    return settings.idle_power_frac + (1 - settings.idle_power_frac) * above_idle


def _stopped(
    memory: ControlMemory, cause: Cause, now_s: float, settings: ControlSettings
) -> tuple[ControlMemory, Action]:
    state = ControlState.TRIPPED if cause is Cause.TRIPPED else ControlState.STOPPED
    changed_s = now_s if memory.is_on else memory.changed_s
    is_overheating = (
        memory.hot_since_s is not None and now_s - memory.hot_since_s >= settings.kill_after_s
    )
    memory = replace(memory, state=state, cause=cause, changed_s=changed_s)
    return memory, Action(
        run=False,
        power_cap_frac=0.0,
        freeze_jobs=True,
        kill_jobs=is_overheating,
        state=state,
        cause=cause,
    )


def _running(memory: ControlMemory, cap_frac: float, why: Cause) -> tuple[ControlMemory, Action]:
    is_full = cap_frac >= 1
    state = ControlState.NORMAL if is_full else ControlState.LIMITED
    cause = Cause.NONE if is_full else why
    return replace(memory, state=state, cause=cause), Action(
        run=True,
        power_cap_frac=cap_frac,
        freeze_jobs=False,
        kill_jobs=False,
        state=state,
        cause=cause,
    )
