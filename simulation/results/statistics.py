"""Means of paired seeds and how far they can be trusted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LEVEL = 0.975  #: Upper quantile of a two-sided interval that holds 95 %.
_BISECTIONS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with the half-width of its 95 % confidence interval."""

    n: int
    mean: float
    ci95: float | None  #: None for fewer than two values: nothing is known of their spread.


def estimate(values: Sequence[float]) -> Estimate | None:
    """Mean and Student's interval ``t s / sqrt(n)`` of independent values; None of none.

    Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.2.
    """
    n = len(values)
    if n == 0:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(n=1, mean=mean, ci95=None)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Estimate(n=n, mean=mean, ci95=student_quantile(n - 1) * math.sqrt(variance / n))


def paired_difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Estimate | None:
    """Estimate of ``ours - theirs`` over the seeds that both have, None where they share none.

    What two policies meet in one seed (weather, jobs) cancels out of the difference, whose
    interval is therefore much narrower than those of the two means.
    """
    shared = sorted(ours.keys() & theirs.keys())
    return estimate([ours[seed] - theirs[seed] for seed in shared])


def student_quantile(degrees: int, level: float = _LEVEL) -> float:
    """The value that Student's t with so many degrees of freedom stays below with this chance."""
    low, high = 0.0, 1.0
    while _student_cdf(high, degrees) < level:
        high *= 2.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _student_cdf(middle, degrees) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_cdf(t: float, degrees: int) -> float:
    """P(T <= t) for t >= 0; exact for whole degrees of freedom.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    theta = math.atan(t / math.sqrt(degrees))
    cosine = math.cos(theta)
    is_odd = degrees % 2 == 1
    term = cosine if is_odd else 1.0
    total = 0.0
    for k in range(1 if is_odd else 0, degrees - 1, 2):
        total += term
        term *= cosine**2 * (k + 1) / (k + 2)
    within = math.sin(theta) * total
    if is_odd:
        within = 2.0 / math.pi * (theta + within)
    return 0.5 + within / 2
