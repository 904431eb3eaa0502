import json
from pathlib import Path

import pytest

from node_agent.heat.advice import ADVICE_NAME, AdviceFile

BOOT_ID = "this boot"


@pytest.fixture
def agent(tmp_path: Path) -> AdviceFile:
    return AdviceFile(tmp_path, BOOT_ID)


@pytest.fixture
def keeper(tmp_path: Path) -> AdviceFile:
    return AdviceFile(tmp_path, BOOT_ID)


def _cap_frac(keeper: AdviceFile, boot_s: float) -> float | None:
    advice = keeper.read(boot_s)
    return None if advice is None else advice.power_cap_frac


def test_the_keeper_reads_what_the_agent_wrote_until_its_time_is_over(
    agent: AdviceFile, keeper: AdviceFile
) -> None:
    agent.keep(0.6, expires_boot_s=160.0)

    assert _cap_frac(keeper, 100.0) == 0.6
    assert _cap_frac(keeper, 159.9) == 0.6
    assert _cap_frac(keeper, 160.0) is None


def test_without_advice_there_is_none(keeper: AdviceFile) -> None:
    assert keeper.read(100.0) is None


def test_newer_advice_takes_the_place_of_older(agent: AdviceFile, keeper: AdviceFile) -> None:
    agent.keep(0.6, 160.0)
    agent.keep(0.4, 160.0)
    assert _cap_frac(keeper, 100.0) == 0.4

    agent.keep(0.4, 200.0)
    assert _cap_frac(keeper, 190.0) == 0.4

    agent.keep(0.4, 150.0)
    assert _cap_frac(keeper, 155.0) is None


def test_the_same_advice_is_not_written_for_every_answer(agent: AdviceFile, tmp_path: Path) -> None:
    agent.keep(0.6, 160.0)
    before = (tmp_path / ADVICE_NAME).stat().st_ino

    agent.keep(0.6, 160.4)
    same = (tmp_path / ADVICE_NAME).stat().st_ino
    agent.keep(0.6, 161.0)

    assert same == before
    assert (tmp_path / ADVICE_NAME).stat().st_ino != before


def test_lifted_advice_is_gone_and_may_come_again(agent: AdviceFile, keeper: AdviceFile) -> None:
    agent.keep(0.6, 160.0)
    agent.lift()
    agent.lift()
    assert keeper.read(100.0) is None

    agent.keep(0.6, 160.0)
    assert _cap_frac(keeper, 100.0) == 0.6


def test_an_agent_that_starts_anew_lifts_what_the_last_one_left(
    agent: AdviceFile, keeper: AdviceFile, tmp_path: Path
) -> None:
    agent.keep(0.6, 160.0)

    AdviceFile(tmp_path, BOOT_ID).lift()

    assert keeper.read(100.0) is None


def test_advice_of_another_boot_of_the_machine_means_nothing(
    agent: AdviceFile, tmp_path: Path
) -> None:
    agent.keep(0.6, 160.0)

    assert AdviceFile(tmp_path, "next boot").read(100.0) is None


def test_what_the_api_answers_holds_from_when_it_was_asked(
    agent: AdviceFile, keeper: AdviceFile
) -> None:
    told = {"power_cap_frac": 0.6, "valid_for_s": 30.0}
    agent.pass_on(told, sent_boot_s=100.0, longest_s=60.0)

    assert (_cap_frac(keeper, 129.0), _cap_frac(keeper, 130.0)) == (0.6, None)


def test_advice_for_long_outlives_its_agent_only_for_a_while(
    agent: AdviceFile, keeper: AdviceFile
) -> None:
    told = {"power_cap_frac": 0.6, "valid_for_s": 86_400.0}
    agent.pass_on(told, sent_boot_s=100.0, longest_s=60.0)

    assert (_cap_frac(keeper, 159.0), _cap_frac(keeper, 160.0)) == (0.6, None)


def test_an_answer_without_advice_lifts_it(agent: AdviceFile, keeper: AdviceFile) -> None:
    agent.keep(0.6, 160.0)

    agent.pass_on(None, sent_boot_s=100.0, longest_s=60.0)

    assert keeper.read(100.0) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        json.dumps({"power_cap_frac": 0.5}),
        json.dumps({"power_cap_frac": 0.5, "expires_boot_s": "x", "kernel_boot_id": BOOT_ID}),
    ],
)
def test_a_file_that_cannot_be_understood_advises_nothing(
    keeper: AdviceFile, tmp_path: Path, text: str
) -> None:
    (tmp_path / ADVICE_NAME).write_text(text)

    assert keeper.read(100.0) is None
