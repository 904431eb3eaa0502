"""What the plant imposes on heat from computing, hour by hour, as linear inequalities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One inequality for each site and hour; every array has shape (n_sites, n_hours).

    ``power p + start e' + end e + useful u + dumping (d - d') <= room``, all in Wh of one hour:
    ``p`` electricity above the base, ``e'`` and ``e`` excess of the store over the twin's at the
    start and the end of the hour, ``u`` useful heat, ``d'`` and ``d`` the part of the store's heat
    that lies above the threshold of its dump cooler. Where ``room`` is infinite the inequality is
    not imposed.
    """

    power: Floats
    start: Floats
    end: Floats
    useful: Floats
    room: Floats
    dumping: Floats | None = None  #: None is zero everywhere.


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeries:
    """What `simulation.oracle.bound` needs to know of the sites."""

    power_max_wh: Floats  #: Electricity above the base in one hour. Shape (n_sites,).
    useful_max_wh: Floats  #: Heat of the twin's boiler. Shape (n_sites, n_hours).
    excess_max_wh: Floats  #: At the end of each hour. Shape (n_sites, n_hours).
    #: Of the excess at the end of each hour, what lies below the cooler's threshold at most; none
    #: where a site has no cooler. Shape (n_sites, n_hours); it may be negative.
    undumped_max_wh: Floats
    has_cooler: Flags  #: Shape (n_sites,).
    cuts: tuple[Cut, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of sites and of hours."""
        n_sites, n_hours = self.useful_max_wh.shape
        return n_sites, n_hours
