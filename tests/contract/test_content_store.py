"""What every content store does: the port's own suite."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.clock import host_now_s
from store.files.content import BusyError, ContentKey, ContentStore, NoSpaceError, Reception
from store.files.local_content import STALE_AFTER_S, LocalContentStore

DATA = b"0123456789" * 1000
KEY = ContentKey(tenant_id=1, sha256=hashlib.sha256(DATA).hexdigest())

Opened = Callable[[], ContentStore]


@pytest.fixture(params=[LocalContentStore])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the store: again and again on the same bytes, as programs that restart do."""
    made: Opened = lambda: request.param(tmp_path / "files")  # noqa: E731 - a fixture's value
    return made


def _keep(store: ContentStore, key: ContentKey = KEY, data: bytes = DATA) -> None:
    reception = store.receive("one")
    reception.write(data)
    reception.seal()
    reception.keep(key)
    reception.close()


def _read(store: ContentStore, key: ContentKey = KEY) -> bytes | None:
    file = store.open(key)
    if file is None:
        return None
    with file:
        return file.read()


def test_what_was_kept_can_be_read_from_any_offset(opened: Opened) -> None:
    _keep(opened())

    file = opened().open(KEY)
    assert file is not None
    with file:
        assert file.seek(0, 2) == len(DATA)
        file.seek(9_995)
        assert file.read() == b"56789"


def test_an_upload_goes_on_where_it_was_left(opened: Opened) -> None:
    first = opened().receive("one")
    first.write(DATA[:3000])
    first.close()
    assert opened().received_bytes("one") == 3000

    again = opened().receive("one")
    assert again.size_bytes == 3000
    again.write(DATA[3000:])
    assert again.seal() == KEY.sha256
    again.keep(KEY)
    again.close()

    assert _read(opened()) == DATA
    assert opened().received_bytes("one") == 0


def test_the_digest_is_of_what_arrived(opened: Opened) -> None:
    reception = opened().receive("one")
    reception.write(b"some")
    reception.write(b"thing")

    assert reception.seal() == hashlib.sha256(b"something").hexdigest()
    reception.close()


def test_two_cannot_send_to_one_upload_at_once(opened: Opened) -> None:
    first = opened().receive("one")

    with pytest.raises(BusyError):
        opened().receive("one")

    first.close()
    opened().receive("one").close()


def test_what_is_left_half_is_not_there_under_its_key(opened: Opened) -> None:
    reception = opened().receive("one")
    reception.write(DATA)
    reception.close()

    assert _read(opened()) is None
    opened().discard("one")
    assert opened().received_bytes("one") == 0
    opened().discard("one")


def test_one_tenants_content_is_not_anothers(opened: Opened) -> None:
    _keep(opened())
    other = ContentKey(tenant_id=2, sha256=KEY.sha256)

    assert _read(opened(), other) is None
    _keep(opened(), other)
    opened().remove(KEY)

    assert _read(opened()) is None
    assert _read(opened(), other) == DATA


def test_keeping_what_is_there_and_removing_what_is_not_change_nothing(opened: Opened) -> None:
    _keep(opened())
    _keep(opened())
    assert _read(opened()) == DATA

    opened().remove(KEY)
    opened().remove(KEY)
    assert _read(opened()) is None


class _FullDisk:
    """A file on a disk that is full."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - any file
        self._file = file

    def write(self, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the file has
        return getattr(self._file, name)


def test_a_full_disk_is_said_and_what_had_come_stays(tmp_path: Path) -> None:
    store = LocalContentStore(tmp_path)
    reception = store.receive("one")
    reception.write(b"some")
    reception._file = _FullDisk(reception._file)  # type: ignore[assignment]  # noqa: SLF001

    with pytest.raises(NoSpaceError):
        reception.write(b"thing")
    reception.close()

    assert store.received_bytes("one") == 4


def test_the_local_store_is_private(tmp_path: Path) -> None:
    _keep(LocalContentStore(tmp_path / "files"))

    folders = [path for path in (tmp_path / "files").rglob("*") if path.is_dir()]
    assert folders
    assert {folder.stat().st_mode & 0o077 for folder in folders} == {0}


def test_a_reception_is_what_the_port_says(tmp_path: Path) -> None:
    reception: Reception = LocalContentStore(tmp_path).receive("one")
    store: ContentStore = LocalContentStore(tmp_path)

    assert (reception.size_bytes, store.received_bytes("two")) == (0, 0)
    reception.close()


def test_what_a_program_that_died_left_half_received_goes_after_a_week(tmp_path: Path) -> None:
    for name, age_s in (("old", STALE_AFTER_S + 60), ("young", STALE_AFTER_S - 3600)):
        reception = LocalContentStore(tmp_path).receive(name)
        reception.write(b"some")
        reception.close()
        then_s = host_now_s() - age_s
        os.utime(tmp_path / "incoming" / name, (then_s, then_s))

    store = LocalContentStore(tmp_path)

    assert (store.received_bytes("old"), store.received_bytes("young")) == (0, 4)
