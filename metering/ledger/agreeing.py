"""Whether all that was declared of a meter can be so together."""

from collections.abc import Sequence

from domain.calendar.paris import write_instant
from domain.refusal import Refused
from domain.registers.declaration import BEGINNINGS, Act, Declaration, in_force
from domain.registers.register import MeterFacts

#: A meter comes to its place by these.
PUT_IN = frozenset({Act.INSTALL, Act.SWAP})


def contradiction(meter: MeterFacts, declared: Sequence[Declaration]) -> Refused | None:
    """The first of what is in force that cannot stand beside what was before it; None = none.

    A meter is put in once, unless it was taken out before; in its place it is reset, read by
    another node, or taken out; and a life of its register ends no lower than it began.
    """
    life: Declaration | None = None
    removed: Declaration | None = None  # A meter that was only heard of was put in unseen.
    for item in sorted(in_force(declared), key=lambda item: item.at_s):
        if item.act is Act.CONFIRM:
            continue
        refused = (
            _out_of_order(meter, life, item)
            or _out_of_place(meter, item, life, removed)
            or _ends_lower(meter, life, item)
        )
        if refused is not None:
            return refused
        removed = item if item.act is Act.REMOVE else None
        if item.act in BEGINNINGS:
            life = item
    return None


def _out_of_order(meter: MeterFacts, life: Declaration | None, item: Declaration) -> Refused | None:
    """Two things of one instant, of which nobody knows the order."""
    if life is None or item.at_s > life.at_s:
        return None
    return _refuse(
        "order",
        f"Of meter {meter.serial} {_named(life)} is declared at that very time already; a life of "
        "a register begins after the one before, so check the time.",
    )


def _out_of_place(
    meter: MeterFacts, item: Declaration, life: Declaration | None, removed: Declaration | None
) -> Refused | None:
    if item.act not in PUT_IN:
        if removed is None:
            return None
        return _refuse(
            "removed",
            f"Meter {meter.serial} is declared as removed at {write_instant(removed.at_s)}; "
            "withdraw that if it was wrong.",
        )
    if removed is not None and life is None and _is_newer(removed, item):
        return _refuse(
            "order",
            f"Meter {meter.serial} was put in at {write_instant(item.at_s)}; it cannot have been "
            "taken out before. Check both times.",
        )
    if life is None or removed is not None:
        return None
    return _refuse(
        "order",
        f"Meter {meter.serial} was in its place by then: {_named(life)} was declared at "
        f"{write_instant(life.at_s)}. Declare its removal first, or withdraw what was wrong.",
    )


def _is_newer(one: Declaration, other: Declaration) -> bool:
    """Whether one was declared after another; what is not kept yet has no number."""
    return not one.declaration_id or one.declaration_id > other.declaration_id > 0


def _ends_lower(meter: MeterFacts, life: Declaration | None, item: Declaration) -> Refused | None:
    last_wh = item.index_wh if item.act is Act.REMOVE else item.closing_index_wh
    first_wh = None if life is None else life.index_wh
    if last_wh is None or first_wh is None or item.act in PUT_IN:
        return None
    if last_wh >= first_wh or meter.rolls_over_at_wh is not None:
        return None
    return _refuse(
        "lower",
        f"A register that began with {first_wh / 1000:g} kWh cannot end with {last_wh / 1000:g} "
        "kWh unless it rolls over (`meter describe --rolls-over`); check both indexes.",
    )


def _named(item: Declaration) -> str:
    return {
        Act.INSTALL: "its installation",
        Act.SWAP: "a swap",
        Act.RESET: "a reset",
        Act.READER: "another reader",
    }.get(item.act, "its removal")


def _refuse(code: str, sentence: str) -> Refused:
    return Refused(code=f"meter.{code}", sentence=sentence)
