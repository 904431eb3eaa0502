"""The agent's configuration file."""

import json
from pathlib import Path

import pytest

from domain.refusal import Refused
from node_agent.config import AgentConfig, load_config

SPEC = {"cores": 2, "mem_mib": 1000, "idle_power_w": 1.0, "max_power_w": 2.0}


def written(tmp_path: Path, **more: object) -> Path:
    path = tmp_path / "agent.json"
    path.write_text(json.dumps({"directory": "d", "url": "u", "spec": SPEC, **more}))
    return path


def test_limits_have_the_documented_defaults(tmp_path: Path) -> None:
    found = load_config(written(tmp_path))
    assert isinstance(found, AgentConfig)
    assert (found.kill_grace_s, found.output_limit_mib, found.disk_limit_mib) == (30.0, 1024, 51200)


@pytest.mark.parametrize(
    ("name", "value"),
    [("kill_grace_s", -1), ("output_limit_mib", 0), ("disk_limit_mib", -5), ("kill_grace_s", "x")],
)
def test_a_limit_under_which_nothing_works_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    found = load_config(written(tmp_path, **{name: value}))
    assert isinstance(found, Refused)
    assert found.code == "agent.config"


@pytest.mark.parametrize("address", ["", "town", "10.1.0.7/99", "0.0.0.0/0", "224.0.0.1/8", 7])
def test_an_address_at_which_no_neighbour_could_reach_it_is_refused(
    tmp_path: Path, address: object
) -> None:
    found = load_config(written(tmp_path, neighbour_address=address))
    assert isinstance(found, Refused)
    assert "neighbour_address" in found.sentence
