import os
import tempfile
from pathlib import Path

import pytest

from chaufferie.up.layout import layout_of, write_private

_LONGEST_SOCKET_BYTES = 107


def test_a_short_directory_is_used_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="c-") as short:
        monkeypatch.chdir(tmp_path)
        assert layout_of(Path(short)).work == Path(short).resolve()


def test_a_long_directory_gets_a_short_name_for_its_sockets(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / ("long-" * 40))

    assert layout.work.resolve() == layout.data.resolve()
    for path in (layout.broker_socket, layout.node("n" * 32) / "warden.sock"):
        assert len(os.fsencode(path)) <= _LONGEST_SOCKET_BYTES


def test_a_long_directory_gets_the_same_short_name_again(tmp_path: Path) -> None:
    data = tmp_path / ("long-" * 40)

    assert layout_of(data) == layout_of(data)


def test_a_short_name_that_somebody_opened_to_others_is_not_used(tmp_path: Path) -> None:
    data = tmp_path / ("long-" * 40)
    taken = layout_of(data).work.parent
    taken.chmod(0o777)

    assert layout_of(data).work.parent != taken
    taken.chmod(0o700)


def test_folders_are_private(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "data")

    modes = {folder.name: folder.stat().st_mode & 0o777 for folder in layout.data.iterdir()}
    assert set(modes.values()) == {0o700}


def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "client.json", "{}")

    assert (tmp_path / "client.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "client.json").read_text() == "{}"
