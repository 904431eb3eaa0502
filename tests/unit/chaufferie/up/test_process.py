import os
import signal
from pathlib import Path

import pytest

from chaufferie.up.process import Program, how_it_ended, last_words, start


def test_an_end_is_told_in_words() -> None:
    assert how_it_ended(2) == "exit code 2"
    assert how_it_ended(-9) == "killed by signal 9"


def test_the_last_words_are_the_last_line_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("Traceback\n  File\nOSError: the disk is full.\n\n  \n")

    assert last_words(log) == "OSError: the disk is full."


def test_last_words_of_a_long_log_are_found_at_its_end(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"\xc3" * 100_000 + b"\nthe end\n")

    assert last_words(log) == "the end"


def test_a_silent_program_has_no_last_words(tmp_path: Path) -> None:
    assert last_words(tmp_path / "none.log") == ""


def test_a_term_that_comes_before_the_program_begins_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We died in that moment; a program that missed it would outlive us."""
    monkeypatch.setattr(os, "nice", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    ours = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        program = Program(
            name="sleeper",
            argv=("/bin/sleep", "30"),
            env={},
            log=tmp_path / "a.log",
            niceness=1,
        )
        child = start(program, 0.0)
    finally:
        signal.signal(signal.SIGTERM, ours)

    try:
        assert child.process.wait(10) == -signal.SIGTERM
    finally:
        child.process.kill()
        child.close()
