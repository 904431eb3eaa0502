"""Which processes are part of which attempt."""

from node_agent.warden.members import owners
from node_agent.warden.processes import ProcessStat

WARDEN = 1


def process(pid: int, parent: int, session: int) -> ProcessStat:
    return ProcessStat(pid=pid, parent_pid=parent, session=session, cpu_s=0.0, rss_bytes=0)


def test_session_descent_and_mark_each_lead_to_the_attempt() -> None:
    processes = [
        process(10, WARDEN, 10),
        process(11, 10, 10),  # in the session of its attempt
        process(12, 11, 12),  # left the session, its parent did not
        process(13, 12, 12),  # a child of that one
        process(14, WARDEN, 14),  # its parents are gone; it bears a mark
        process(15, 14, 14),
        process(20, WARDEN, 20),
        process(30, 0, 30),  # a stranger
        process(31, 999, 30),  # its parent ended while /proc was read
    ]
    found = owners(
        processes, {10, 20}, own_pid=WARDEN, leader_of_orphan=lambda pid: 20 if pid == 14 else None
    )
    assert found == {10: 10, 11: 10, 12: 10, 13: 10, 14: 20, 15: 20, 20: 20}


def test_numbers_used_twice_make_no_endless_search() -> None:
    circle = [process(5, 6, 5), process(6, 5, 5)]
    assert owners(circle, {10}, own_pid=WARDEN, leader_of_orphan=lambda _: 10) == {}
