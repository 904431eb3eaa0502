"""The epochs of a meter: a pure function of what was declared of it."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from domain.declaration import BEGINNINGS, Act, Declaration
from domain.register import Epoch, EpochKind

_FIRST = 1


def epochs_of(declarations: Sequence[Declaration], first_node_id: int) -> tuple[Epoch, ...]:
    """The lives of a register in order; the first began unseen where nobody declared it.

    An epoch is confirmed by whoever declared its first index, or read the display later.
    """
    made = [Epoch(number=_FIRST, kind=EpochKind.INSTALL, begin_s=-inf, node_id=first_node_id)]
    for item in sorted(declarations, key=lambda item: item.at_s):
        if item.act in BEGINNINGS:
            _begin(made, item)
        elif item.act is Act.REMOVE:
            made[-1] = replace(made[-1], end_s=item.at_s, closing_index_wh=item.index_wh)
        else:
            made[-1] = replace(made[-1], is_confirmed=True)
    return tuple(made)


def _begin(made: list[Epoch], item: Declaration) -> None:
    before = made[-1]
    begun = Epoch(
        number=before.number + 1,
        kind=EpochKind(item.act.value),
        begin_s=item.at_s,
        node_id=before.node_id if item.node_id is None else item.node_id,
        opening_index_wh=item.index_wh,
        is_confirmed=item.index_wh is not None,
    )
    if item.act in {Act.INSTALL, Act.SWAP}:
        # What the node told before the meter was in its place does not count.
        made[:] = [replace(begun, number=_FIRST)]
        return
    made[-1] = replace(before, end_s=item.at_s, closing_index_wh=item.closing_index_wh)
    made.append(begun)


def epoch_at(epochs: Sequence[Epoch], at_s: float) -> Epoch | None:
    """The epoch in which an instant lies; None before the first and after the last."""
    for epoch in epochs:
        if epoch.begin_s <= at_s and (epoch.end_s is None or at_s < epoch.end_s):
            return epoch
    return None
