"""Servers whose electricity leaves as hot water: power, speed, capture and coolant."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The coolant warms by this much at full power: inlet 50 degC, outlet 60 degC.
_COOLANT_RISE_K = 10.0
#: The exchanger to the water needs this difference at full power; an assumption, plate exchanger.
_EXCHANGER_APPROACH_K = 1.0
#: Mean coolant above the water at full power.
_COOLANT_ABOVE_WATER_K = _EXCHANGER_APPROACH_K + _COOLANT_RISE_K / 2
#: Capture at full power and two temperatures of the coolant, in a room of 25 degC: 95 % and 96 %
#: are what makers of server-boilers claim for hot water, and cooler water takes up more.
_CAPTURE_WARM_FRAC, _WARM_C = 0.975, 30.0
_CAPTURE_HOT_FRAC, _HOT_C = 0.95, 60.0
_ROOM_C = 25.0
#: From the two: what the cabinet loses for each kelvin, as a share of full power, and what power
#: supplies and fans give to the room at any temperature, as a share of the power.
_CABINET_FRAC_PER_K = (_CAPTURE_WARM_FRAC - _CAPTURE_HOT_FRAC) / (_HOT_C - _WARM_C)
_SUPPLY_LOSS_FRAC = 1.0 - _CAPTURE_WARM_FRAC - _CABINET_FRAC_PER_K * (_WARM_C - _ROOM_C)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerModel:
    """One server of a rack; plain numbers."""

    cores: int = 16
    max_power_w: float = 500.0
    idle_power_w: float = 100.0  #: Idle share of recent servers: 15 to 30 %, arXiv:2411.07062.
    standby_power_w: float = 10.0  #: Off; its management controller takes 5 to 15 W.
    #: Power of the processors falls with the clock as ``(f / f_max)^alpha``; 3 in theory, 2.0 to
    #: 2.5 where voltage cannot follow all the way.
    alpha: float = 2.2
    #: Speed falls as ``(f / f_max)^beta``: 0.6 to 1, the lower the more memory is waited for.
    beta: float = 0.7
    min_clock_frac: float = 0.4  #: The lowest clock, of the highest.


RACK_SERVER = ServerModel()


def busy_power_w(
    model: ServerModel,
    *,
    n_servers: int,
    n_running: int,
    busy_cores: float,
    clock_frac: float = 1.0,
) -> float:
    """Electric power of a rack [W]: some servers run, the others are off.

    ``P = (n - n_on) P_standby + n_on P_idle + (P_max - P_idle) (f / f_max)^alpha cores / 16``:
    linear in use as in Fan, Weber and Barroso 2007, doi:10.1145/1250662.1250665.
    """
    dynamic_w = (model.max_power_w - model.idle_power_w) * busy_cores / model.cores
    off_w = (n_servers - n_running) * model.standby_power_w
    return off_w + n_running * model.idle_power_w + dynamic_w * float(clock_frac**model.alpha)


def speed_frac(model: ServerModel, dynamic_power_frac: float) -> float:
    """Speed at this share of the power above idle, of that at full clock; 0 to 1 for both.

    ``s = x^(beta / alpha)``, from ``x = (f / f_max)^alpha`` and ``s = (f / f_max)^beta``. Below
    the lowest clock processors rest in turns, and speed falls with the power.
    """
    lowest = model.min_clock_frac**model.alpha
    if dynamic_power_frac >= lowest:
        return float(min(1.0, dynamic_power_frac) ** (model.beta / model.alpha))
    return float(model.min_clock_frac**model.beta * max(0.0, dynamic_power_frac) / lowest)


def throttled(
    model: ServerModel, *, n_servers: int, n_running: int, busy_cores: float, allowed_w: float
) -> tuple[float, float]:
    """Power that a rack takes [W] and speed of its work, where no more than this is allowed.

    First clocks go down. Below the lowest, or where that is slower, running servers are suspended
    to standby for part of the time. Suspending costs the nominal energy for each unit of work, so
    a throttled job never takes more, counted above standby, than it takes at full speed.
    """
    full_w = busy_power_w(model, n_servers=n_servers, n_running=n_running, busy_cores=busy_cores)
    if allowed_w >= full_w:
        return full_w, 1.0
    standby_w = n_servers * model.standby_power_w
    if full_w <= standby_w or allowed_w <= standby_w:
        return standby_w, 0.0
    lowest_w = busy_power_w(
        model,
        n_servers=n_servers,
        n_running=n_running,
        busy_cores=busy_cores,
        clock_frac=model.min_clock_frac,
    )
    suspended = (allowed_w - standby_w) / (full_w - standby_w)
    if allowed_w < lowest_w:
        share = (allowed_w - standby_w) / (lowest_w - standby_w)
        return allowed_w, max(suspended, share * float(model.min_clock_frac**model.beta))
    idle_w = busy_power_w(model, n_servers=n_servers, n_running=n_running, busy_cores=0.0)
    if full_w <= idle_w:
        return allowed_w, suspended
    return allowed_w, max(suspended, speed_frac(model, (allowed_w - idle_w) / (full_w - idle_w)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The servers of each site, taken together. Every array has shape (n_sites,)."""

    idle_power_w: Floats
    max_power_w: Floats
    standby_power_w: Floats  #: Switched off, with their management controllers on.
    inlet_limit_c: Floats  #: The hottest coolant their maker allows at the inlet.
    #: Coolant inlet above the water for each watt that passes [K/W].
    inlet_k_per_w: Floats = field(init=False)
    coolant_k_per_w: Floats = field(init=False)  #: Outlet above inlet.
    cabinet_w_per_k: Floats = field(init=False)  #: What the cabinet loses for each kelvin.

    def __post_init__(self) -> None:
        object.__setattr__(self, "inlet_k_per_w", _EXCHANGER_APPROACH_K / self.max_power_w)
        object.__setattr__(self, "coolant_k_per_w", _COOLANT_RISE_K / self.max_power_w)
        object.__setattr__(self, "cabinet_w_per_k", _CABINET_FRAC_PER_K * self.max_power_w)


#: ``1 + UA R``, the same for every size: the cabinet and the way to the water grow alike.
_CAPTURE_DIVISOR = 1.0 + _CABINET_FRAC_PER_K * _COOLANT_ABOVE_WATER_K


def captured_w(
    servers: Servers, power_w: Floats, water_temp_c: Floats, room_temp_c: Floats
) -> Floats:
    """Heat that reaches the coolant loop [W], shape (n_sites,).

    ``Q = P (1 - psu) - UA (T_cool - T_room)`` with the mean coolant ``T_cool = T_water + R Q``,
    hence ``Q = (P (1 - psu) - UA (T_water - T_room)) / (1 + UA R)``. It is 0.975 of full power
    at a coolant of 30 degC and 0.95 at 60 degC; never negative, since the pump stops when the
    coolant would cool the water, and a cabinet colder than its room takes nothing from it.
    """
    sent_w = power_w * (1.0 - _SUPPLY_LOSS_FRAC)
    lost_w = servers.cabinet_w_per_k * (water_temp_c - room_temp_c)
    return np.maximum(0.0, np.minimum((sent_w - lost_w) / _CAPTURE_DIVISOR, sent_w))


def power_for_w(
    servers: Servers, heat_w: Floats, water_temp_c: Floats, room_temp_c: Floats
) -> Floats:
    """The greatest electric power [W] of which no more than this is captured, shape (n_sites,).

    The inverse of `captured_w`; ``heat_w`` is not negative.
    """
    lost_w = servers.cabinet_w_per_k * (water_temp_c - room_temp_c)
    sent_w = np.maximum(heat_w * _CAPTURE_DIVISOR + lost_w, heat_w)
    return np.asarray(sent_w / (1.0 - _SUPPLY_LOSS_FRAC), dtype=np.float64)
