"""Safe budgets as an engine may hear of them, and what jobs may take of them."""

from collections.abc import Iterable

from hypothesis import strategies as st

from domain.events import BudgetLeft, JobQueued
from domain.jobs.job import SchedulingType

#: Power of a node of the builders with every core busy, beyond that of an idle one.
SPAN_W = 800.0

budgets = st.builds(
    BudgetLeft,
    measure=st.just("cost"),
    left=st.floats(-1.0, 20.0),
    per_core_s=st.fixed_dictionaries(
        {kind.value: st.sampled_from([0.0, 0.5 / 3600.0, 1 / 3600.0]) for kind in SchedulingType}
    ),
    per_wh=st.sampled_from([0.0, 0.001]),
)


def most_of(parts: Iterable[tuple[JobQueued, int, float]], budget: BudgetLeft) -> float:
    """What jobs may take up to their time limits: each with cores, and Wh of one in a second."""
    return sum(
        cores * job.time_limit_s * (budget.per_core_s[job.scheduling_type] + budget.per_wh * wh)
        for job, cores, wh in parts
    )
