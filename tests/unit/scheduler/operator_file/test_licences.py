"""The operator's file, as far as it declares licence servers."""

from pathlib import Path

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.fleet.licences import LicenceServer, LicenceServers
from domain.refusal import Refused
from scheduler.operator_file.licences import read_licence_servers

FULL = """
currency = "EUR"

[[licence_servers]]
name = "siemens"
hosts = ["lic1.example.org", "lic2.example.org", "10.0.0.3"]
ports = [1999, 2099]
seats = { ccmppower = 10, hpcdomains = 64 }
tenants = ["lab"]

[[licence_servers]]
name = "ansys"
hosts = ["ansys"]
ports = [1055]
"""
ONE = '[[licence_servers]]\nname = "a"\nhosts = ["h"]\nports = [1]\n'


def written(folder: Path, text: str) -> Path:
    (folder / "operator.toml").write_text(text)
    return folder


def test_a_file_declares_servers_to_scheduler_and_api_alike(tmp_path: Path) -> None:
    found = read_licence_servers(None, written(tmp_path, FULL))

    assert found == LicenceServers(
        servers=(
            LicenceServer(
                name="siemens",
                hosts=("lic1.example.org", "lic2.example.org", "10.0.0.3"),
                ports=(1999, 2099),
                seats={"ccmppower": 10, "hpcdomains": 64},
                tenants=("lab",),
            ),
            LicenceServer(name="ansys", hosts=("ansys",), ports=(1055,), seats={}),
        )
    )
    operator_file = read_operator_file(None, tmp_path)
    assert isinstance(operator_file, OperatorFile)
    assert operator_file.licences == found


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_licence_servers(None, tmp_path) == LicenceServers()
    assert read_licence_servers(None, written(tmp_path, 'currency = "EUR"\n')) == LicenceServers()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE.replace('"a"', '"a b"'), "licence_servers.0.name"),
        (ONE.replace('["h"]', "[]"), "licence_servers.0.hosts: write one host, or the three"),
        (ONE.replace('["h"]', '["h", "i"]'), "not 2"),
        (ONE.replace('["h"]', '["h", "h", "i"]'), "licence_servers.0.hosts"),
        (ONE.replace('["h"]', '["h:1055"]'), "'h:1055' is no host"),
        (ONE.replace('["h"]', '["h\\n127.0.0.1 other"]'), "is no host"),
        (ONE.replace("[1]", "[]"), "licence_servers.0.ports"),
        (ONE.replace("[1]", "[0]"), "licence_servers.0.ports.0"),
        (ONE.replace("[1]", "[65536]"), "licence_servers.0.ports.0"),
        (ONE.replace("[1]", '["1055"]'), "licence_servers.0.ports.0"),
        (ONE.replace("[1]", "[1, 1]"), "a port stands there twice"),
        (ONE + "seats = { x = -1 }\n", "licence_servers.0.seats.x"),
        (ONE + "seats = { x = 1.5 }\n", "licence_servers.0.seats.x"),
        (ONE + "seats = { 'x:y' = 1 }\n", "licence_servers.0.seats"),
        (ONE + "colour = 1\n", "licence_servers.0.colour"),
        (ONE + ONE, "two servers are named 'a'"),
        (
            ONE + "seats.x = 1\n" + ONE.replace('"a"', '"b"') + "seats.x = 1\n",
            "licence_servers: the licence 'x' is counted by two servers",
        ),
        ("licence_servers = 5\n", "licence_servers"),
        ("[[licence_servers\n", "it is no TOML"),
    ],
)
def test_a_slip_is_named_by_whoever_reads_the_file(tmp_path: Path, text: str, said: str) -> None:
    written(tmp_path, text)

    for refused in (read_licence_servers(None, tmp_path), read_operator_file(None, tmp_path)):
        assert isinstance(refused, Refused)
        assert refused.code == "settings.operator_file"
        assert said in refused.sentence
        assert "Value error" not in refused.sentence
