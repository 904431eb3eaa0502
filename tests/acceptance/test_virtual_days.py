"""A seeded week on the default sites, held against what the physics allows."""

import json
import subprocess
import sys
from functools import cache

import pytest

from domain.refusal import Refused
from simulation.report import Setting, Summary, to_plain
from simulation.run import simulate


def week(month: int) -> Setting:
    return Setting(
        policy="coldest", seed=1, days=7, month=month, sites=4, node_cores=16, load_frac=0.5
    )


@cache
def summary(month: int) -> Summary:
    found = simulate(week(month))
    assert not isinstance(found, Refused), found
    return found


@pytest.mark.parametrize("month", [1, 7])
def test_erf_is_what_a_cabinet_of_this_loss_can_reach(month: int) -> None:
    """Makers claim 95 to 96 % at their hottest; measured 0.949 and 0.938, idle hours included.

    The cabinet loses 5 % of full power at 60 degC of coolant, whatever the load, so a machine that
    often idles in warm water reaches a little less than the claim. Below 0.90 or above 0.98 the
    capture or a register is wrong.
    """
    erf = summary(month).erf

    assert erf is not None
    assert 0.90 < erf < 0.98


@pytest.mark.parametrize("month", [1, 7])
def test_useful_heat_is_less_than_metered_by_what_the_tanks_keep_and_lose(month: int) -> None:
    found = summary(month)

    assert 0 < found.useful_kwh < found.metered_kwh - found.stored_kwh
    assert found.useful_kwh + found.boiler_kwh < found.demand_kwh


def test_january_wants_more_than_july() -> None:
    assert summary(1).demand_kwh > summary(7).demand_kwh
    assert summary(1).useful_kwh > summary(7).useful_kwh


def test_on_demand_work_waits_less_than_flex_work() -> None:
    waits = summary(7).waits

    assert waits["ondemand"].mean_s < waits["flex"].mean_s


def test_the_command_prints_the_same_figures_to_the_last_digit() -> None:
    setting = Setting(
        policy="coldest", seed=3, days=0.5, month=4, sites=2, node_cores=4, load_frac=0.8
    )
    here = simulate(setting)
    command = "run --json --policy coldest --seed 3 --days 0.5 --month 4 --sites 2 --cores 4"
    there = subprocess.run(
        [sys.executable, "-m", "simulation", *command.split(), "--load", "0.8"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not isinstance(here, Refused)
    assert json.loads(there.stdout) == to_plain(setting, here)
