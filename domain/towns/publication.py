"""What a collectivity lets passers-by see of a site."""

from dataclasses import dataclass
from enum import StrEnum


class PublishedFigures(StrEnum):
    """How finely heat is shown to everybody; never finer than a day, never younger than one."""

    NONE = "none"
    MONTHLY = "monthly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What everybody sees of a site."""

    figures: PublishedFigures = PublishedFigures.NONE  #: Until somebody says otherwise.
    purpose: str | None = None  #: What the heat is for, in the collectivity's own words.


#: Nothing younger is shown to everybody [s]: it would tell when a building is empty.
PUBLIC_DELAY_S = 86_400.0
