"""Who is told of what, by which relay, and how long it is tried."""

from collections.abc import Collection

import pytest

from domain.jobs.job import JobState
from domain.notices.notice import (
    ALL_TYPES,
    NoticeType,
    Occasion,
    is_address,
    is_wanted,
    parse_notice_types,
    retry_after_s,
)
from domain.notices.rules import NoticeRules, NoticeWords, Security, read_notice_rules
from domain.refusal import Refused


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("END,FAIL", {NoticeType.END, NoticeType.FAIL}),
        (" end , Fail,", {NoticeType.END, NoticeType.FAIL}),
        ("ALL", ALL_TYPES),
        ("BEGIN,NONE", set()),
        ("NONE", set()),
        ("STAGE_OUT", set()),
        ("TIME_LIMIT_80,ARRAY_TASKS", {NoticeType.TIME_LIMIT_80, NoticeType.ARRAY_TASKS}),
    ],
)
def test_types_are_read_as_slurm_writes_them(text: str, types: Collection[NoticeType]) -> None:
    assert parse_notice_types(text) == frozenset(types)


@pytest.mark.parametrize("text", ["", ",", "ENDED", "END;FAIL", "TIME_LIMIT_70"])
def test_what_is_no_type_is_not_guessed(text: str) -> None:
    assert parse_notice_types(text) is None


@pytest.mark.parametrize(
    ("types", "occasion", "state", "reason", "wanted"),
    [
        ("end", Occasion.ENDED, JobState.SUCCEEDED, "completed", True),
        ("end", Occasion.ENDED, JobState.FAILED, "program_failed", True),
        ("fail", Occasion.ENDED, JobState.FAILED, "program_failed", True),
        ("fail", Occasion.ENDED, JobState.SUCCEEDED, "completed", False),
        ("fail", Occasion.ENDED, JobState.CANCELLED, "cancelled", False),
        ("time_limit", Occasion.ENDED, JobState.FAILED, "time_limit", True),
        ("time_limit", Occasion.ENDED, JobState.FAILED, "program_failed", False),
        ("invalid_depend", Occasion.ENDED, JobState.CANCELLED, "dependency_never_met", True),
        ("invalid_depend", Occasion.ENDED, JobState.CANCELLED, "cancelled", False),
        ("begin", Occasion.BEGAN, JobState.RUNNING, None, True),
        ("begin", Occasion.ENDED, JobState.SUCCEEDED, "completed", False),
        ("requeue", Occasion.REQUEUED, JobState.QUEUED, "lease_ended", True),
        ("requeue", Occasion.HELD, JobState.HELD, "lease_ended", True),
        ("end", Occasion.REQUEUED, JobState.QUEUED, "lease_ended", False),
        ("time_limit_80", Occasion.MOST_TIME, JobState.RUNNING, None, True),
        ("time_limit_80", Occasion.HALF_TIME, JobState.RUNNING, None, False),
    ],
)
def test_each_is_told_what_it_asked_for(
    types: str, occasion: Occasion, state: JobState, reason: str | None, *, wanted: bool
) -> None:
    asked = parse_notice_types(types)
    assert asked is not None

    assert is_wanted(asked, occasion, state, reason) is wanted


def test_tries_become_rarer() -> None:
    waits = [retry_after_s(tries) for tries in (1, 2, 3, 12, 10_000)]

    assert waits == [10.0, 20.0, 40.0, 3600.0, 3600.0]


@pytest.mark.parametrize("text", ["a@b", "jane.doe+hpc@lab.example", "x_1%y@a-b.fr"])
def test_plain_addresses_are_taken(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "@lab.example",
        "jane@",
        "jane@lab@example",
        "Jane <jane@lab.example>",
        "jane@lab.example\nBcc: all@lab.example",
        "jane@lab.example,joe@lab.example",
        "jane doe@lab.example",
        '"jane"@lab.example',
        "jane@[127.0.0.1]",
        "jane@-lab.example",
        "jane@lab..example",
        ".jane@lab.example",
        "$USER@lab.example",
        "j\u0430ne@lab.example",
        "a" * 250 + "@lab.example",
    ],
)
def test_nothing_else_is_an_address(text: str) -> None:
    assert not is_address(text)


def _rules(**words: str) -> NoticeRules | Refused:
    return read_notice_rules(NoticeWords(**words))


def test_nothing_leaves_the_house_where_nothing_is_said() -> None:
    rules = _rules()

    assert isinstance(rules, NoticeRules)
    assert rules.relay is None
    assert rules.origins.public == rules.origins.private == frozenset()
    assert not rules.may_write_to("jane@lab.example")


def test_mail_goes_to_the_senders_own_domain_unless_others_are_named() -> None:
    usual = _rules(mail_relay="smtp://relay", mail_from="hpc@lab.example")
    named = _rules(
        mail_relay="smtps://robot@relay.example:4650",
        mail_from="hpc@lab.example",
        mail_domains="Uni.example, cnrs.fr",
    )

    assert isinstance(usual, NoticeRules)
    assert isinstance(named, NoticeRules)
    assert usual.may_write_to("jane@LAB.example")
    assert not usual.may_write_to("jane@sub.lab.example")
    assert named.may_write_to("jane@uni.example")
    assert not named.may_write_to("jane@lab.example")
    assert named.relay is not None
    assert (named.relay.security, named.relay.port, named.relay.user) == (
        Security.TLS,
        4650,
        "robot",
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"mail_relay": "relay.example"}, "settings.mail_relay"),
        ({"mail_relay": "http://relay.example"}, "settings.mail_relay"),
        ({"mail_relay": "smtp://robot@relay", "mail_from": "a@b"}, "settings.mail_relay"),
        ({"mail_relay": "smtp://relay"}, "settings.mail_from"),
        ({"mail_relay": "smtp://relay", "mail_from": "nobody"}, "settings.mail_from"),
        (
            {"mail_relay": "smtp://relay", "mail_from": "a@b", "mail_domains": "*"},
            "settings.mail_domains",
        ),
        ({"webhook_hosts": "*"}, "settings.webhook_hosts"),
        ({"webhook_private_hosts": "a/b"}, "settings.webhook_hosts"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(words: dict[str, str], code: str) -> None:
    refused = _rules(**words)

    assert isinstance(refused, Refused)
    assert refused.code == code
