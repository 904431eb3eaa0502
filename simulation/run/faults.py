"""What is broken at a site while a simulation runs, and what its instruments then show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.units import DAY_S
from simulation.scenario.fault import Fault, FaultKind

if TYPE_CHECKING:
    from simulation.run.scenes import Scene

#: Water temperature [degC], heat demand [W] and headroom [Wh].
Shown = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Rows of the sites for which something changed."""

    went_off: tuple[int, ...] = ()
    came_back: tuple[int, ...] = ()
    meters_reset: tuple[int, ...] = ()


@dataclass(slots=True)
class Faults:
    """The mishaps of a scene, as time goes on."""

    scene: "Scene"
    _off: set[int] = field(default_factory=set, init=False)
    _stuck: dict[int, Shown | None] = field(default_factory=dict, init=False)
    _reset: set[tuple[int, int]] = field(default_factory=set, init=False)

    def turn(self, plant_time_s: float) -> Change:
        """What changes at this instant."""
        off = self._rows(FaultKind.SITE_OFFLINE, plant_time_s)
        stuck = self._rows(FaultKind.SENSOR_STUCK, plant_time_s)
        went_off, came_back = sorted(off - self._off), sorted(self._off - off)
        self._off = off
        self._stuck = {row: self._stuck.get(row) for row in stuck}
        return Change(
            went_off=tuple(went_off),
            came_back=tuple(came_back),
            meters_reset=tuple(self._resets(plant_time_s)),
        )

    def rows_off(self) -> list[int]:
        """Sites that have neither power nor network."""
        return sorted(self._off)

    def all_shown(self, truth: Iterable[Shown]) -> Iterable[tuple[int, Shown]]:
        """What the instruments of each site that is heard show, by its row."""
        if not self._off and not self._stuck:
            return enumerate(truth)
        shown = ((row, self.shown(row, true)) for row, true in enumerate(truth))
        return ((row, values) for row, values in shown if values is not None)

    def shown(self, row: int, true: Shown) -> Shown | None:
        """What a site's instruments show; None where nothing is heard of it.

        A water sensor that is stuck shows what it last showed, and so does the headroom, which
        is reckoned from it; the demand is measured by other instruments.
        """
        if row in self._off:
            return None
        if row not in self._stuck:
            return true
        kept = self._stuck[row]
        if kept is None:
            kept = self._stuck[row] = true
        return kept[0], true[1], kept[2]

    def demand_factor(self, plant_time_s: float) -> float:
        """What policies' forecasts of demand are multiplied by."""
        factor = self.scene.scenario.forecast.demand_factor
        for fault in self._active(FaultKind.FORECAST_BIAS, plant_time_s):
            factor *= fault.demand_factor
        return factor

    def _resets(self, plant_time_s: float) -> list[int]:
        rows = []
        for index, fault in enumerate(self.scene.scenario.faults):
            if fault.kind is not FaultKind.METER_RESET or self._day(plant_time_s) < fault.from_day:
                continue
            for row in self._sites(fault):
                if (index, row) not in self._reset:
                    self._reset.add((index, row))
                    rows.append(row)
        return rows

    def _rows(self, kind: FaultKind, plant_time_s: float) -> set[int]:
        return {row for fault in self._active(kind, plant_time_s) for row in self._sites(fault)}

    def _active(self, kind: FaultKind, plant_time_s: float) -> list[Fault]:
        day = self._day(plant_time_s)
        return [
            fault
            for fault in self.scene.scenario.faults
            if fault.kind is kind and fault.from_day <= day < fault.to_day
        ]

    def _sites(self, fault: Fault) -> Sequence[int]:
        return fault.sites or range(len(self.scene.district.sites))

    def _day(self, plant_time_s: float) -> float:
        return (plant_time_s - self.scene.arrivals_plant_s) / DAY_S
