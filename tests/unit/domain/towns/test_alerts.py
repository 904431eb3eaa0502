"""Alerts as pure rules: what lacks, what is back, and that each begins and ends in turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.towns.alerts import (
    AlertKind,
    Closing,
    Finding,
    HeatSeen,
    OpenAlert,
    Subject,
    changes,
    heat_is_back,
    lacks_heat,
)

SUBJECTS = [
    Subject(kind=AlertKind.NO_HEAT, name="site/1", site_ids=frozenset({1})),
    Subject(kind=AlertKind.METER_SILENT, name="meter/1", site_ids=frozenset({1})),
    Subject(kind=AlertKind.VOLUME_NEAR, name="contract/1/202601", site_ids=frozenset({1, 2})),
    Subject(kind=AlertKind.STATEMENT_READY, name="statement/1", site_ids=frozenset({1})),
]


@pytest.mark.parametrize(
    ("heat_wh", "wanted_wh", "lacks", "closing"),
    [
        (0.0, 1000.0, True, None),
        (99.0, 1000.0, True, None),
        (150.0, 1000.0, False, None),
        (200.0, 1000.0, False, Closing.HEAT_BACK),
        (0.0, 50.0, False, Closing.NOT_WANTED),
        (0.0, 0.0, False, Closing.NOT_WANTED),
    ],
)
def test_between_missing_and_back_nothing_comes_and_nothing_goes(
    heat_wh: float, wanted_wh: float, *, lacks: bool, closing: Closing | None
) -> None:
    seen = HeatSeen(heat_wh=heat_wh, wanted_wh=wanted_wh, most_wh=1000.0)

    assert lacks_heat(seen, 0.1) is lacks
    assert heat_is_back(seen, 0.1) is closing


#: What a round finds of each subject; "gone" = it is not looked at any more.
ROUNDS = st.lists(
    st.lists(
        st.sampled_from([True, False, None, "gone"]),
        min_size=len(SUBJECTS),
        max_size=len(SUBJECTS),
    ),
    max_size=40,
)


@given(ROUNDS)
def test_whatever_is_found_each_alert_begins_and_ends_in_turn(
    rounds: list[list[bool | str | None]],
) -> None:
    standing: list[OpenAlert] = []
    course: dict[str, list[str]] = {item.name: [] for item in SUBJECTS}
    number = 0
    for found in rounds:
        findings = [
            Finding(subject=subject, holds=holds, since_s=0.0)
            for subject, holds in zip(SUBJECTS, found, strict=True)
            if not isinstance(holds, str)
        ]
        changed = changes(standing, findings)
        over = dict(changed.over)
        for alert in standing:
            if alert.alert_id in over:
                course[alert.name].append("over")
        standing = [item for item in standing if item.alert_id not in over]
        for item in changed.begun:
            number += 1
            course[item.subject.name].append("began")
            standing.append(
                OpenAlert(alert_id=number, kind=item.subject.kind, name=item.subject.name)
            )

    for told in course.values():
        assert told == ["began", "over"] * (len(told) // 2) + ["began"] * (len(told) % 2)
    assert len(course["statement/1"]) <= 1
