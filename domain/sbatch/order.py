"""Options that move a job before others or after them, or into a reservation."""

import re

from domain.jobs.order import MOST_POINTS
from domain.jobs.reservation import is_reservation_name
from domain.sbatch.settings import Settings

#: What ``--nice`` means without a number, as in Slurm.
_USUAL_NICE = 100
_POINTS = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_SOME_POINTS = "a whole number such as 100; an hour of waiting is worth 100 unless the operator "
_SOME_POINTS += "says otherwise"


def read_priority(settings: Settings) -> int:
    """Points of ``--priority`` less those of ``--nice``, which moves a job back."""
    raised = settings.read("priority", _parse_points, _SOME_POINTS) or 0
    nice = settings.read("nice", _parse_points, _SOME_POINTS) or 0
    given = settings.given("nice")
    if given is not None and given.value is None:
        nice = _USUAL_NICE
    points = raised - nice
    bounded = max(-MOST_POINTS, min(points, MOST_POINTS))
    told = given or settings.given("priority")
    if bounded != points and told is not None:
        settings.note(told, f"{told.text} counts as {abs(bounded)} points, the most there are.")
    return bounded


def _parse_points(text: str) -> int | None:
    return int(text) if _POINTS.fullmatch(text.strip()) else None


def read_reservation(settings: Settings) -> str | None:
    """The name of the reservation in which the job is to run."""
    return settings.read("reservation", _parse_name, "the name of one reservation")


def _parse_name(text: str) -> str | None:
    return text if is_reservation_name(text) else None
