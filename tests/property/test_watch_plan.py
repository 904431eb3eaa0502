"""The requests that watch many jobs: every job is in one of them, and a new one soon."""

from hypothesis import given
from hypothesis import strategies as st

from chaufferie.sdk.watch import Group, plan

SHORT_S = Group(ids=(1,)).wait_s
LARGEST = 5000


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[Group], list[Group]]:
    """Some that are held open and some that came back, of any size, no job twice."""
    shapes = draw(
        st.lists(
            st.tuples(
                st.one_of(st.integers(1, 9), st.integers(1, LARGEST)),
                st.sampled_from([SHORT_S, 2 * SHORT_S, 50.0]),
                st.booleans(),
            ),
            max_size=40,
        )
    )
    held: list[Group] = []
    loose: list[Group] = []
    first = 1
    for size, wait_s, is_held in shapes:
        group = Group(ids=tuple(range(first, first + size)), wait_s=wait_s)
        first += size
        (held if is_held else loose).append(group)
    return held, loose


@given(groups())
def test_no_job_is_lost_doubled_or_kept_waiting(scene: tuple[list[Group], list[Group]]) -> None:
    held, loose = scene

    start, later = plan(held, loose)

    asked = [job_id for group in loose for job_id in group.ids]
    assert sorted(job_id for group in (*start, *later) for job_id in group.ids) == sorted(asked)
    assert all(len(group.ids) <= LARGEST for group in (*start, *later))
    if later:
        assert sum(group.wait_s == SHORT_S for group in (*held, *start)) >= 4


@given(groups())
def test_the_requests_are_few(scene: tuple[list[Group], list[Group]]) -> None:
    held, loose = scene
    n_jobs = sum(len(group.ids) for group in (*held, *loose))

    start, _ = plan(held, loose)

    assert len(held) + len(start) <= max(len(held), 8 + 2 * n_jobs // LARGEST) + 4


def test_jobs_that_came_back_are_asked_about_together() -> None:
    quiet = [Group(ids=(number,), wait_s=50.0) for number in range(1, 30)]

    start, later = plan([], quiet)

    assert (len(start), later) == (1, [])
    assert start[0].wait_s == 50.0


def test_a_new_job_does_not_wait_for_those_that_are_held_open() -> None:
    held = [Group(ids=tuple(range(n * 1000, n * 1000 + 10**n)), wait_s=50.0) for n in range(4)]

    start, later = plan(held, [Group(ids=(9_999,))])

    assert ([group.ids for group in start], later) == ([(9_999,)], [])
