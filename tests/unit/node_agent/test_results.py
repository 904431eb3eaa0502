"""What a job left, and what only lies there."""

import hashlib
import os
from pathlib import Path

import pytest

from node_agent import results
from node_agent.results import collect


def test_new_and_changed_files_come_back(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("given")
    (tmp_path / "same.txt").write_text("given")
    given = {
        name: ((tmp_path / name).stat().st_size, (tmp_path / name).stat().st_mtime_ns)
        for name in ("in.txt", "same.txt")
    }
    (tmp_path / "in.txt").write_text("changed by the job")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "new.txt").write_text("made")
    found = collect(tmp_path, given)
    assert [item.path for item in found.files] == ["in.txt", "sub/new.txt"]
    assert found.files[1].sha256 == hashlib.sha256(b"made").hexdigest()
    assert not found.is_cut


def test_links_and_pipes_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    assert collect(tmp_path, {}).files == ()


def test_too_many_files_are_cut_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_FILES", 3)
    for number in range(5):
        (tmp_path / str(number)).write_text("x")
    found = collect(tmp_path, {})
    assert len(found.files) == 3
    assert found.is_cut
