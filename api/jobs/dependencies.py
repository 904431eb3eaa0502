"""What a job waits for, in words."""

from collections.abc import Sequence
from typing import Any

from domain.sbatch.dependencies import DependencyKind
from scheduler.explaining.waiting import Explanation
from store.dependencies.conditions import ConditionState
from store.dependencies.shown import ShownCondition

_WORDS = {
    DependencyKind.AFTER: "the start of job {on}",
    DependencyKind.AFTER_ANY: "the end of job {on}",
    DependencyKind.AFTER_OK: "the success of job {on}",
    DependencyKind.AFTER_NOT_OK: "a failure of job {on}",
    DependencyKind.AFTER_CORR: "the success of the same element of job {on}",
    DependencyKind.SINGLETON: "the end of every earlier job of its name",
}
_MOST_SHOWN = 20


def _described(one: ShownCondition) -> str:
    words = _WORDS[one.kind].format(on=one.on)
    return words if one.on is None else f"{words} ({one.text})"


def view(conditions: Sequence[ShownCondition]) -> list[dict[str, Any]]:
    """The conditions as the API shows them."""
    return [{"condition": one.text, "state": one.state.value} for one in conditions]


def why_never(conditions: Sequence[ShownCondition]) -> str | None:
    """Why it was cancelled, where it waited for what cannot happen; None elsewhere."""
    never = [one for one in conditions if one.state is ConditionState.NEVER]
    if not never:
        return None
    return f"It waited for {_described(never[0])}, which can no longer happen."


def explain_blocked(conditions: Sequence[ShownCondition]) -> Explanation:
    """What a blocked job still waits for."""
    open_ones = [one for one in conditions if one.state is ConditionState.WAITING]
    if not open_ones:
        return Explanation(code="blocked", sentence="It waits for another job.")
    is_any = open_ones[0].is_any and len(conditions) > 1
    lead = "any one of these" if is_any else "all of these"
    if len(open_ones) == 1 and not is_any:
        return Explanation(code="blocked", sentence=f"It waits for {_described(open_ones[0])}.")
    shown = [f"{_described(one)}" for one in open_ones[:_MOST_SHOWN]]
    n_more = len(open_ones) - len(shown)
    return Explanation(
        code="blocked",
        sentence=f"It waits for {lead}:",
        lines=(*shown, *([f"and {n_more} more"] if n_more else [])),
    )
