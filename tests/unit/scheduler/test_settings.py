import pytest

from domain.refusal import Refused
from scheduler.bootstrap import SchedulerSettings, read_settings


@pytest.fixture
def _data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAUFFERIE_DATA_DIR", "/var/lib/chaufferie")
    monkeypatch.delenv("CHAUFFERIE_POLICY", raising=False)
    monkeypatch.delenv("CHAUFFERIE_HEAT_PATIENCE", raising=False)


@pytest.mark.usefixtures("_data_dir")
def test_where_nothing_is_said_our_own_policy_decides_as_it_thinks_right() -> None:
    settings = read_settings()

    assert isinstance(settings, SchedulerSettings)
    assert settings.policy_text == "chaufferie"


@pytest.mark.usefixtures("_data_dir")
@pytest.mark.parametrize(("said", "text"), [("2", "2.0"), ("0", "0.0"), ("0.25", "0.25")])
def test_the_patience_is_part_of_the_policy_as_it_is_logged(
    monkeypatch: pytest.MonkeyPatch, said: str, text: str
) -> None:
    monkeypatch.setenv("CHAUFFERIE_HEAT_PATIENCE", said)

    settings = read_settings()

    assert isinstance(settings, SchedulerSettings)
    assert settings.policy_text == f"chaufferie patience={text}"


@pytest.mark.usefixtures("_data_dir")
@pytest.mark.parametrize("said", ["-1", "inf", "nan", "much"])
def test_a_patience_that_cannot_be_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("CHAUFFERIE_HEAT_PATIENCE", said)

    refused = read_settings()

    assert isinstance(refused, Refused)
    assert "CHAUFFERIE_HEAT_PATIENCE: input should be" in refused.sentence


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAUFFERIE_DATA_DIR", raising=False)

    refused = read_settings()

    assert isinstance(refused, Refused)
    assert "CHAUFFERIE_DATA_DIR" in refused.sentence
