"""The epochs of a meter: a pure function of what was declared of it."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from domain.registers.declaration import BEGINNINGS, Act, Declaration, in_force
from domain.registers.register import Epoch, EpochKind

_FIRST = 1


def epochs_of(declarations: Sequence[Declaration], first_node_id: int) -> tuple[Epoch, ...]:
    """The lives of a register in order; the first began unseen where nobody declared it.

    What was withdrawn says nothing. A meter that was removed may be put in again. An epoch is
    confirmed by whoever declared its first or its last index, or read the display in
    between.
    """
    made = [Epoch(number=_FIRST, kind=EpochKind.INSTALL, begin_s=-inf, node_id=first_node_id)]
    for item in sorted(in_force(declarations), key=lambda item: item.at_s):
        if item.act in BEGINNINGS:
            _begin(made, item)
        elif item.act is Act.REMOVE:
            made[-1] = _ended(made[-1], item.at_s, item.index_wh)
        else:
            _confirm(made)
    return tuple(made)


def _confirm(made: list[Epoch]) -> None:
    """The newest epoch is confirmed, and those before it that only had another reader."""
    for place in reversed(range(len(made))):
        made[place] = replace(made[place], is_confirmed=True)
        if made[place].kind is not EpochKind.READER:
            return


def _begin(made: list[Epoch], item: Declaration) -> None:
    before = made[-1]
    begun = Epoch(
        number=before.number + 1,
        kind=EpochKind(item.act.value),
        begin_s=item.at_s,
        node_id=before.node_id if item.node_id is None else item.node_id,
        opening_index_wh=item.index_wh,
        is_confirmed=item.index_wh is not None or (item.act is Act.READER and before.is_confirmed),
    )
    is_put_in = item.act in {Act.INSTALL, Act.SWAP}
    if is_put_in and before.end_s is None:
        # What the node told before the meter was in its place does not count.
        made[:] = [replace(begun, number=_FIRST)]
        return
    if not is_put_in:
        made[-1] = _ended(before, item.at_s, item.closing_index_wh)
    made.append(begun)


def _ended(epoch: Epoch, at_s: float, index_wh: int | None) -> Epoch:
    """An epoch that is over; whoever read its last index off the display confirmed it, too."""
    return replace(
        epoch,
        end_s=at_s,
        closing_index_wh=index_wh,
        is_confirmed=epoch.is_confirmed or index_wh is not None,
    )


def epoch_at(epochs: Sequence[Epoch], at_s: float) -> Epoch | None:
    """The epoch in which an instant lies; None before the first and after the last."""
    for epoch in epochs:
        if epoch.begin_s <= at_s and (epoch.end_s is None or at_s < epoch.end_s):
            return epoch
    return None
