"""Series that remember: first-order autoregressive noise."""

import numpy as np

from simulation.weather.weather import Floats


def remembering_noise(
    rng: np.random.Generator,
    count: int,
    hourly_correlation: float,
    *,
    shared: tuple[np.random.Generator, float] | None = None,
) -> Floats:
    """A stationary series (count,) of mean 0 and variance 1; ``x' = c x + sqrt(1 - c^2) e``.

    With ``shared``, a generator and a share r, the shock is ``sqrt(r) g + sqrt(1 - r) e`` with g
    from that generator: series of equal generators are alike, and none changes its spread.
    """
    noise = rng.standard_normal(count)
    if shared is not None:
        generator, share_frac = shared
        common = generator.standard_normal(count)
        noise = np.sqrt(share_frac) * common + np.sqrt(1.0 - share_frac) * noise
    noise[1:] *= np.sqrt(1.0 - hourly_correlation**2)
    values: list[float] = []
    value = 0.0
    for shock in noise.tolist():
        value = hourly_correlation * value + shock
        values.append(value)
    return np.array(values, dtype=np.float64)
