"""What a job left, and what only lies there."""

import contextlib
import hashlib
import os
import shutil
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from domain.files.globs import Selection
from node_agent.executors.process import Place, remove_place
from node_agent.jobs import results
from node_agent.jobs.results import collect, open_unchanged


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
    assert list(found.files) == ["in.txt", "sub/new.txt"]
    assert found.files["sub/new.txt"].sha256 == hashlib.sha256(b"made").hexdigest()
    assert not found.left_behind


def test_links_and_pipes_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    found = collect(tmp_path, {})
    assert found.files == {}
    assert found.remarks() == "2 files stayed behind: they are links, pipes, sockets or devices."


def test_too_many_files_are_cut_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_FILES", 3)
    for number in range(5):
        (tmp_path / str(number)).write_text("x")
    found = collect(tmp_path, {})
    assert len(found.files) == 3
    assert found.remarks() == "2 files stayed behind: only 3 can come back."


def test_patterns_choose_what_comes_back(tmp_path: Path) -> None:
    for name in ("out/a.dat", "out/b.tmp", "out/deep/c.dat", "log.txt", "core"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    selection = Selection(wanted=("out", "*.txt"), excluded=("**/*.tmp",))

    found = collect(tmp_path, {}, selection)

    assert sorted(found.files) == ["log.txt", "out/a.dat", "out/deep/c.dat"]
    assert not found.left_behind


def test_names_that_cannot_be_kept_stay_behind_and_are_said(tmp_path: Path) -> None:
    for name in (b"two\nlines", b"na\xefve", b"bell\x07", b"good"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    (tmp_path / "dir\n").mkdir()

    found = collect(tmp_path, {})

    assert list(found.files) == ["good"]
    assert "3 files stayed behind: their names are too long or hold odd" in found.remarks()
    assert "1 file stayed behind: their directory cannot be named" in found.remarks()


def test_sockets_devices_and_links_of_every_kind_stay_behind(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    work = tmp_path / "work"
    outside.mkdir()
    work.mkdir()
    (outside / "secret").write_text("secret")
    (work / "link").symlink_to(outside / "secret")
    (work / "folder").symlink_to(outside)
    (work / "loop").symlink_to(work)
    (work / "dangling").symlink_to("/nowhere")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(work / "socket"))
    with contextlib.suppress(PermissionError):
        os.mknod(work / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))

    assert collect(work, {}).files == {}


def test_a_file_that_is_nearly_all_holes_stays_behind(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "small").write_text("x")

    found = collect(tmp_path, {})

    assert list(found.files) == ["small"]
    assert found.remarks() == "1 file stayed behind: they are nearly all holes."


def test_a_directory_without_bottom_is_left_alone(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("deep", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    (tmp_path / "top").write_text("x")

    found = collect(tmp_path, {})
    remove_place(Place(work=tmp_path))

    assert list(found.files) == ["top"]
    assert "their directory cannot be named" in found.remarks()
    assert not tmp_path.exists()


def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    first = collect(tmp_path, {})
    stamp = first.stamps["a"]
    first.files["a"] = replace(first.files["a"], sha256="remembered")

    second = collect(tmp_path, {}, before=first)
    (tmp_path / "a").write_text("other")
    third = collect(tmp_path, {}, before=second)

    assert second.files["a"].sha256 == "remembered"
    assert third.files["a"].sha256 == hashlib.sha256(b"other").hexdigest()
    assert third.stamps["a"] != stamp


def test_only_the_very_file_that_was_found_is_opened(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    for folder in (work / "sub", outside):
        folder.mkdir(parents=True)
        (folder / "a").write_text("same length")
    stamp = collect(work, {}).stamps["sub/a"]

    opened = open_unchanged(work, "sub/a", stamp)
    assert opened is not None
    opened.close()

    (work / "sub").rename(work / "moved")
    (work / "sub").symlink_to(outside)
    assert open_unchanged(work, "sub/a", stamp) is None
    (work / "sub").unlink()
    (work / "sub").mkdir()
    (work / "sub" / "a").symlink_to(work / "moved" / "a")
    assert open_unchanged(work, "sub/a", stamp) is None
    (work / "sub" / "a").unlink()
    os.mkfifo(work / "sub" / "a")
    assert open_unchanged(work, "sub/a", stamp) is None


def test_a_directory_that_becomes_a_link_while_it_is_read_leads_nowhere(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    outside.mkdir()
    for number in range(20):
        (outside / f"{number}").write_text("secret")
    (work / "real").mkdir(parents=True)
    for number in range(20):
        (work / "real" / f"{number}").write_text("mine")
    secret = hashlib.sha256(b"secret").hexdigest()
    is_over = threading.Event()

    def swap() -> None:
        (work / "link").symlink_to(outside)
        while not is_over.is_set():
            (work / "real").rename(work / "away")
            (work / "link").rename(work / "real")
            (work / "real").rename(work / "link")
            (work / "away").rename(work / "real")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        rounds = [collect(work, {}) for _ in range(200)]
    finally:
        is_over.set()
        swapper.join()

    found = [item for one in rounds for item in one.files.values()]
    assert found
    assert [item for item in found if item.sha256 == secret] == []


def test_a_folder_is_looked_through_by_itself(tmp_path: Path) -> None:
    for name in ("checkpoint/deep/state", "elsewhere/other", "odd\n/thing"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    found = collect(tmp_path, {}, start=("checkpoint",))

    assert list(found.files) == ["checkpoint/deep/state"]
    assert not found.left_behind
    shutil.move(tmp_path / "checkpoint", tmp_path / "moved")
    (tmp_path / "checkpoint").symlink_to(tmp_path / "moved")
    assert collect(tmp_path, {}, start=("checkpoint",)).files == {}
