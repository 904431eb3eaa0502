from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.quota import Measure, Period
from domain.billing.quota_words import Setting, parse_setting, write_key
from domain.refusal import Refused


@pytest.mark.parametrize(
    ("key", "amount", "measure", "period", "limit"),
    [
        ("cores", "64", Measure.CORES, Period.NOW, 64),
        ("running-jobs", "0", Measure.RUNNING_JOBS, Period.NOW, 0),
        ("Queued_Jobs", " 10 ", Measure.QUEUED_JOBS, Period.NOW, 10),
        ("stored-bytes", "2TiB", Measure.STORED_BYTES, Period.NOW, 2 << 40),
        ("stored-bytes", "1.5 G", Measure.STORED_BYTES, Period.NOW, 3 << 29),
        ("stored-bytes", "512", Measure.STORED_BYTES, Period.NOW, 512),
        ("core-hours/month", "0.125", Measure.CORE_HOURS, Period.MONTH, Decimal("0.125")),
        ("cost/total", "99.90", Measure.COST, Period.TOTAL, Decimal("99.90")),
        ("kwh/month", "none", Measure.KWH, Period.MONTH, None),
        ("cores", None, Measure.CORES, Period.NOW, None),
    ],
)
def test_what_can_be_limited(
    key: str, amount: str | None, measure: Measure, period: Period, limit: Decimal | None
) -> None:
    assert parse_setting(key, amount, "") == Setting(measure=measure, period=period, limit=limit)


@pytest.mark.parametrize(
    ("key", "amount", "project", "code"),
    [
        ("nodes", "1", "", "quota.unknown"),
        ("", "1", "", "quota.unknown"),
        ("core-hours", "1", "", "quota.period"),
        ("core-hours/year", "1", "", "quota.period"),
        ("cores/month", "1", "", "quota.period"),
        ("cores", "-1", "", "quota.amount"),
        ("cores", "1.5", "", "quota.amount"),
        ("cores", "1e9", "", "quota.amount"),
        ("cores", "NaN", "", "quota.amount"),
        ("cores", "", "", "quota.amount"),
        ("cores", "9" * 16, "", "quota.amount"),
        ("cores", "٣", "", "quota.amount"),
        ("stored-bytes", "2 parsecs", "", "quota.amount"),
        ("stored-bytes", "999999999999999T", "", "quota.amount"),
        ("stored-bytes", "1G", "mesh", "quota.not_of_projects"),
    ],
)
def test_what_cannot(key: str, amount: str, project: str, code: str) -> None:
    found = parse_setting(key, amount, project)

    assert isinstance(found, Refused)
    assert found.code == code


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_words_are_read_or_refused(key: str, amount: str) -> None:
    found = parse_setting(key, amount, "")

    if isinstance(found, Setting):
        again = parse_setting(write_key(found.measure, found.period), amount, "")
        assert again == found
