"""What the operator says that names of partitions and QOS stand for."""

from collections.abc import Mapping

from domain.jobs.job import SchedulingType
from domain.refusal import Refused


def read_partitions(text: str) -> Mapping[str, SchedulingType] | Refused:
    """The table in ``debug=ondemand,long=flex``, or what is wrong with it."""
    found: dict[str, SchedulingType] = {}
    for part in text.split(","):
        name, _, kind = (word.strip() for word in part.partition("="))
        if not part.strip():
            continue
        if not name or kind not in set(SchedulingType):
            return Refused(
                code="settings.partitions",
                sentence=f"CHAUFFERIE_PARTITIONS holds {part.strip()!r}; write NAME=TYPE, with a "
                "TYPE of flex, ondemand or reserved.",
            )
        found[name] = SchedulingType(kind)
    return found
