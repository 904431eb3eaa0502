"""What the page is made of, before it is text."""

from dataclasses import dataclass

from markupsafe import Markup

from simulation.results.summary import BASELINE

OURS = "chaufferie"
RECIPE = "recipe"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A line of figures; its tone sets our policy apart."""

    cells: tuple[str, ...]
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """The figures of a picture, for whoever wants the numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Pictures with their figures beside them."""

    pictures: tuple[Markup, ...]
    table: FigureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question, answered by pictures and by their figures."""

    anchor: str
    title: str
    says: str
    blocks: tuple[Block, ...]


def family_of(policy: str) -> str:
    """The policy without its settings: ``chaufferie@hold=0.5`` is of the family ``chaufferie``."""
    return policy.replace("@", " ").split(maxsplit=1)[0]


def tone_of(policy: str) -> str:
    """Which colour of the style sheet a policy has."""
    family = family_of(policy)
    return family if family in {RECIPE, BASELINE} else "ours" if family == OURS else "plain"
