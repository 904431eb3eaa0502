from pathlib import Path

from chaufferie.up.process import how_it_ended, last_words


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
