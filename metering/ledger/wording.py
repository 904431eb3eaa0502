"""Why rows stand in quarantine, in a sentence that says what to do."""

from collections.abc import Mapping

from domain.registers.register import Doubt

_WHY: Mapping[Doubt, str] = {
    Doubt.WENT_BACK: "went back and no rollover explains it; read the display, then declare a "
    "swap or a reset, or reject the rows",
    Doubt.TOO_FAST: "counted more than can pass it in that time; check its power limit and its "
    "scale, then accept or reject the rows",
    Doubt.UNIT: "moved by a power of ten, as where kWh are taken for Wh; check unit and scale of "
    "the driver, then reject the rows",
    Doubt.SPIKE: "was once told too high, against all rows around; reject that row",
    Doubt.JUMPED: "goes on from a step that is in quarantine; declare the swap or the reset that "
    "explains it, or accept that step",
    Doubt.CONFLICT: "was told with two values under one number; compare both with the display and "
    "reject the wrong one",
    Doubt.FUTURE: "was told with a time that had not come; set the clock of the node and reject "
    "the rows: the register bridges them",
    Doubt.CLOCK_BACK: "was told with a time before that of the row before; look at the clock of "
    "the node and reject the rows: the register bridges them",
    Doubt.OTHER_READER: "is told by another node than the one that reads it; declare the new "
    "reader, or reject the rows",
    Doubt.OTHER_KIND: "was told as simulated though it is real, or the other way round; repair "
    "the node and reject the rows",
    Doubt.OUTSIDE_EPOCH: "was told of outside the time in which it was in place; correct the "
    "declaration, or reject the rows",
    Doubt.UNDECLARED: "took the place of another, and nobody declared it; declare the swap with "
    "the last index of the old meter and the first of the new one",
    Doubt.TOO_LATE: "was told of a month whose rows are no longer kept; reject the rows: the "
    "register has counted them",
    Doubt.STUCK: "stood still while the servers of its node drew power; look at the meter",
    Doubt.AGAINST_NODE: "was told otherwise by its node than by a file; compare both with the "
    "display, then reject the rows of the file",
    Doubt.REJECTED: "was rejected by a person",
}


def why(doubt: Doubt) -> str:
    """What is wrong and what to do, to be read after the name of the meter."""
    return _WHY[doubt]


def sentence(serial: str, doubt: Doubt) -> str:
    """The same as a sentence."""
    return f"Meter {serial} {why(doubt)}."
