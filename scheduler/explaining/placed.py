"""Why a job was sent to a node, in words, from the reason that was kept with the decision."""

from collections.abc import Sequence

from domain.commands import Candidate, Why
from scheduler.explaining.waiting import Explanation
from scheduler.explaining.wording import cores, in_words, kilowatt_hours, percent
from scheduler.placement.policies.baselines import (
    COLDEST_WATER,
    LEAST_LOADED,
    NEXT_IN_TURN,
    RANDOM_NODE,
)
from scheduler.placement.policies.easy import BACKFILLED, FIRST_IN_LINE
from scheduler.placement.policies.greedy import DEADLINE_REACHED, ONLY_NODE
from scheduler.placement.policies.heat_aware import CROWDED, HEAT_WANTED, MOST_HEAT_USED
from scheduler.placement.policies.qarnot import WARMER_WANTED

_BLIND = {
    RANDOM_NODE: "was drawn by lot among the nodes with room",
    NEXT_IN_TURN: "was next in turn",
    LEAST_LOADED: "had the largest share of its cores free",
    FIRST_IN_LINE: "had the most room for the first job in line",
    WARMER_WANTED: "was the fullest node with room where heat is wanted most",
    BACKFILLED: "had a hole that the job could fill without delaying those before it",
}
_SHORTEST_TOLD_S = 60.0


def explain_placed(why: Why, *, node_name: str, site_name: str) -> Explanation:
    """Why a job was sent to this node."""
    chosen = next((item for item in why.candidates if item.node_name == node_name), None)
    others = [item for item in why.candidates if item.node_name != node_name]
    place = f"{site_name} ({node_name})"
    water = "its water is not known" if chosen is None else _water(chosen)
    share = "" if chosen is None or why.heat_wh is None else _share(chosen, why.heat_wh)
    uses = f"{place} uses {_most(chosen, others)} of its heat: {share} ({water})"
    sentence = {
        MOST_HEAT_USED: f"{uses}{_next_best(others)}.",
        HEAT_WANTED: f"Its heat is wanted at {place}: {share} ({water}).{_patience(why)}",
        DEADLINE_REACHED: f"Its last moment to start was near, whatever the water said; {uses}.",
        CROWDED: "More work would come due at once than the fleet has room for, so it began before "
        f"its last moment; {uses}.",
        COLDEST_WATER: f"{place} is emptiest: {water}{_next_charge(others)}.",
        ONLY_NODE: f"{place} was the only one with room for it: {water}.",
    }.get(why.code)
    if sentence is None:
        told = _BLIND.get(why.code)
        rule = f"was chosen by the rule {why.code}" if told is None else told
        sentence = f"{place} {rule}: {water}."
    if why.kept_for is not None:
        sentence += f" The node is kept for job {why.kept_for}, which this one does not delay."
    return Explanation(
        code=why.code,
        sentence=sentence,
        lines=tuple(
            f"{item.node_name}: {_water(item)}, {cores(item.free_cores)} free"
            + ("" if why.heat_wh is None else f", would use {percent(item.score)} of its heat")
            for item in why.candidates
        ),
    )


def _most(chosen: Candidate | None, others: Sequence[Candidate]) -> str:
    """Where two use nearly the same, the emptier one was taken."""
    best = max((item.score for item in others), default=0.0)
    return "nearly the most" if chosen is not None and chosen.score < best else "the most"


def _water(item: Candidate) -> str:
    charge = "" if item.charge_frac is None else f", {percent(item.charge_frac)} full"
    return f"{item.water_temp_c:.1f} °C{charge}"


def _share(item: Candidate, heat_wh: float) -> str:
    return f"{percent(item.score)} of {kilowatt_hours(heat_wh)} within a day"


def _next_best(others: Sequence[Candidate]) -> str:
    if not others:
        return ""
    return f"; next was {others[0].node_name} with {percent(others[0].score)}"


def _next_charge(others: Sequence[Candidate]) -> str:
    return f"; next was {others[0].node_name}, {_water(others[0])}" if others else ""


def _patience(why: Why) -> str:
    """What its patience was worth, where it had to show any."""
    waited = ""
    if why.waited_s is not None and why.waited_s >= _SHORTEST_TOLD_S:
        waited = f" It had waited {in_words(why.waited_s)} for that"
    if why.start_within_s is None:
        return waited + "." if waited else ""
    more = f"could have waited {in_words(why.start_within_s)} more"
    return f"{waited} and {more}." if waited else f" It {more}."
