"""Why a policy lets a job wait though a node has room for it, in words."""

from domain.events import JobQueued
from scheduler.explaining.wording import in_words, kilowatt_hours, percent
from scheduler.placement.heat.answers import HEAT_NOT_YET_WANTED
from scheduler.placement.plan.policy import Policy, View, WhyNot
from scheduler.placement.policies.easy import TOO_FAR_BACK
from scheduler.placement.policies.qarnot import WATER_TOO_WARM


def why_policy_waits(view: View, job: JobQueued, policy: Policy) -> tuple[str, str] | None:
    """The policy's own reason, its code and a sentence; None where it would start the job."""
    why = policy.why_not(view, job)
    if why is None:
        return None
    if why.code == TOO_FAR_BACK:
        return why.code, (
            f"It fits now, but only {why.asks:.0f} jobs behind the first that fits nowhere are "
            "looked at for a hole, and as many are before it."
        )
    if why.code == WATER_TOO_WARM and why.row is not None:
        return why.code, (
            f"The water is too warm for it where it fits: {_place(view, why.row)} is the emptiest, "
            f"{percent(why.has)} full, and a {job.scheduling_type} job starts up to "
            f"{percent(why.asks)}."
        )
    if why.code == HEAT_NOT_YET_WANTED and why.row is not None:
        return why.code, _heat_not_wanted(view, job, policy, why, _place(view, why.row))
    return why.code, "It fits now, and the policy that decides does not start it."


def _heat_not_wanted(view: View, job: JobQueued, policy: Policy, why: WhyNot, place: str) -> str:
    latest_s = policy.turn(view, job).latest_s
    last = ""
    if latest_s is not None:
        within = in_words(max(latest_s - view.now_s, 0.0))
        last = f" It starts within {within} whatever the water says."
    return (
        f"Its heat is not wanted yet: {place} would use the most, {percent(why.has)} of "
        f"{kilowatt_hours(why.heat_wh or 0.0)}, and while it can wait it asks for "
        f"{percent(why.asks)}.{last}"
    )


def _place(view: View, row: int) -> str:
    facts = view.state.fleet.facts[row]
    return f"{facts.site_name} ({facts.name})"
