import json
from dataclasses import asdict
from pathlib import Path

import pytest

from chaufferie.up.layout import layout_of
from chaufferie.up.machine import Machine
from chaufferie.up.sites import (
    EmbeddedSite,
    agent_config_path,
    node_name_of,
    read_sites,
    write_agent_config,
    write_boiler_config,
)
from node_agent.config import AgentConfig, load_config
from simulation.boiler.config import HouseConfig, load_house
from simulation.boiler.sites import default_sites


@pytest.mark.parametrize(
    ("site", "node"),
    [
        ("Alder Pool Hall", "alder-pool-hall"),
        ("Médiathèque d'Été", "mediatheque-d-ete"),
        ("../../etc", "etc"),
        ("水", "node"),
        ("x" * 100, "x" * 32),
    ],
)
def test_a_node_is_named_after_its_site_in_plain_letters(site: str, node: str) -> None:
    assert node_name_of(site) == node


def test_no_file_of_sites_means_no_sites_yet(tmp_path: Path) -> None:
    assert read_sites(tmp_path / "sites.json") == []


def test_the_boilers_understand_what_they_are_told(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "data")
    write_boiler_config(layout, _sites(layout.sites))

    house = load_house(layout.boiler_config)

    assert isinstance(house, HouseConfig)
    assert [boiler.site for boiler in house.boilers] == default_sites(3)
    assert house.time_factor == 120.0
    assert house.port_file == layout.boiler_port


def test_the_agent_understands_what_it_is_told(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "data")
    site = _sites(layout.sites)[1]
    write_agent_config(
        layout,
        site,
        Machine(cores=2, mem_mib=4096),
        url="http://127.0.0.1:1",
        redis_url="redis+socket:///s",
        enrolment_token="once",
    )

    config = load_config(agent_config_path(layout, site))

    assert isinstance(config, AgentConfig)
    assert config.directory == layout.node("birch-gymnasium")
    assert config.enrolment_token == "once"
    assert config.spec.cores_are_shared
    assert config.spec.is_simulated
    assert config.spec.time_factor == 120.0
    assert config.device["unit"] == 2
    assert agent_config_path(layout, site).stat().st_mode & 0o777 == 0o600


def _sites(path: Path) -> list[EmbeddedSite]:
    path.write_text(json.dumps({"sites": [asdict(site) for site in default_sites(3)]}))
    return read_sites(path)
