"""Months that follow one another."""

from domain.months import after

#: A row older than so many months before the newest is of a wrong clock.
_MOST_MONTHS = 240


def months_through(first: int, last: int) -> list[int]:
    """The months from one to another, both counted; no more than a meter can have lived."""
    found = [first]
    while found[-1] < last:
        found.append(after(found[-1]))
    return found[-_MOST_MONTHS:]
