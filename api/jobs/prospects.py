"""What would become of a submission: what it would cost at the most, and when it would start."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from api.jobs.capacity import Sizes
from domain.billing.prices import PriceList, core_hours, cost, kilowatt_hours
from domain.calendar.months import month_of
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.jobs.sizing import core_need, fits
from domain.sbatch.durations import describe_duration
from domain.units import HOUR_S
from scheduler.explaining.beliefs import believe
from scheduler.explaining.likely_start import LikelyStart, likely_start
from store.database import Database
from store.instances.queueing import queued_event
from store.rows import Connection

#: Of no job: the numbers of those that exist are lower.
_NO_ID = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class FullRun:
    """What a submission costs if each instance runs once, to its time limit."""

    amount: Decimal
    currency: str
    is_large: bool
    sentence: str

    def as_document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "full_run": str(self.amount),
            "currency": self.currency,
            "is_large": self.is_large,
            "sentence": self.sentence,
        }


def full_run(spec: JobSpec, sizes: Sizes, prices: PriceList | None, now_s: float) -> FullRun | None:
    """The cost by the prices of now; None where nothing has a price, or no node could tell."""
    now = None if prices is None else prices.of(month_of(now_s))
    if prices is None or now is None:
        return None
    holding = [node for _, node in sizes if fits(spec.resources, node)]
    if not holding:
        return None
    count = 1 if spec.array is None else spec.array.count
    limit_s = spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S
    cores = max(core_need(spec.resources, node) for node in holding)
    most_w = max(
        node.job_power_w(core_need(spec.resources, node)) * node.time_factor for node in holding
    )
    hours = dict.fromkeys(SchedulingType, Decimal(0))
    hours[spec.scheduling_type] = core_hours(float(cores * limit_s * count))
    amount = cost(now, hours, kilowatt_hours(most_w * limit_s * count / HOUR_S))
    what = f"{cores} core{'' if cores == 1 else 's'} for {describe_duration(limit_s)}"
    instances = "" if count == 1 else f", {count} instances"
    return FullRun(
        amount=amount,
        currency=prices.currency,
        is_large=prices.large_submit is not None and amount >= prices.large_submit,
        sentence=(
            f"{amount} {prices.currency} without tax if it runs once to its time limit "
            f"({what}{instances}, {spec.scheduling_type.value}); less if it ends sooner, more if "
            "it is tried again."
        ),
    )


def start_of(
    database: Database, connection: Connection, spec: JobSpec, tenant_id: int
) -> LikelyStart:
    """When it would likely start if it were submitted now."""
    if spec.is_held:
        return _unknown("Not known: it is held until somebody releases it.")
    if spec.dependency is not None:
        return _unknown("Not known: it waits for other jobs first.")
    beliefs = believe(database, connection)
    event = queued_event(
        spec,
        instance_id=_NO_ID,
        job_id=_NO_ID,
        tenant_id=tenant_id,
        queued_at_s=beliefs.view.now_s,
        last_attempt=0,
    )
    job = replace(event, array_id=None, at_once=None)
    found = likely_start(beliefs.view, job, beliefs.line_before(job), beliefs.policy)
    if spec.array is None:
        return found
    return replace(found, sentence=f"Its first instance: {found.sentence}")


def _unknown(sentence: str) -> LikelyStart:
    return LikelyStart(at_s=None, latest_s=None, sentence=sentence)
