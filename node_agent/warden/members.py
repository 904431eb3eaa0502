"""Which processes belong to which attempt: those of its session, and all that came of them."""

from collections.abc import Callable, Collection, Iterable

from node_agent.warden.processes import ProcessStat


def owners(
    processes: Iterable[ProcessStat],
    leaders: Collection[int],
    *,
    own_pid: int,
    leader_of_orphan: Callable[[int], int | None],
) -> dict[int, int]:
    """The leader whose attempt each process is part of, by its number.

    A process that left its attempt's session is found by its parents. One whose parents are gone
    is a child of the warden by then; ``leader_of_orphan`` knows those by the mark they bear.
    """
    found = {item.pid: item for item in processes}
    known: dict[int, int | None] = {pid: pid for pid in leaders}

    def leader(item: ProcessStat) -> int | None:
        chain: list[int] = []
        at: ProcessStat | None = item
        answer: int | None = None
        while at is not None:
            if at.pid in known:
                answer = known[at.pid]
                break
            chain.append(at.pid)
            known[at.pid] = None  # Ends a circle of numbers used twice while /proc was read.
            if at.session in leaders:
                answer = at.session
                break
            if at.parent_pid == own_pid:
                answer = leader_of_orphan(at.pid)
                break
            at = found.get(at.parent_pid)
        known.update(dict.fromkeys(chain, answer))
        return answer

    named = ((pid, leader(item)) for pid, item in found.items())
    return {pid: owner for pid, owner in named if owner is not None}
