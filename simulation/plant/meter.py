"""Meters that count in pulses: whole watt-hours, with what is short of a pulse carried on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import J_PER_WH

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Smallest temperature difference that a common heat meter is approved for [K].
_LEAST_DIFFERENCE_K = 3.0


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

    def reset(self, site_index: int) -> "Meters":
        """The meters after one of them lost its count, as a new battery or a fault may do."""
        registers_wh, carried_j = self.register_wh.copy(), self.carried_j.copy()
        registers_wh[site_index], carried_j[site_index] = 0, 0.0
        return Meters(register_wh=registers_wh, carried_j=carried_j)


def count(meters: Meters, power_w: Floats, dt_s: float, pulse_wh: int) -> Meters:
    """Let energy pass the meters: ``n = floor((carried + P dt) / pulse)`` pulses are counted.

    So a register differs from the integral of the power by less than one pulse, at any time and
    for any steps. ``power_w`` has shape (n_sites,) and is not negative: an EN 1434 heat meter
    does not count backwards.
    """
    pulse_j = pulse_wh * J_PER_WH
    energy_j = meters.carried_j + power_w * dt_s
    pulses = np.floor(energy_j / pulse_j)
    return Meters(
        register_wh=meters.register_wh + pulses.astype(np.int64) * pulse_wh,
        carried_j=np.maximum(0.0, energy_j - pulses * pulse_j),
    )


def permissible_error_frac(difference_k: Floats) -> Floats:
    """Largest permissible error of a class 2 heat meter at its nominal flow, any shape.

    ``E = E_f + E_t + E_c`` [%] with ``E_f = 2 + 0.02 q_p / q``, ``E_t = 0.5 + 3 dT_min / dT`` and
    ``E_c = 0.5 + dT_min / dT``: Directive 2014/32/EU, annex VI (MI-004).
    """
    percent = 2.02 + 0.5 + 0.5 + 4.0 * _LEAST_DIFFERENCE_K / difference_k
    return np.asarray(percent / 100.0, dtype=np.float64)


def draw_bias_frac(rng: np.random.Generator, difference_k: Floats) -> Floats:
    """Systematic errors of new meters, shape (n_sites,): uniform in half of what is permitted.

    A meter is adjusted once and then errs the same way for years; ``difference_k`` is what it
    usually measures between supply and return.
    """
    widest = permissible_error_frac(difference_k) / 2
    return np.asarray(rng.uniform(-widest, widest), dtype=np.float64)
