"""Room taken by files, counted a few at a time."""

import os
from pathlib import Path

from node_agent.warden.disk import DiskWatch


def test_a_round_adds_up_and_the_next_begins_after_its_pause(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"x" * 100_000)
    (tmp_path / "b").write_bytes(b"x" * 50_000)
    watch = DiskWatch([str(tmp_path), str(tmp_path / "never-made")])

    first_bytes = watch.step(1, now_s=0.0, every_s=10.0)
    full_bytes = watch.step(9, now_s=0.0, every_s=10.0)
    assert full_bytes >= 150_000
    assert first_bytes < full_bytes

    (tmp_path / "b").unlink()
    assert watch.step(100, now_s=5.0, every_s=10.0) == full_bytes
    assert watch.step(100, now_s=11.0, every_s=10.0) < full_bytes


def test_a_file_of_two_names_counts_once_and_links_lead_nowhere(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"x" * 10_000_000)
    (work / "a").write_bytes(b"x" * 1_000_000)
    os.link(work / "a", work / "b")
    (work / "link").symlink_to(tmp_path)
    assert 900_000 < DiskWatch([str(work)]).step(100, now_s=0.0, every_s=1.0) < 1_200_000


def test_a_sparse_file_takes_the_room_it_takes(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**30)
    assert DiskWatch([str(tmp_path)]).step(100, now_s=0.0, every_s=1.0) < 2**20
