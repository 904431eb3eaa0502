import json
from pathlib import Path

import pytest

from chaufferie.sdk.endpoint import Endpoint, default_data_dir, find_endpoint
from chaufferie.sdk.errors import NotConfiguredError

NAMED = {"CHAUFFERIE_URL": "http://here", "CHAUFFERIE_TOKEN": "t"}


def left_by_up(folder: Path, text: str | None = None) -> Path:
    (folder / "client.json").write_text(text or json.dumps({"url": "http://up", "token": "u"}))
    return folder


def test_the_environment_names_the_server() -> None:
    assert find_endpoint(environment=NAMED) == Endpoint(url="http://here", token="t")


def test_a_named_data_directory_goes_before_the_environment(tmp_path: Path) -> None:
    found = find_endpoint(left_by_up(tmp_path), environment=NAMED)

    assert found == Endpoint(url="http://up", token="u")


def test_without_anything_named_it_is_what_up_left(tmp_path: Path) -> None:
    environment = {"CHAUFFERIE_DATA_DIR": str(left_by_up(tmp_path))}

    assert find_endpoint(environment=environment).url == "http://up"


def test_the_data_directory_follows_the_desktop_rules(tmp_path: Path) -> None:
    assert default_data_dir({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "chaufferie"
    assert default_data_dir({}) == Path.home() / ".local" / "share" / "chaufferie"


def test_a_server_without_a_key_is_not_guessed_at() -> None:
    with pytest.raises(NotConfiguredError, match="CHAUFFERIE_TOKEN is not"):
        find_endpoint(environment={"CHAUFFERIE_URL": "http://here"})


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError, match="chaufferie up"):
        find_endpoint(tmp_path, environment={})


@pytest.mark.parametrize("text", ["{", "[]", '{"url": "x"}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotConfiguredError, match="damaged"):
        find_endpoint(left_by_up(tmp_path, text), environment={})


def test_a_token_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(Endpoint(url="http://here", token="secret"))
