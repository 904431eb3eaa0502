"""Where a job runs and where its output goes, in terms of the directory that is staged."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from domain.sbatch.given import Given
from domain.sbatch.patterns import default_output, odd_letters
from domain.sbatch.settings import Settings
from domain.sbatch.submission import OpenMode

NULL_DEVICE = "/dev/null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Directory and file names of a job, none of them outside what is staged."""

    stdout_pattern: str
    stderr_pattern: str | None
    stdin_pattern: str | None
    open_mode: OpenMode
    chdir: str | None


def read_outputs(settings: Settings, submit_dir: str | None) -> Outputs:
    """The output files that the options ask for."""
    is_array = settings.has("array")
    stdout = _file_name(settings, "output") or default_output(is_array=is_array)
    stderr = _file_name(settings, "error")
    return Outputs(
        stdout_pattern=stdout,
        stderr_pattern=None if stderr == stdout else stderr,
        stdin_pattern=_input_name(settings, submit_dir),
        open_mode=_open_mode(settings),
        chdir=_directory(settings, submit_dir),
    )


def _file_name(settings: Settings, key: str) -> str | None:
    given = settings.given(key)
    if given is None or given.value is None:
        return None
    pattern = given.value.strip()
    if pattern.lower() == "none" or pattern == NULL_DEVICE:
        return NULL_DEVICE
    last = PurePosixPath(pattern).name
    if pattern.endswith("/") or last in {"", ".."}:
        settings.refuse(given, "bad_value", f"{given.text} is a directory; add a file name.")
        return None
    _note_letters(settings, given, pattern)
    if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
        settings.note(
            given, f"{given.text} leaves the working directory; the file comes back as {last}."
        )
        return last
    return str(PurePosixPath(pattern))


def _input_name(settings: Settings, submit_dir: str | None) -> str | None:
    """The file that is the job's standard input, relative to where it runs; None = nothing."""
    given = settings.given("input")
    if given is None or given.value is None:
        return None
    pattern = given.value.strip()
    if pattern.lower() == "none" or pattern == NULL_DEVICE:
        return None
    wanted = PurePosixPath(pattern)
    if wanted.is_absolute() and submit_dir is not None and wanted.is_relative_to(submit_dir):
        wanted = wanted.relative_to(submit_dir)
    if wanted.is_absolute() or ".." in wanted.parts or not wanted.name:
        settings.refuse(
            given,
            "bad_value",
            f"{given.text} is no file below the directory that is sent along; copy it there.",
        )
        return None
    return str(wanted)


def _note_letters(settings: Settings, given: Given, pattern: str) -> None:
    dates, arrays = odd_letters(pattern)
    if dates:
        settings.note(
            given, f"{' '.join(dates)} in {given.text} stays as it is: no date is put in."
        )
    if arrays and not settings.has("array"):
        settings.note(given, f"{' '.join(arrays)} in {given.text} becomes 0 outside an array.")


def _open_mode(settings: Settings) -> OpenMode:
    mode = settings.read("open-mode", _parse_open_mode, "append or truncate")
    return mode or OpenMode.TRUNCATE


def _parse_open_mode(text: str) -> OpenMode | None:
    return {"a": OpenMode.APPEND, "t": OpenMode.TRUNCATE}.get(text[:1].lower())


def _directory(settings: Settings, submit_dir: str | None) -> str | None:
    """The directory to run in, relative to the staged one; None = the staged one itself."""
    given = settings.given("chdir")
    if given is None or given.value is None:
        return None
    wanted = PurePosixPath(given.value.strip())
    if wanted.is_absolute() and submit_dir is not None:
        staged = PurePosixPath(submit_dir)
        wanted = wanted.relative_to(staged) if wanted.is_relative_to(staged) else wanted
    if wanted.is_absolute() or ".." in wanted.parts:
        settings.note(
            given,
            f"{given.text} lies outside the directory that is sent along, so the job starts in "
            "that one; to use the files there, submit from there.",
        )
        return None
    return None if str(wanted) == "." else str(wanted)
