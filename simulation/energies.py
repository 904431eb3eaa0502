"""Where every joule of a simulation went; the books from which its report is written."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simulation.plant.fleet import Flows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Energies:
    """Energies since the start [J]. Every array has shape (n_sites,)."""

    electricity_j: Floats
    heat_j: Floats  #: Into the water.
    cabinet_loss_j: Floats
    tank_loss_j: Floats
    drawn_j: Floats  #: Carried out of the tank by the draw.
    backup_j: Floats  #: Added by the backup boiler.
    demand_j: Floats

    @classmethod
    def zero(cls, n_sites: int) -> Self:
        """Books that begin."""
        return cls(**{item.name: np.zeros(n_sites) for item in fields(cls)})

    def after(self, flows: Flows, span_s: float) -> "Energies":
        """The books after these flows went on for a while."""
        return Energies(
            electricity_j=self.electricity_j + flows.power_w * span_s,
            heat_j=self.heat_j + flows.heat_w * span_s,
            cabinet_loss_j=self.cabinet_loss_j + flows.cabinet_loss_w * span_s,
            tank_loss_j=self.tank_loss_j + flows.tank_loss_w * span_s,
            drawn_j=self.drawn_j + flows.drawn_w * span_s,
            backup_j=self.backup_j + flows.backup_w * span_s,
            demand_j=self.demand_j + flows.demand_w * span_s,
        )
