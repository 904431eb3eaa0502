from pathlib import Path

import pytest

from chaufferie.up.lock import Holder, UpLock, read_holder, take


def test_who_holds_the_directory_is_read_from_the_lock(tmp_path: Path) -> None:
    held = take(tmp_path / "up.lock")
    assert isinstance(held, UpLock)
    held.tell(pid=4711, url="http://127.0.0.1:8080")

    assert take(tmp_path / "up.lock") == Holder(pid=4711, url="http://127.0.0.1:8080")
    held.close()


def test_a_lock_that_was_given_back_can_be_taken(tmp_path: Path) -> None:
    first = take(tmp_path / "up.lock")
    assert isinstance(first, UpLock)
    first.close()

    second = take(tmp_path / "up.lock")
    assert isinstance(second, UpLock)
    second.close()


def test_a_file_left_by_a_process_that_died_hinders_nobody(tmp_path: Path) -> None:
    path = tmp_path / "up.lock"
    path.write_text('{"pid": 4711, "url": "http://127.0.0.1:8080"}')

    lock = take(path)
    assert isinstance(lock, UpLock)
    lock.close()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"pid": "x"}', b"\xff"])
def test_a_lock_file_that_says_nothing_names_nobody(text: bytes) -> None:
    assert read_holder(text) == Holder()


def test_the_refusal_says_who_runs_and_what_to_do() -> None:
    sentence = Holder(pid=4711, url="http://127.0.0.1:8080").sentence(Path("/d"))

    assert sentence == (
        "Chaufferie already runs on /d: process 4711 holds it and answers at "
        "http://127.0.0.1:8080; stop it with `kill 4711`, or name another directory with --data."
    )


def test_the_refusal_makes_sense_before_the_holder_is_known() -> None:
    assert "another process holds it; stop it, or" in Holder().sentence(Path("/d"))
