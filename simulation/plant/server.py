"""Servers whose electricity leaves as hot water: power, capture, coolant and self-protection."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: The coolant warms by this much at full power: inlet 50 degC, outlet 60 degC.
_COOLANT_RISE_K = 10.0
#: The exchanger to the tank needs this difference at full power; an assumption, plate exchanger.
_EXCHANGER_APPROACH_K = 1.0
#: Cabinet loss as a share of full power, at this coolant and room: the 95 % capture that makers
#: of server-boilers claim at their hottest, more in cooler water.
_CABINET_LOSS_FRAC, _CABINET_COOLANT_C, _CABINET_ROOM_C = 0.05, 60.0, 25.0
#: A server that shut itself down comes back when its water is this far below the limit.
_RESTART_BELOW_K = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What is fixed about the servers of each site. Every array has shape (n_sites,)."""

    idle_power_w: Floats
    max_power_w: Floats
    standby_power_w: Floats  #: Switched off, with its management controller on.
    inlet_limit_c: Floats  #: The hottest coolant its maker allows at the inlet.

    @property
    def exchanger_w_per_k(self) -> Floats:
        """Heat that passes to the tank for each kelvin between coolant inlet and water."""
        return self.max_power_w / _EXCHANGER_APPROACH_K

    @property
    def coolant_w_per_k(self) -> Floats:
        """Heat that the coolant carries for each kelvin it warms."""
        return self.max_power_w / _COOLANT_RISE_K

    @property
    def cabinet_loss_w_per_k(self) -> Floats:
        """Heat that the cabinet gives to its room for each kelvin above it."""
        return _CABINET_LOSS_FRAC * self.max_power_w / (_CABINET_COOLANT_C - _CABINET_ROOM_C)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Where the electricity of the servers goes. Every array has shape (n_sites,)."""

    water_w: Floats
    cabinet_w: Floats
    inlet_temp_c: Floats
    supply_temp_c: Floats


def wanted_power_w(servers: Servers, use_frac: Floats) -> Floats:
    """Electric power [W] at this share of the processors in use, shape (n_sites,).

    ``P = P_idle + (P_max - P_idle) u``: Fan, Weber and Barroso 2007, doi:10.1145/1250662.1250665.
    """
    return servers.idle_power_w + (servers.max_power_w - servers.idle_power_w) * use_frac


def coolant_resistance_k_per_w(servers: Servers) -> Floats:
    """Mean coolant above the water for each watt that passes [K/W], shape (n_sites,)."""
    return 1.0 / servers.exchanger_w_per_k + 0.5 / servers.coolant_w_per_k


def captured(servers: Servers, power_w: Floats, water_temp_c: Floats, room_temp_c: Floats) -> Heat:
    """Split the electric power into heat for the water and heat lost by the cabinet.

    ``Q = P - UA_cab (T_cool - T_room)`` with the mean coolant ``T_cool = T_water + R Q``, hence
    ``Q = (P - UA_cab (T_water - T_room)) / (1 + UA_cab R)``; never negative, since the pump
    stops when the coolant would cool the tank. Coolant ``T_out = T_in + Q / (m cp)``.
    """
    loss_w_per_k = servers.cabinet_loss_w_per_k
    share = 1.0 + loss_w_per_k * coolant_resistance_k_per_w(servers)
    water_w = np.maximum(0.0, (power_w - loss_w_per_k * (water_temp_c - room_temp_c)) / share)
    # Never more than there is: a cabinet colder than its room takes nothing from it here.
    water_w = np.minimum(water_w, power_w)
    inlet_temp_c = water_temp_c + water_w / servers.exchanger_w_per_k
    return Heat(
        water_w=water_w,
        cabinet_w=power_w - water_w,
        inlet_temp_c=inlet_temp_c,
        supply_temp_c=inlet_temp_c + water_w / servers.coolant_w_per_k,
    )


def allowed_power_w(servers: Servers, water_temp_c: Floats, room_temp_c: Floats) -> Floats:
    """Electric power [W] at which the coolant inlet just reaches its limit, shape (n_sites,).

    The inverse of `captured` at ``T_in = T_limit``; zero or less where the water is too hot for
    any. It is the firmware's own throttle, which works with no controller and no network.
    """
    water_w = servers.exchanger_w_per_k * (servers.inlet_limit_c - water_temp_c)
    loss_w_per_k = servers.cabinet_loss_w_per_k
    share = 1.0 + loss_w_per_k * coolant_resistance_k_per_w(servers)
    return np.maximum(water_w * share + loss_w_per_k * (water_temp_c - room_temp_c), water_w)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What the servers run at. Every array has shape (n_sites,)."""

    power_w: Floats
    is_shut_down: Flags  #: By their own protection, until the water has cooled.


def drive(
    servers: Servers,
    *,
    use_frac: Floats,
    power_limit_frac: Floats,
    was_shut_down: Flags,
    water_temp_c: Floats,
    room_temp_c: Floats,
) -> Drive:
    """Electric power under the load, the set-point and the servers' own protection.

    The power of `wanted_power_w`, bounded by the set-point and by `allowed_power_w`. A limit
    under idle power means off: a server cannot run on less.
    """
    allowed_w = allowed_power_w(servers, water_temp_c, room_temp_c)
    is_hot = allowed_w < servers.idle_power_w
    is_warm = water_temp_c > servers.inlet_limit_c - _RESTART_BELOW_K
    is_shut_down = is_hot | (was_shut_down & is_warm)
    limit_w = power_limit_frac * servers.max_power_w
    # A set-point of exactly the idle share must not switch off by rounding.
    is_off = is_shut_down | (limit_w < servers.idle_power_w * (1 - 1e-6))
    bounded_w = np.minimum(wanted_power_w(servers, use_frac), np.minimum(limit_w, allowed_w))
    running_w = np.maximum(bounded_w, servers.idle_power_w)
    return Drive(
        power_w=np.where(is_off, servers.standby_power_w, running_w), is_shut_down=is_shut_down
    )
