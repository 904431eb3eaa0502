"""How much of the servers' power can reach the water: planes above the true capture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import J_PER_WH
from simulation.oracle.twin import TwinRecord
from simulation.plant.fleet import NEVER_C, Fleet
from simulation.plant.server import captured_w

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: So cold that a cabinet loses nothing.
_COLD_C = -1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """``heat <= constant + per_power p - per_excess e`` over one hour, in Wh.

    ``p`` is electricity above the base and ``e`` the mean of the excess at the starts of the
    steps. Arrays have shape (n_sites, n_hours).
    """

    constant: Floats
    per_power: Floats
    per_excess: Floats
    is_needed: Flags


def capture_planes(fleet: Fleet, record: TwinRecord, base_power_w: Floats) -> tuple[Plane, Plane]:
    """Two planes that no capture exceeds: the usual one, and one for water colder than the room.

    Capture is ``max(0, min(l, s))`` with ``l`` linear in power and temperature, and ``s`` the
    power less what power supplies give to the room. ``max(0, l)`` is convex, so over the rectangle
    between base and full power, and between the twin's water and the hottest, it lies under every
    plane that is not below it at a corner. The first plane goes through three of them and above
    the fourth, that of hot water and full power; ``s`` is the second.
    """
    shape = record.shape
    low_c, high_c = record.intake_low_c, _hottest_c(fleet, record)
    span_w = (fleet.servers.max_power_w - base_power_w)[:, None]
    base_low, base_high = (_linear_w(fleet, base_power_w, at) for at in (low_c, high_c))
    full_low = _linear_w(fleet, fleet.servers.max_power_w, low_c)
    above_frac = (record.intake_temp_c - low_c) / (high_c - low_c)
    excess_frac = J_PER_WH / fleet.storage_j_per_k[:, None] / (high_c - low_c)
    # Of a stratified tank the excess of the lowest layer may be nothing.
    excess_frac[fleet.layers.site_index] = 0.0
    usual = Plane(
        constant=base_low - (base_low - base_high) * above_frac,
        per_power=(full_low - base_low) / span_w,
        per_excess=(base_low - base_high) * excess_frac,
        is_needed=np.ones(shape, dtype=np.bool_),
    )
    sent_base, sent_full = (_sent_w(fleet, at) for at in (base_power_w, fleet.servers.max_power_w))
    cold = Plane(
        constant=np.broadcast_to(sent_base[:, None], shape),
        per_power=np.broadcast_to((sent_full - sent_base)[:, None] / span_w, shape),
        per_excess=np.zeros(shape),
        is_needed=low_c < fleet.room_temp_c[:, None],
    )
    return usual, cold


def _hottest_c(fleet: Fleet, record: TwinRecord) -> Floats:
    """Nothing in the store gets hotter, shape (n_sites, 1): by servers, or by the sun."""
    top_c = np.minimum(fleet.limit_temp_c, fleet.servers.inlet_limit_c)
    relieved_c = np.where(fleet.relief_temp_c < NEVER_C, fleet.relief_temp_c, top_c)
    seen_c = record.intake_temp_c.max(axis=1) + 1.0
    hottest_c: Floats = np.maximum(np.maximum(top_c, relieved_c), seen_c)
    return hottest_c[:, None]


def _sent_w(fleet: Fleet, power_w: Floats) -> Floats:
    """What leaves power supplies for the coolant [W], shape (n_sites,)."""
    return captured_w(fleet.servers, power_w, np.full(fleet.n_sites, _COLD_C), fleet.room_temp_c)


def _linear_w(fleet: Fleet, power_w: Floats, water_temp_c: Floats) -> Floats:
    """``max(0, l)``: capture as if a cold cabinet took heat from its room.

    ``l = (s - UA (T - T_room)) / (1 + UA R)``; the plant's own capture at the temperature of the
    room, where nothing is lost but by the coolant's rise, gives the divisor.
    """
    servers, room_c = fleet.servers, fleet.room_temp_c
    at_room_w = captured_w(servers, servers.max_power_w, room_c, room_c)
    share = (at_room_w / _sent_w(fleet, servers.max_power_w))[:, None]
    lost_w = servers.cabinet_w_per_k[:, None] * (water_temp_c - room_c[:, None])
    linear_w: Floats = (_sent_w(fleet, power_w)[:, None] - lost_w) * share
    return np.asarray(np.maximum(linear_w, 0.0), dtype=np.float64)
