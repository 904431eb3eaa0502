"""The agent remembers what it claimed and what it must still hand over."""

from pathlib import Path

import pytest

from node_agent.jobs.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sqlite"


def test_boot_id_stays_over_a_restart_of_the_agent(path: Path) -> None:
    first = Journal(path)
    boot_id = first.boot_id("kernel-1")
    first.close()
    second = Journal(path)
    assert second.boot_id("kernel-1") == boot_id
    assert second.boot_id("kernel-2") != boot_id
    second.close()


def test_claims_and_ends_are_known_again(path: Path) -> None:
    first = Journal(path)
    first.commit(claimed=[((7, 1), {"job_id": 7}), ((8, 2), {"job_id": 8})])
    first.commit(ended=[((7, 1), {"reason": "completed"})])
    first.close()
    second = Journal(path)
    found = {entry.key: entry.completion for entry in second.entries()}
    assert found == {(7, 1): {"reason": "completed"}, (8, 2): None}
    second.commit(handed_over=[(7, 1)])
    assert [entry.key for entry in second.entries()] == [(8, 2)]
    second.close()


def test_new_boot_forgets_what_ran_and_keeps_what_ended(path: Path) -> None:
    journal = Journal(path)
    journal.boot_id("kernel-1")
    journal.commit(claimed=[((7, 1), {}), ((8, 1), {})])
    journal.commit(ended=[((7, 1), {"reason": "completed"})])
    journal.boot_id("kernel-1")
    assert len(journal.entries()) == 2
    journal.boot_id("kernel-2")
    assert [entry.key for entry in journal.entries()] == [(7, 1)]
    journal.close()


def test_claim_that_comes_twice_is_kept_once(path: Path) -> None:
    journal = Journal(path)
    journal.commit(claimed=[((7, 1), {"first": True})])
    journal.commit(claimed=[((7, 1), {"first": False})])
    assert [entry.claim for entry in journal.entries()] == [{"first": True}]
    journal.close()
