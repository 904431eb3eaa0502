"""Meters that count in pulses: whole watt-hours, with what is short of a pulse carried on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

WATT_HOUR_J = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """One meter for each site. Every array has shape (n_sites,)."""

    register_wh: Counts  #: What the display shows; it never goes back.
    carried_j: Floats  #: Energy since the last pulse, less than one pulse.

    @staticmethod
    def at_zero(n_sites: int) -> "Meters":
        """Meters as they are installed."""
        return Meters(
            register_wh=np.zeros(n_sites, dtype=np.int64),
            carried_j=np.zeros(n_sites, dtype=np.float64),
        )


def count(meters: Meters, power_w: Floats, dt_s: float, pulse_wh: int) -> Meters:
    """Let energy pass the meters: ``n = floor((carried + P dt) / pulse)`` pulses are counted.

    So a register differs from the integral of the power by less than one pulse, at any time and
    for any steps. ``power_w`` has shape (n_sites,) and is not negative: an EN 1434 heat meter
    does not count backwards.
    """
    pulse_j = pulse_wh * WATT_HOUR_J
    energy_j = meters.carried_j + power_w * dt_s
    pulses = np.floor(energy_j / pulse_j)
    return Meters(
        register_wh=meters.register_wh + pulses.astype(np.int64) * pulse_wh,
        carried_j=np.maximum(0.0, energy_j - pulses * pulse_j),
    )
