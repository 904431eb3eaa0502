"""What a person declares of a meter: that it was put in, swapped, reset, handed over, looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What was done, or seen."""

    INSTALL = "install"  #: Put in, with the index it showed then.
    SWAP = "swap"  #: Put in the place of another, with the last index of that one.
    RESET = "reset"  #: Its register was set anew.
    READER = "reader"  #: Another node reads it from then on.
    REMOVE = "remove"  #: Taken out, with the index it showed then.
    CONFIRM = "confirm"  #: A person read its display, and it agrees with what the node tells.
    WITHDRAW = "withdraw"  #: An earlier declaration was wrong: from now on it says nothing.


#: These begin an epoch of the meter that they are about.
BEGINNINGS = frozenset({Act.INSTALL, Act.SWAP, Act.RESET, Act.READER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a declaration is to be believed: at least one of the two."""

    note: str = ""
    photo_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One declaration; they are only ever added."""

    act: Act
    at_s: float  #: When it was so.
    index_wh: int | None = None  #: What the display showed.
    closing_index_wh: int | None = None  #: What it showed of the life that ended then.
    node_id: int | None = None  #: That reads the meter from then on.
    replaced_id: int | None = None  #: The meter whose place it took.
    actor: str = ""
    evidence: Evidence = Evidence()
    declared_at_s: float = 0.0
    declaration_id: int = 0  #: Its number in this database.
    withdraws_id: int | None = None  #: The number of the one that is withdrawn by this.


def in_force(declared: Sequence[Declaration]) -> list[Declaration]:
    """Those that were not withdrawn, without the withdrawals."""
    withdrawn = {item.withdraws_id for item in declared if item.act is Act.WITHDRAW}
    return [
        item
        for item in declared
        if item.act is not Act.WITHDRAW and item.declaration_id not in withdrawn
    ]
