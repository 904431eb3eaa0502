"""Several nodes for one job: all of one site, or none.

The nodes of a site heat the same water, so what is decided of their site is decided of them all:
a policy likes a node as it would for any job, and the rest of the gang comes from beside it.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scheduler.placement.state.fleet import FleetTable

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def whole_gangs(fleet: "FleetTable", fits: Flags, n_nodes: int) -> Flags:
    """Those of the fitting nodes whose site has as many of them as the job wants.

    A node whose jobs are kept off the network is never one of several.
    """
    if n_nodes == 1:
        return fits
    fits = fits & ~fleet.nodes.is_closed
    site_of = fleet.nodes.site
    per_site = np.bincount(site_of[fits], minlength=fleet.sites.n_rows)
    return np.asarray(fits & (per_site[site_of] >= n_nodes))


def gang_of(
    fleet: "FleetTable", fits: Flags, free_cores: Counts, lead: int, n_nodes: int
) -> tuple[int, ...]:
    """Rows of the further nodes beside the one that runs the script.

    The fullest of those that fit come first: what is left whole can take a wide job later.
    """
    if n_nodes == 1:
        return ()
    site_of = fleet.nodes.site
    beside = np.flatnonzero(fits & (site_of == site_of[lead]))
    beside = beside[beside != lead]
    order = np.argsort(free_cores[beside], kind="stable")[: n_nodes - 1]
    return tuple(beside[order].tolist())


def emptiest_gang(
    fleet: "FleetTable", able: Flags, free_cores: Counts, n_nodes: int
) -> NDArray[np.int64]:
    """Rows of the gang that has the most cores free; none where no site has so many nodes."""
    rows = np.flatnonzero(whole_gangs(fleet, able, n_nodes))
    if not len(rows) or n_nodes == 1:
        return rows[np.argsort(-free_cores[rows], kind="stable")[:1]]
    site = fleet.nodes.site[rows]
    order = np.lexsort((rows, -free_cores[rows], site))
    rows, site = rows[order], site[order]
    first = np.flatnonzero(np.diff(site, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(first, np.diff(first, append=len(rows)))
    is_chosen = place < n_nodes
    free = np.bincount(site[is_chosen], weights=free_cores[rows[is_chosen]])
    best = int(np.argmax(np.where(np.bincount(site) > 0, free, -np.inf)))
    return np.asarray(rows[is_chosen & (site == best)])
