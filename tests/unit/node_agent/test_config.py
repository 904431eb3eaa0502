"""The agent's configuration file."""

import json
from pathlib import Path

import pytest

from domain.refusal import Refused
from node_agent.config import AgentConfig, load_config
from node_agent.executors.fenced import why_no_fence

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


def test_jobs_are_on_the_network_unless_it_is_closed(tmp_path: Path) -> None:
    usual, closed = load_config(written(tmp_path)), load_config(written(tmp_path, network="closed"))

    assert isinstance(usual, AgentConfig)
    assert isinstance(closed, AgentConfig)
    assert not usual.is_closed
    assert not usual.spec.is_closed
    assert closed.is_closed
    assert closed.spec.is_closed


@pytest.mark.parametrize("network", ["", "shut", "CLOSED", None, 7, ["closed"]])
def test_another_network_is_refused(tmp_path: Path, network: object) -> None:
    found = load_config(written(tmp_path, network=network))
    assert isinstance(found, Refused)


def test_an_api_that_no_fenced_job_could_reach_is_refused() -> None:
    refused = why_no_fence("http://[::1]:8080")
    assert refused is not None
    assert "its IPv4 address" in refused.sentence
