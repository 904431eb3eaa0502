"""An engine that is told things, and what it answered: scenes of a few boilers."""

from collections.abc import Sequence

from domain.commands import AssignAttempt, Command
from domain.events import Event, ReadingTaken
from domain.refusal import Refused
from scheduler.engine import Engine
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.registry import policy_named
from scheduler.placement.state.invariants import check_invariants
from tests.support.builders import NOW_S, node_joined, reading_taken

#: Useful heat that the water of a usual boiler holds at its limit: 500 Wh/K from 16 to 50 degC.
CAPACITY_WH = 17_000.0


def policy(text: str) -> Policy:
    """The policy of this name."""
    found = policy_named(text)
    assert not isinstance(found, Refused), found
    return found


def reading_of(
    node_id: int = 1, charge_frac: float = 0.5, at_s: float = NOW_S, **fields: object
) -> ReadingTaken:
    """Water of a usual boiler that is charged to this share."""
    usual = {"headroom_wh": CAPACITY_WH * (1.0 - charge_frac), "taken_at_s": at_s}
    return reading_taken(node_id, 16.0 + 34.0 * charge_frac, **{**usual, **fields})


class Told:
    """An engine that is told things, and what it answered last."""

    def __init__(self, policy_text: str, *facts: Event) -> None:
        """Tell a fresh engine of these facts."""
        self.engine = Engine(policy(policy_text))
        self.answer: list[Command] = []
        self.now_s = NOW_S
        self.hear(*facts)

    def hear(self, *facts: Event, at_s: float | None = None) -> Sequence[tuple[int, int, int]]:
        """The offers it makes upon this, as (instance, attempt, node)."""
        self.now_s = self.now_s if at_s is None else at_s
        self.answer = self.engine.handle(facts, self.now_s)
        check_invariants(self.engine.state)
        return [
            (order.instance_id, order.attempt, order.node_id)
            for order in self.answer
            if isinstance(order, AssignAttempt)
        ]

    def nodes_for(self, *facts: Event, at_s: float | None = None) -> list[int]:
        """The nodes of those offers."""
        return [offer[2] for offer in self.hear(*facts, at_s=at_s)]

    def offer(self, *facts: Event, at_s: float | None = None) -> AssignAttempt:
        """The one offer that it makes upon this."""
        self.hear(*facts, at_s=at_s)
        (order,) = self.answer
        assert isinstance(order, AssignAttempt)
        return order


def boilers(policy_text: str, *charges: float, cores: int = 8) -> Told:
    """Boilers 1, 2, ... whose water is charged to these shares."""
    told = Told(policy_text)
    for node_id, charge_frac in enumerate(charges, start=1):
        told.hear(node_joined(node_id, cores=cores), reading_of(node_id, charge_frac))
    return told
