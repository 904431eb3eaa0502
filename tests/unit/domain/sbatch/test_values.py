"""The forms in which real scripts write their values, with what each means."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from domain.jobs.job_spec import EndWarning
from domain.sbatch.dependencies import DependencyKind, parse_dependency
from domain.sbatch.durations import describe_duration, parse_time_limit_s
from domain.sbatch.exports import parse_export
from domain.sbatch.gres import Gres, parse_gpus, parse_gres
from domain.sbatch.instants import at_a_change, parse_instant_s
from domain.sbatch.signals import parse_signal
from domain.sbatch.sizes import NodeRange, parse_count, parse_memory_mib, parse_nodes

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("01:30:00", HOUR + 30 * MINUTE),
        ("1-02:03:00", DAY + 2 * HOUR + 3 * MINUTE),
        ("2-12:30", 2 * DAY + 12 * HOUR + 30 * MINUTE),
        ("5", 5 * MINUTE),
        ("30:00", 30 * MINUTE),
        ("1-12", DAY + 12 * HOUR),
        ("3-", 3 * DAY),
        ("90:00:00", 90 * HOUR),
        ("0-72:00", 72 * HOUR),
        ("0:30", MINUTE),
        ("0:0:61", 2 * MINUTE),
        ("00:01", MINUTE),
        ("0", 0),
        ("UNLIMITED", 0),
        ("infinite", 0),
        ("-1", 0),
    ],
)
def test_time_limit(text: str, seconds: int) -> None:
    assert parse_time_limit_s(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "05:00:00:00", "60:00:00:00", "144:00:000:1", "1h", "2-3-4", "1:2-3", ":30", "5:", "-5",
     "1.5", " 5", "\u0665", "9" * 5000],
)  # fmt: skip
def test_what_is_no_time_limit(text: str) -> None:
    assert parse_time_limit_s(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(60, "00:01:00"), (DAY, "1-00:00:00"), (90 * HOUR, "3-18:00:00")]
)
def test_described_duration_reads_back(seconds: int, text: str) -> None:
    assert describe_duration(seconds) == text
    assert parse_time_limit_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("4G", 4096), ("4GB", 4096), ("4gb", 4096), ("4Gb", 4096), ("4g", 4096), ("512", 512),
        ("0", 0), ("100M", 100), ("100MB", 100), ("1T", 1_048_576), ("1024K", 1), ("1025k", 2),
        ("1K", 1),
    ],
)  # fmt: skip
def test_memory(text: str, mib: int) -> None:
    assert parse_memory_mib(text) == mib


@pytest.mark.parametrize(
    "text", ["", "1.5G", "4GiB", "-1", "G", "4 G", "4B", "4X", "4GBB", "\u0664G"]
)
def test_what_is_no_memory(text: str) -> None:
    assert parse_memory_mib(text) is None


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("1", 1, 1), ("1-4", 1, 4), ("1-1", 1, 1), ("4,6", 4, 6), ("2k", 2048, 2048), ("8,2-4", 2, 8)],
)
def test_nodes(text: str, least: int, most: int) -> None:
    assert parse_nodes(text) == NodeRange(least=least, most=most)


@pytest.mark.parametrize("text", ["", "0", "4-2", "a", "1-", "-2", "1,,2", "1.5", "N"])
def test_what_is_no_node_count(text: str) -> None:
    assert parse_nodes(text) is None


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("+4", 4), ("007", 7)])
def test_count(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "1.0", "2x", "9999999999", "\u0663"])
def test_what_is_no_count(text: str) -> None:
    assert parse_count(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpu", [Gres(name="gpu")]),
        ("gpu:2", [Gres(name="gpu", count=2)]),
        ("gpu:a100", [Gres(name="gpu", kind="a100")]),
        ("gpu:a100_1g.5gb:1", [Gres(name="gpu", kind="a100_1g.5gb")]),
        ("gpu:GeForce GTX 1080 Ti:1", [Gres(name="gpu", kind="GeForce GTX 1080 Ti")]),
        (
            "gpu:a100:4,nvme:950",
            [Gres(name="gpu", count=4, kind="a100"), Gres(name="nvme", count=950)],
        ),
        ("tmpspace:128G", [Gres(name="tmpspace", count=128 * 2**30)]),
        ("none", []),
    ],
)
def test_gres(text: str, expected: list[Gres]) -> None:
    assert parse_gres(text) == tuple(expected)


@pytest.mark.parametrize("text", ["", ":2", "gpu:", "gpu::2", "gpu:a:b:2", "gpu,,nvme", "gpu:a:b"])
def test_what_is_no_gres(text: str) -> None:
    assert parse_gres(text) is None


def test_gpus_with_and_without_a_kind() -> None:
    assert parse_gpus("2") == (Gres(name="gpu", count=2),)
    assert parse_gpus("v100:2") == (Gres(name="gpu", count=2, kind="v100"),)
    assert parse_gpus("") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USR1@60", EndWarning(signal_number=10)),
        ("B:USR1@300", EndWarning(signal_number=10, lead_s=300, to_shell_only=True)),
        ("SIGTERM", EndWarning(signal_number=15)),
        ("12@30", EndWarning(signal_number=12, lead_s=30)),
        ("b:int@5", EndWarning(signal_number=2, lead_s=5, to_shell_only=True)),
        ("R:HUP", EndWarning(signal_number=1)),
    ],
)
def test_signal(text: str, expected: EndWarning) -> None:
    assert parse_signal(text) == expected


@pytest.mark.parametrize(
    "text", ["", "NOPE", "USR1@", "USR1@-1", "USR1@99999", "0", "65", "X:USR1"]
)
def test_what_is_no_signal(text: str) -> None:
    assert parse_signal(text) is None


def test_dependency_lists() -> None:
    found = parse_dependency("afterok:12:13,singleton")
    assert found is not None
    assert [(one.kind, one.job) for one in found.conditions] == [
        (DependencyKind.AFTER_OK, "12"),
        (DependencyKind.AFTER_OK, "13"),
        (DependencyKind.SINGLETON, None),
    ]
    either = parse_dependency("afterany:7?afternotok:8_3")
    assert either is not None
    assert (either.any_suffices, either.conditions[1].job) == (True, "8_3")
    late = parse_dependency("after:5+10")
    assert late is not None
    assert late.conditions[0].delay_min == 10
    bare = parse_dependency("42")
    assert bare is not None
    assert bare.conditions[0].kind is DependencyKind.AFTER_ANY


@pytest.mark.parametrize(
    "text", ["", "afterok", "afterok:", "afterok:x", "nope:1", "afterok:1,afterok:2?after:3", ","]
)
def test_what_is_no_dependency(text: str) -> None:
    assert parse_dependency(text) is None


ENVIRONMENT = {"A": "1", "SECRET": "s"}


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("NONE", {}),
        ("NIL", {}),
        ("ALL", {}),
        ("A", {"A": "1"}),
        ("A,B=x", {"A": "1", "B": "x"}),
        ("ALL,B=x=y", {"B": "x=y"}),
        ("B='a,b',C=", {"B": "a,b", "C": ""}),
        ('B="a b",A', {"B": "a b", "A": "1"}),
        ("MISSING,A", {"A": "1"}),
    ],
)
def test_export_carries_only_what_is_named(text: str, variables: dict[str, str]) -> None:
    found = parse_export(text, ENVIRONMENT)
    assert found is not None
    assert found.variables == variables


def test_export_reports_what_is_not_set() -> None:
    found = parse_export("ALL,MISSING", ENVIRONMENT)
    assert found is not None
    assert (found.absent, found.asks_all) == (("MISSING",), True)


@pytest.mark.parametrize("text", ["1A=2", "=x", "A B=1", "A-B"])
def test_what_is_no_export(text: str) -> None:
    assert parse_export(text, ENVIRONMENT) is None


NOW = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("now+1hour", NOW + timedelta(hours=1)),
        ("now + 2 hours", NOW + timedelta(hours=2)),
        ("now+90", NOW + timedelta(seconds=90)),
        ("now+3days", NOW + timedelta(days=3)),
        ("now-1minute", NOW - timedelta(minutes=1)),
        ("+2h", NOW + timedelta(hours=2)),
        ("+30m", NOW + timedelta(minutes=30)),
        ("+1w", NOW + timedelta(weeks=1)),
        ("16:00", datetime(2026, 3, 10, 16, 0, tzinfo=UTC)),
        ("4:00 pm", datetime(2026, 3, 10, 16, 0, tzinfo=UTC)),
        ("12:15am", datetime(2026, 3, 11, 0, 15, tzinfo=UTC)),
        ("14:30", datetime(2026, 3, 11, 14, 30, tzinfo=UTC)),
        ("08:00", datetime(2026, 3, 11, 8, 0, tzinfo=UTC)),
        ("midnight", datetime(2026, 3, 11, tzinfo=UTC)),
        ("teatime", datetime(2026, 3, 10, 16, 0, tzinfo=UTC)),
        ("noon tomorrow", datetime(2026, 3, 11, 12, 0, tzinfo=UTC)),
        ("tomorrow 9:00", datetime(2026, 3, 11, 9, 0, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 3, 11, tzinfo=UTC)),
        ("2026-04-01", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01T08:15", datetime(2026, 4, 1, 8, 15, tzinfo=UTC)),
        ("2026-04-01 08:15:30", datetime(2026, 4, 1, 8, 15, 30, tzinfo=UTC)),
        ("2026-04-01T08:15:00+02:00", datetime(2026, 4, 1, 6, 15, tzinfo=UTC)),
        ("2026-04-01T08:15Z", datetime(2026, 4, 1, 8, 15, tzinfo=UTC)),
        ("4/1", datetime(2026, 4, 1, tzinfo=UTC)),
        ("01/31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("04/01/27-8:00", datetime(2027, 4, 1, 8, 0, tzinfo=UTC)),
        ("0401", datetime(2026, 4, 1, tzinfo=UTC)),
        ("uts1800000000", datetime.fromtimestamp(1_800_000_000, UTC)),
    ],
)
def test_instant(text: str, expected: datetime) -> None:
    assert parse_instant_s(text, now_s=NOW.timestamp(), zone=UTC) == expected.timestamp()


PARIS = ZoneInfo("Europe/Paris")
BEFORE_SUMMER, BEFORE_WINTER = (
    datetime(2027, 3, 27, 12, tzinfo=PARIS),
    datetime(2027, 10, 30, 12, tzinfo=PARIS),
)


@pytest.mark.parametrize(
    ("text", "now", "expected", "said"),
    [
        ("2027-07-01T08:00", NOW, "2027-07-01T06:00", None),
        ("2027-12-01T08:00", NOW, "2027-12-01T07:00", None),
        ("tomorrow", BEFORE_SUMMER, "2027-03-27T23:00", None),
        ("tomorrow 8:00", BEFORE_SUMMER, "2027-03-28T06:00", None),
        ("now+1day", BEFORE_SUMMER, "2027-03-28T11:00", None),
        # The clock goes from 02:00 to 03:00, and in autumn from 03:00 to 02:00.
        ("2027-03-28T02:30", NOW, "2027-03-28T01:30", "leaves that out; 2027-03-28T03:30+02:00 is"),
        ("2:30", BEFORE_SUMMER, "2027-03-28T01:30", "leaves that out; 2027-03-28T03:30+02:00 is"),
        ("2027-10-31T02:30", NOW, "2027-10-31T00:30", "twice; 2027-10-31T02:30+02:00 is meant"),
        ("2:30", BEFORE_WINTER, "2027-10-31T00:30", "twice; 2027-10-31T02:30+02:00 is meant"),
        ("2027-10-31T02:30+01:00", NOW, "2027-10-31T01:30", None),
        # Asked while it is that late for the first time, and for the second.
        ("2:30", datetime(2027, 10, 31, 2, 40, tzinfo=PARIS), "2027-10-31T01:30", "02:30+01:00 is"),
        ("2:30", datetime(2027, 10, 31, 2, 20, tzinfo=PARIS, fold=1), "2027-10-31T01:30", "+01:00"),
        ("2:30", datetime(2027, 10, 31, 2, 40, tzinfo=PARIS, fold=1), "2027-11-01T01:30", None),
    ],
)
def test_a_time_is_of_the_clock_that_holds_by_then(
    text: str, now: datetime, expected: str, said: str | None
) -> None:
    found = parse_instant_s(text, now_s=now.timestamp(), zone=PARIS)
    assert found == datetime.fromisoformat(f"{expected}+00:00").timestamp()
    told = at_a_change(text, now_s=now.timestamp(), zone=PARIS)
    assert told is None if said is None else said in (told or "")


def test_clock_time_is_meant_in_the_given_zone() -> None:
    paris = timezone(timedelta(hours=1))
    found = parse_instant_s("16:00", now_s=NOW.timestamp(), zone=paris)
    assert found == datetime(2026, 3, 10, 15, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "13:00pm", "2026-13-01", "2026-02-30", "now+", "now+2moons",
             "10", "2026", "13/45", "0:60", "T", "+", "9999-12-31T23:59:59+9"],
)  # fmt: skip
def test_what_is_no_instant(text: str) -> None:
    assert parse_instant_s(text, now_s=NOW.timestamp(), zone=UTC) is None
