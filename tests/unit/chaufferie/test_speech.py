import pytest

from chaufferie.cli.speaking import quantities, speech


def test_a_table_without_a_terminal_is_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    speech.say_table(("ID", "NAME"), [(7, "mesh"), (12, None)])

    assert capsys.readouterr().out == "ID  NAME\n 7  mesh\n12  -\n"


def test_a_table_without_rows_still_says_what_it_would_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    speech.say_table(("ID", "NAME"), [])

    assert capsys.readouterr().out == "ID  NAME\n"


def test_a_name_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    speech.say("a\x1b[2Jb\rc")

    assert capsys.readouterr().out == "a?[2Jb?c\n"


def test_each_remark_is_spoken_once(capsys: pytest.CaptureFixture[str]) -> None:
    speech.remarks(["a", "b", "a"])

    assert capsys.readouterr().err == "note: a\nnote: b\n"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, None), (0.04, "0.0 s"), (59.9, "59.9 s"), (60, "00:01:00"), (90_000, "1-01:00:00")],
)
def test_durations_read_as_in_time_limits(seconds: float | None, shown: str | None) -> None:
    assert quantities.duration(seconds) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (2**40, "1.0 TiB")]
)
def test_sizes_are_in_binary_units(size_bytes: int, shown: str) -> None:
    assert quantities.size(size_bytes) == shown


def test_energy_is_shown_to_the_watt_hour() -> None:
    assert quantities.kwh(1234) == "1.234"
