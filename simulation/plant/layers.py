"""Stratified tanks: equal layers, through which a draw rises and in which heat rises by itself."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simulation.plant.tank import WATER_HEAT_J_PER_KG_K

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Layers of a tank: the default of the method in EN 15316-5.
LAYER_COUNT = 4
#: Conduction between layers [W/(m K)]: 0.6 in still water, 1.5 with walls and some mixing.
_CONDUCTION_W_PER_M_K = 1.5
#: Height of a tank, of its diameter.
_SLENDERNESS = 2.0
#: The step is divided into 2^6 for the solution of the layers: 9 s of 600 s.
_HALVINGS = 6
_NUMBER: Floats = np.arange(float(LAYER_COUNT))
_UNIT: Floats = np.eye(LAYER_COUNT)
#: A draw takes water out of each layer and brings it in from the one below.
_RISE: Floats = np.eye(LAYER_COUNT, k=-1) - _UNIT
#: Layers that touch even out.
_EVEN: Floats = np.eye(LAYER_COUNT, k=-1) + np.eye(LAYER_COUNT, k=1)
_EVEN -= np.diag(_EVEN.sum(axis=1))
#: Means of the lowest one, two, … layers, as a matrix from the right.
_RUNNING_MEAN: Floats = np.triu(np.ones((LAYER_COUNT, LAYER_COUNT))) / (1.0 + _NUMBER)
_MEAN: Floats = np.full(LAYER_COUNT, 1.0 / LAYER_COUNT)
#: Layers from j to k, and minus infinity where j is above i.
_SPAN: Floats = np.maximum(1.0, 1.0 + _NUMBER[None, :] - _NUMBER[:, None])
_NOT_BELOW: Floats = np.where(np.tri(LAYER_COUNT, dtype=np.bool_).T, 0.0, -np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Which sites have a stratified tank, and how their layers touch."""

    site_index: Indices  #: Shape (n_stratified,).
    storage_j_per_k: Floats  #: Of one layer. Shape (n_stratified,).
    loss_w_per_k: Floats  #: Of one layer to the room. Shape (n_stratified,).
    conduction_w_per_k: Floats  #: Between two layers. Shape (n_stratified,).
    #: Rates of conduction and losses [1/s]. Shape (n_stratified, n_layers, n_layers).
    still_per_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        still_w_per_k = (
            self.conduction_w_per_k[:, None, None] * _EVEN
            - self.loss_w_per_k[:, None, None] * _UNIT
        )
        rates = still_w_per_k / self.storage_j_per_k[:, None, None]
        object.__setattr__(self, "still_per_s", rates)

    @classmethod
    def none(cls) -> Self:
        """No stratified tank."""
        nothing = np.zeros(0)
        return cls(
            site_index=np.zeros(0, dtype=np.intp),
            storage_j_per_k=nothing,
            loss_w_per_k=nothing,
            conduction_w_per_k=nothing,
        )

    @classmethod
    def of(cls, site_index: Indices, storage_j_per_k: Floats, loss_w_per_k: Floats) -> Self:
        """Layers of whole tanks with these storages and losses, shape (n_stratified,).

        Tanks are cylinders twice as high as wide: ``V = pi d^3 / 2``, so two layers touch over
        ``pi d^2 / 4`` at a distance of ``2 d / N``.
        """
        volume_m3 = storage_j_per_k / WATER_HEAT_J_PER_KG_K / 1000.0
        diameter_m = (4.0 * volume_m3 / (np.pi * _SLENDERNESS)) ** (1 / 3)
        distance_m = _SLENDERNESS * diameter_m / LAYER_COUNT
        return cls(
            site_index=site_index,
            storage_j_per_k=storage_j_per_k / LAYER_COUNT,
            loss_w_per_k=loss_w_per_k / LAYER_COUNT,
            conduction_w_per_k=_CONDUCTION_W_PER_M_K * np.pi * diameter_m**2 / 4 / distance_m,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFlow:
    """What draw, conduction and losses make of the layers over a step; linear in their start.

    ``after = matrix @ layers + offset``, whose rows are the layers at the end of the step, the
    top layer in the mean of the step, and all layers in the mean.
    """

    matrix: Floats  #: Shape (n_stratified, n_layers + 2, n_layers).
    offset_c: Floats  #: Shape (n_stratified, n_layers + 2).

    def after(self, layer_temp_c: Floats) -> Floats:
        """Layers, top mean and mean of all, shape (n_stratified, n_layers + 2)."""
        return _times(self.matrix, layer_temp_c) + self.offset_c


def layer_flow(
    layers: Layers, *, draw_w_per_k: Floats, cold_temp_c: Floats, room_temp_c: Floats, dt_s: float
) -> LayerFlow:
    """Solve the layers for a step without heat from the servers; arrays (n_stratified,).

    ``C dT_i/dt = f c (T_i-1 - T_i) + K (T_i-1 - 2 T_i + T_i+1) - UA (T_i - T_room)``, layer 0
    lowest with mains water below it (EN 15316-5; upwind). It is linear, ``dT/dt = A T + b``, so
    with the settled temperatures ``T_s = -A^-1 b`` the end is ``T_s + E (T - T_s)`` and the mean
    ``T_s + A^-1 (E - 1) (T - T_s) / dt``, which close the balance to rounding. ``E`` is taken as
    ``((1 - A h)^-1)^64`` with ``h = dt / 64``: no entry of it is negative for any ``dt``, so
    hotter layers never end cooler.
    """
    draw_per_s = draw_w_per_k / layers.storage_j_per_k
    rate = layers.still_per_s + draw_per_s[:, None, None] * _RISE
    source = np.empty((len(draw_per_s), LAYER_COUNT, 1))
    source[:, :, 0] = (layers.loss_w_per_k / layers.storage_j_per_k * room_temp_c)[:, None]
    source[:, 0, 0] += draw_per_s * cold_temp_c
    end = np.linalg.inv(_UNIT - rate * (dt_s / 2**_HALVINGS))
    for _ in range(_HALVINGS):
        end = end @ end
    inverse = np.linalg.inv(rate)
    mean = inverse @ ((end - _UNIT) / dt_s)
    matrix = np.empty((len(draw_per_s), LAYER_COUNT + 2, LAYER_COUNT))
    matrix[:, :-2] = end
    matrix[:, -2] = mean[:, -1]
    matrix[:, -1] = _MEAN @ mean
    settled_c = -(inverse @ source)[:, :, 0]
    levels_c = np.empty((len(draw_per_s), LAYER_COUNT + 2))
    levels_c[:, :-2] = settled_c
    levels_c[:, -2] = settled_c[:, -1]
    levels_c[:, -1] = layer_mean_c(settled_c)
    return LayerFlow(matrix=matrix, offset_c=levels_c - _times(matrix, settled_c))


def _times(matrix: Floats, layer_temp_c: Floats) -> Floats:
    product: Floats = (matrix @ layer_temp_c[:, :, None])[:, :, 0]
    return product


def heated(layers: Layers, layer_temp_c: Floats, heat_j: Floats) -> Floats:
    """Layers after heat came in at the bottom and water that was warmer than above it has risen.

    Layers mix until none is warmer than the one above: ``T_i = max_(j <= i) min_(k >= i)`` of the
    mean of layers j to k, the isotonic regression of the profile (Barlow and others 1972,
    Statistical Inference under Order Restrictions, 1.19). Heat is conserved, and hotter layers
    never end cooler.

    Parameters
    ----------
    layer_temp_c
        Shape (n_stratified, n_layers).
    heat_j
        Not negative, shape (n_stratified,).
    """
    warmer_c = layer_temp_c.copy()
    warmer_c[:, 0] += heat_j / layers.storage_j_per_k
    if (warmer_c[:, 1:] >= warmer_c[:, :-1]).all():
        return warmer_c
    below = np.zeros((len(layer_temp_c), LAYER_COUNT + 1))
    np.add.accumulate(warmer_c, axis=1, out=below[:, 1:])
    # Axes: tank, first layer j, last layer k; then the layer i in place of k.
    mean_c = (below[:, None, 1:] - below[:, :-1, None]) / _SPAN
    least_c = np.minimum.accumulate(mean_c[:, :, ::-1], axis=2)[:, :, ::-1]
    mixed_c: Floats = np.maximum.reduce(least_c + _NOT_BELOW, axis=1)
    return mixed_c


def running_mean_c(layer_temp_c: Floats) -> Floats:
    """Mean of the lowest one, two, … layers, shape (n_stratified, n_layers)."""
    means: Floats = layer_temp_c @ _RUNNING_MEAN
    return means


def layer_mean_c(layer_temp_c: Floats) -> Floats:
    """Mean of all layers, shape (n_stratified,)."""
    mean: Floats = layer_temp_c @ _MEAN
    return mean
