import pytest

from domain.refusal import Refused
from scheduler.placement.policies.heat_aware import HeatAware
from scheduler.placement.policies.registry import POLICIES, policy_named


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_policy_is_known_by_its_name_and_begins_with_no_memory(name: str) -> None:
    policy = policy_named(name)

    assert not isinstance(policy, Refused)
    assert policy.name == name
    assert policy.fresh() == policy


def test_the_promised_policies_are_there() -> None:
    promised = {
        *("random", "round-robin", "least-loaded", "easy", "easy-on-demand-first"),
        *("coldest", "qarnot", "recipe", "chaufferie"),
    }

    assert set(POLICIES) == promised


@pytest.mark.parametrize(
    "text",
    [
        "chaufferie patience=2",
        "chaufferie patience=0.5 shaping=off deadlines=safe",
        "qarnot low_work_k=-2",
    ],
)
def test_settings_are_part_of_the_name_so_that_a_log_replays(text: str) -> None:
    policy = policy_named(text)

    assert not isinstance(policy, Refused)
    assert policy.name == text
    assert policy_named(policy.name) == policy


def _worth_wh(text: str) -> float:
    policy = policy_named(text)
    assert isinstance(policy, HeatAware)
    return policy.rule.hour_worth_wh


def test_more_patience_gives_up_less_heat_to_spare_an_hour_of_waiting() -> None:
    worth = [_worth_wh(f"chaufferie patience={value}") for value in ("0", "0.5", "1", "4")]

    assert worth == sorted(worth, reverse=True)
    assert len(set(worth)) == 4
    assert _worth_wh("chaufferie") == worth[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("warmest", "'warmest'; there are: chaufferie, coldest"),
        ("", "no policy ''"),
        ("coldest patience=1", "no setting 'patience'; it has none"),
        ("chaufferie courage=1", "no setting 'courage'; it has: patience"),
        ("chaufferie patience=much", "'much' is not that"),
        ("chaufferie patience=-1", "'-1' is not that"),
        ("chaufferie patience=nan", "'nan' is not that"),
        ("chaufferie patience=1 patience=2", "each once"),
        ("chaufferie patience", "name=value"),
        ("chaufferie patience=", "name=value"),
        ("chaufferie shaping=perhaps", "on or off"),
        ("chaufferie deadlines=none", "usual or safe"),
        ("qarnot low_work_k=warm", "a number of kelvin"),
        ("qarnot patience=1", "no setting 'patience'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text: str, words: str) -> None:
    refused = policy_named(text)

    assert isinstance(refused, Refused)
    assert words in refused.sentence
