"""The demonstration, whole: real jobs, a report a person can read, and nothing left behind."""

import signal
import subprocess
from pathlib import Path

from tests.support.embedded import COMMAND, programs_of, until

_PATIENCE_S = 150.0


def _start(data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [COMMAND, "demo", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_the_demonstration_reports_where_why_and_how_much_heat(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    process = _start(data)
    report, _ = process.communicate(timeout=_PATIENCE_S)

    assert process.returncode == 0, report
    for words in ("why there", "uses the most of its heat", "% full", "simulated"):
        assert words in report, report
    for words in ("water before", "heat register", "into the water", "ERF", "make up"):
        assert words in report, report
    pictures = list((data / "demo-pictures").rglob("*.png"))
    assert pictures
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert programs_of(data) == {}


def test_ctrl_c_ends_the_demonstration_and_leaves_no_process(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    process = _start(data)
    until(lambda: any("node_agent" in line for line in programs_of(data).values()), 60.0)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30.0)

    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert programs_of(data) == {}
