"""Logs in the Standard Workload Format, well made and otherwise."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from domain.refusal import Refused
from simulation import number_file
from simulation.workload.swf import read_swf
from simulation.workload.trace import Trace

#: 1993-10-01 was a Friday: 07:00:03 UTC there is 23:00:03 on Thursday at eight hours behind.
HEADING = """; Version: 2.2
; Computer: Somebody's
; UnixStartTime: 749458803
; TimeZone: -28800
; Note: nothing
"""
GOOD = "1 0 -1 1451 128 -1 -1 -1 -1 -1 1 7 1 3 -1 -1 -1 -1"


def row(**changes: str) -> str:
    columns = {
        "job": "1",
        "submit": "60",
        "wait": "-1",
        "run": "600",
        "allocated": "4",
        "cpu": "-1",
        "memory": "-1",
        "requested": "4",
        "limit": "3600",
        "asked_memory": "-1",
        "status": "1",
        "user": "7",
        "group": "1",
        "program": "3",
        "queue": "-1",
        "partition": "-1",
        "before": "-1",
        "think": "-1",
    }
    return " ".join({**columns, **changes}.values())


def written(tmp_path: Path, *rows: str, heading: str = HEADING) -> Path:
    path = tmp_path / "log.swf"
    path.write_text(heading + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def accepted(path: Path) -> Trace:
    trace = read_swf(path)
    assert isinstance(trace, Trace), trace
    return trace


def refusal(path: Path) -> Refused:
    refused = read_swf(path)
    assert isinstance(refused, Refused)
    assert refused.code == "simulation.workload"
    return refused


def test_a_log_gives_its_jobs_in_order_of_submission(tmp_path: Path) -> None:
    trace = accepted(
        written(tmp_path, row(submit="500", user="9"), row(submit="60", limit="-1"), GOOD)
    )

    assert trace.submitted_s.tolist() == [0.0, 60.0, 500.0]
    assert trace.run_s.tolist() == [1451.0, 600.0, 600.0]
    assert trace.processors.tolist() == [128, 4, 4]
    assert trace.user.tolist() == [7, 7, 9]
    assert np.isnan(trace.time_limit_s).tolist() == [True, True, False]
    assert trace.n_incomplete == 0


def test_a_log_knows_its_day_of_the_week(tmp_path: Path) -> None:
    assert accepted(written(tmp_path, GOOD)).first_week_s == 3 * 86_400 + 23 * 3600 + 3
    assert accepted(written(tmp_path, GOOD, heading="")).first_week_s == 0.0
    odd = "; UnixStartTime: yesterday\n"
    assert accepted(written(tmp_path, GOOD, heading=odd)).first_week_s == 0.0


def test_processors_that_were_not_noted_are_those_that_were_asked_for(tmp_path: Path) -> None:
    trace = accepted(written(tmp_path, row(allocated="-1", requested="16")))

    assert trace.processors.tolist() == [16]


def test_jobs_that_never_ran_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = (GOOD, row(run="-1"), row(run="0"), row(allocated="-1", requested="-1"))
    trace = accepted(written(tmp_path, *rows))

    assert len(trace) == 1
    assert trace.n_incomplete == 3


def test_a_packed_log_is_read_alike(tmp_path: Path) -> None:
    plain = written(tmp_path, GOOD, row())
    packed = tmp_path / "log.swf.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert accepted(packed).run_s.tolist() == accepted(plain).run_s.tolist()


def test_a_comment_need_not_be_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "log.swf"
    path.write_bytes(b"; Installation: Universit\xe9\r\n" + GOOD.encode() + b"\r\n")

    assert len(accepted(path)) == 1


FAULTS = {
    "a word": (row(run="long"), "field run_time: expected seconds, or -1 if unknown, from -1"),
    "a NaN": (row(run="nan"), "found 'nan'"),
    "an infinity": (row(submit="inf"), "field submit_time"),
    "a run of centuries": (row(run="1e12"), "field run_time"),
    "a negative count": (row(allocated="-4"), "field allocated_processors: expected a count"),
    "an absurd width": (row(requested="1e15"), "field requested_processors"),
    "an instant before the log": (row(submit="-5"), "from 0 to"),
    "a missing column": ("1 2 3", "expected 18 columns, found '3 columns'"),
    "a column too many": (row() + " 5", "expected 18 columns, found '19 columns'"),
    "another separator": (row().replace(" ", ","), "expected 18 columns"),
    "a limit in words": (row(limit="1:00"), "field requested_time"),
    "a user's name": (row(user="ann"), "field user_id"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_is_refused_with_line_and_field_for(fault: str, tmp_path: Path) -> None:
    bad, words = FAULTS[fault]
    path = written(tmp_path, GOOD, GOOD, bad)
    refused = refusal(path)

    assert refused.line == 8
    assert f"{path}, line 8" in refused.sentence
    assert words in refused.sentence


def test_a_log_cut_within_a_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.swf"
    path.write_text(HEADING + GOOD + "\n" + GOOD[:20], encoding="utf-8")

    assert "line 7: expected 18 columns" in refusal(path).sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (HEADING.encode(), "holds no job"),
        (row(run="-1").encode(), "no job with a run time"),
        (b"\x00\xff\xfe\x01" * 40, "line 1: expected 18 columns"),
    ],
)
def test_what_is_no_log_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "log.swf"
    path.write_bytes(content)

    assert words in refusal(path).sentence


def test_a_packed_log_that_is_cut_or_not_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.swf.gz"
    packed = gzip.compress(np.random.default_rng(1).bytes(5000))
    for content in (packed[:100], packed[:-50], b"plain text"):
        path.write_bytes(content)
        assert "cannot be read" in refusal(path).sentence


def test_a_log_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_file, "MOST_BYTES", 1024 * 1024)
    path = tmp_path / "log.swf.gz"
    path.write_bytes(gzip.compress(b"; \n" * 1_000_000))

    assert path.stat().st_size < 10_000
    assert "holds more than 1 MiB" in refusal(path).sentence


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nowhere.swf").sentence
