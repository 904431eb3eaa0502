"""Notices: what is told to people and programs outside when something happens to a job."""

import re
from collections.abc import Collection
from enum import StrEnum

from domain.jobs.job import EndReason, JobState


class Occasion(StrEnum):
    """What happened; each is told once for each attempt, or once for all where it ends."""

    BEGAN = "began"
    ENDED = "ended"  #: For ever: succeeded, failed or cancelled.
    REQUEUED = "requeued"  #: An attempt ended and the job queues again.
    HELD = "held"  #: An attempt ended and a person must release the job.
    HALF_TIME = "time_50"  #: So much of its time limit has passed.
    MOST_TIME = "time_80"
    NEARLY_ALL_TIME = "time_90"
    PING = "ping"  #: Nothing: somebody tries whether notices arrive.
    TOWN = "town"  #: Of no job: what somebody of a collectivity wants to know.


class NoticeType(StrEnum):
    """Which occasions somebody wants to hear of, in the words of ``--mail-type``."""

    BEGIN = "begin"
    END = "end"  #: Every end, a failure too.
    FAIL = "fail"
    REQUEUE = "requeue"  #: Also where it is held instead.
    INVALID_DEPEND = "invalid_depend"
    TIME_LIMIT = "time_limit"
    TIME_LIMIT_50 = "time_limit_50"
    TIME_LIMIT_80 = "time_limit_80"
    TIME_LIMIT_90 = "time_limit_90"
    ARRAY_TASKS = "array_tasks"  #: Of an array: each element by itself, and not the whole.


#: What ``ALL`` stands for, as in Slurm.
ALL_TYPES = frozenset(
    {
        NoticeType.BEGIN,
        NoticeType.END,
        NoticeType.FAIL,
        NoticeType.REQUEUE,
        NoticeType.INVALID_DEPEND,
    }
)
#: What a webhook may ask for: what has happened, and not what time has come to.
WEBHOOK_TYPES = ALL_TYPES | {NoticeType.TIME_LIMIT, NoticeType.ARRAY_TASKS}
#: Of Slurm, about data that is staged out to a burst buffer: never happens here.
_NEVER = frozenset({"stage_out"})
#: Which share of the time limit must have passed.
TIME_FRACS: dict[NoticeType, tuple[Occasion, float]] = {
    NoticeType.TIME_LIMIT_50: (Occasion.HALF_TIME, 0.5),
    NoticeType.TIME_LIMIT_80: (Occasion.MOST_TIME, 0.8),
    NoticeType.TIME_LIMIT_90: (Occasion.NEARLY_ALL_TIME, 0.9),
}

LONGEST_ADDRESS = 254  #: RFC 5321, less the angle brackets.
MOST_ADDRESSES = 5
_ADDRESS = re.compile(
    r"[A-Za-z0-9_%+=-]+(?:\.[A-Za-z0-9_%+=-]+)*@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)

#: The wait after the first try that failed [s]; it doubles up to the longest.
FIRST_RETRY_S = 10.0
LONGEST_RETRY_S = 3600.0
#: A notice that could not be sent for so long is given up [s].
GIVEN_UP_AFTER_S = 86_400.0


def parse_notice_types(text: str) -> frozenset[NoticeType] | None:
    """The types in ``END,FAIL``; ``NONE`` is none of them. None where a word is no type."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    found: set[NoticeType] = set()
    for word in words:
        if word == "all":
            found |= ALL_TYPES
        elif word == "none":
            found.clear()
        elif word in set(NoticeType):
            found.add(NoticeType(word))
        elif word not in _NEVER:
            return None
    return frozenset(found) if words else None


def is_address(text: str) -> bool:
    """Whether mail can be sent to this: a plain address, without a name or quotes."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """The part behind the @."""
    return address.rpartition("@")[2].lower()


def is_wanted(
    types: Collection[NoticeType], occasion: Occasion, state: JobState, reason: str | None
) -> bool:
    """Whether somebody who wants these types is told of this."""
    match occasion:
        case Occasion.BEGAN:
            wanted = {NoticeType.BEGIN}
        case Occasion.REQUEUED | Occasion.HELD:
            wanted = {NoticeType.REQUEUE}
        case Occasion.ENDED:
            wanted = {NoticeType.END}
            if state is JobState.FAILED:
                wanted.add(NoticeType.FAIL)
            if reason == EndReason.TIME_LIMIT:
                wanted.add(NoticeType.TIME_LIMIT)
            if reason == EndReason.DEPENDENCY_NEVER_MET:
                wanted.add(NoticeType.INVALID_DEPEND)
        case _:
            wanted = {kind for kind, (told, _) in TIME_FRACS.items() if told is occasion}
    return not wanted.isdisjoint(types)


def retry_after_s(tries: int) -> float:
    """How long to wait after so many tries that failed."""
    return float(min(FIRST_RETRY_S * 2.0 ** min(tries - 1, 20), LONGEST_RETRY_S))
