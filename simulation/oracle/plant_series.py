"""From the plant and its twin to the inequalities of the linear program.

Every inequality here holds on each trajectory of `simulation.plant.stepping.step`;
docs/explanation/oracle.md derives them one by one.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S, J_PER_WH
from simulation.oracle.capture import Plane, capture_planes
from simulation.oracle.series import Cut, SiteSeries
from simulation.oracle.twin import TwinRecord
from simulation.plant.fleet import Fleet

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Where the tangents of a chord are taken: heat, useful heat, as shares of the most of each.
_HEAT_AT, _USEFUL_AT = 0.5, 1.0
#: And those of early heat: after so many steps of full power.
_FILLED = (0, 2, 4)


def series_of(fleet: Fleet, record: TwinRecord, base_power_w: Floats | None = None) -> SiteSeries:
    """What the plant imposes on runs that start where this twin starts.

    ``base_power_w``, shape (n_sites,), is what the servers take with no work at all: by default
    their standby power; idle power where they are always on. Power counts from there.
    """
    base_w = fleet.servers.standby_power_w if base_power_w is None else base_power_w
    stores = _Stores.of(fleet, record)
    usual, cold = capture_planes(fleet, record, base_w)
    least, chord = _least_mean(stores), _chord_mean(stores)
    cuts = [_balance(stores, plane, least) for plane in (usual, cold)]
    cuts += [_balance(stores, usual, chord), _cooled(stores, usual, chord)]
    cuts += [_early(stores, filled) for filled in _FILLED]
    cuts += [_late(stores, usual), _inlet(stores)]
    return SiteSeries(
        power_max_wh=fleet.servers.max_power_w - base_w,
        useful_max_wh=np.minimum(
            record.boiler_wh, np.where(stores.is_thermostat, np.inf, record.draw_room_wh)
        ),
        excess_max_wh=record.excess_room_wh,
        undumped_max_wh=stores.undumped_max_wh,
        has_cooler=(fleet.cooler_capacity_w > 0.0) & ~fleet.is_preheat,
        cuts=tuple(cuts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stores:
    """The stores hour by hour, in Wh and hours. Arrays have shape (n_sites, n_hours)."""

    is_thermostat: Flags
    is_mixed_preheat: Flags
    lost_frac: Floats  #: Of the mean excess, in an hour; with the draw of mixed preheat tanks.
    excess_per_useful: Floats  #: Mean excess for each Wh drawn in the hour, of preheat tanks.
    kept_frac: Floats  #: Of the excess over one step.
    step_count: int
    skew_frac: Floats  #: The mean of a step lies this far from its start to its end.
    heat_max_wh: Floats
    useful_peak_wh: Floats
    inlet_excess_per_heat: Floats  #: Excess that stands for the coolant's approach, for each Wh.
    inlet_room_wh: Floats
    undumped_max_wh: Floats  #: Excess at which the dump cooler begins.
    dumped_per_heat: Floats  #: The least that is dumped for each Wh brought above that.
    risen_wh: Floats

    @classmethod
    def of(cls, fleet: Fleet, record: TwinRecord) -> "_Stores":
        """The stores of a fleet under the forcing of a record."""
        shape = record.shape
        is_preheat = np.broadcast_to(fleet.is_preheat[:, None], shape)
        is_layered = np.zeros(shape, dtype=np.bool_)
        is_layered[fleet.layers.site_index] = True
        storage = fleet.storage_j_per_k[:, None] / J_PER_WH
        slope = np.where(is_layered, record.loss_w_per_k, record.load_w_per_k)
        per_hour = round(HOUR_S / record.step_s)
        decay = slope / storage / per_hour
        gone = -np.expm1(-decay)
        is_drawn = is_preheat & (record.drawn_w_per_k > 0.0)
        servers = fleet.servers
        cooler_w = np.minimum(fleet.cooler_capacity_w, 0.9 * servers.max_power_w)
        dumped_per_heat = (cooler_w / (servers.max_power_w - cooler_w))[:, None]
        return cls(
            is_thermostat=~is_preheat,
            is_mixed_preheat=is_drawn & ~is_layered,
            lost_frac=slope / storage,
            excess_per_useful=np.where(
                is_drawn, storage / np.where(is_drawn, record.drawn_w_per_k, 1.0), 0.0
            ),
            kept_frac=1.0 - gone,
            step_count=per_hour,
            skew_frac=(1.0 - gone / decay) / gone,
            heat_max_wh=np.broadcast_to(servers.max_power_w[:, None], shape),
            useful_peak_wh=record.boiler_peak_w,
            inlet_excess_per_heat=np.broadcast_to(storage * servers.inlet_k_per_w[:, None], shape),
            undumped_max_wh=storage * (fleet.dump_temp_c[:, None] - record.last_temp_c),
            dumped_per_heat=np.broadcast_to(dumped_per_heat, shape),
            risen_wh=storage * record.risen_k,
            inlet_room_wh=storage * (servers.inlet_limit_c[:, None] - record.end_temp_c),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    """A lower bound of the mean excess over the hour, linear in what happens in it."""

    ends: Floats  #: Weight of the excess at the start, and of that at the end.
    useful: Floats
    heat: Floats
    constant: Floats
    is_valid: Flags


def _least_mean(stores: _Stores) -> _Mean:
    """Never negative; and what a mixed preheat tank must hold to give its draw."""
    nothing = np.zeros_like(stores.lost_frac)
    return _Mean(
        ends=nothing,
        useful=np.where(stores.is_mixed_preheat, stores.excess_per_useful, 0.0),
        heat=nothing,
        constant=nothing,
        is_valid=~nothing.astype(np.bool_),
    )


def _chord_mean(stores: _Stores) -> _Mean:
    """The chord between the excess at both ends of the hour, less the most that it may sag.

    It is undercut most by heat that comes late and useful heat that is taken early, each at its
    full rate: by ``H (1 - H / H_max) / 2`` and the same of ``u``. Both are concave, so a tangent
    is above them.
    """
    share = 0.5 / (1.0 + 0.5 * stores.lost_frac)
    # Heat of a stratified tank comes at the end of each step.
    late = np.where(stores.is_thermostat, 0.0, 1.0 / stores.step_count)
    sag = _HEAT_AT**2 * stores.heat_max_wh + _USEFUL_AT**2 * stores.useful_peak_wh
    return _Mean(
        ends=share,
        useful=-(1.0 - 2.0 * _USEFUL_AT) * share,
        heat=-(1.0 - 2.0 * _HEAT_AT + late) * share,
        constant=-sag * share,
        is_valid=~stores.is_mixed_preheat,
    )


def _balance(stores: _Stores, plane: Plane, mean: _Mean) -> Cut:
    """Heat in the store: ``e + u + loss(mean e) <= e' + capture(p, mean e at starts of steps)``."""
    # Heat stands on both sides: what is captured, and what makes a chord sag.
    heat = (1.0 - stores.lost_frac * mean.heat) / (1.0 + plane.per_excess * mean.heat)
    weight = stores.lost_frac + heat * plane.per_excess
    share = heat * plane.per_excess * stores.skew_frac / stores.step_count
    room = heat * plane.constant - weight * mean.constant
    return Cut(
        power=-heat * plane.per_power,
        start=-1.0 + weight * mean.ends + share,
        end=1.0 + weight * mean.ends - share,
        useful=np.where(stores.is_mixed_preheat, 0.0, 1.0) + weight * mean.useful,
        room=np.where(plane.is_needed & mean.is_valid, room, np.inf),
    )


def _cooled(stores: _Stores, plane: Plane, mean: _Mean) -> Cut:
    """The same with what the cooler takes before the store can rise above its threshold."""
    heat_in = _balance(stores, plane, mean)
    scale = (1.0 - stores.lost_frac * mean.heat) / (1.0 + plane.per_excess * mean.heat)
    dumping = scale * stores.dumped_per_heat
    has_cooler = stores.is_thermostat & (stores.dumped_per_heat > 0.0)
    return replace(
        heat_in,
        dumping=dumping,
        room=np.where(has_cooler, heat_in.room + dumping * stores.risen_wh, np.inf),
    )


def _early(stores: _Stores, filled: int) -> Cut:
    """A mixed preheat tank keeps at least what is left of heat that came as early as it could.

    Heat fills the steps of the hour in their order, each at full power; the tangent is taken
    where ``filled`` of them are full.
    """
    kept = _kept_fracs(stores)
    at = kept[min(filled, stores.step_count - 1)]
    step_wh = stores.heat_max_wh / stores.step_count
    spare = sum((at - earlier for earlier in kept[:filled]), np.zeros_like(at)) * step_wh
    whole = stores.kept_frac**stores.step_count
    return Cut(
        power=np.zeros_like(at),
        start=whole - at,
        end=-(1.0 - at),
        useful=at * stores.lost_frac * stores.excess_per_useful,
        room=np.where(stores.is_mixed_preheat, spare, np.inf),
    )


def _late(stores: _Stores, plane: Plane) -> Cut:
    """A mixed store keeps at most what is left of heat that came in the last step."""
    last = _kept_fracs(stores)[-1]
    whole = stores.kept_frac**stores.step_count
    return Cut(
        power=-last * plane.per_power,
        start=-whole,
        end=np.ones_like(last),
        useful=np.zeros_like(last),
        room=np.where(stores.is_mixed_preheat, last * plane.constant, np.inf),
    )


def _kept_fracs(stores: _Stores) -> list[Floats]:
    """What is left at the end of the hour of a Wh brought evenly in each of its steps."""
    gone = 1.0 - stores.kept_frac
    one = gone / -np.log(stores.kept_frac)
    return [one * stores.kept_frac**after for after in range(stores.step_count - 1, -1, -1)]


def _inlet(stores: _Stores) -> Cut:
    """The coolant of a mixed preheat tank ends each step under the inlet's limit."""
    approach = stores.inlet_excess_per_heat
    share = (1.0 - stores.skew_frac) / stores.step_count
    mean = (1.0 + approach * stores.lost_frac) * stores.excess_per_useful
    return Cut(
        power=np.zeros_like(share),
        start=-share - approach,
        end=share + approach,
        useful=mean,
        room=np.where(stores.is_mixed_preheat, stores.inlet_room_wh, np.inf),
    )
