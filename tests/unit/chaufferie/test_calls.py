"""Calls as files, made by the very archive that travels to a node."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from chaufferie.sdk import remote_call
from chaufferie.sdk.answers import read_answer
from chaufferie.sdk.calls import pack_calls, write_runner
from chaufferie.sdk.errors import BadInputError, JobFailedError, RemoteError

HERE = [sys.modules[__name__]]


class TypedError(Exception):
    pass


def give(value: object) -> object:
    return value


def leave() -> None:
    sys.exit("enough")


def raise_a_lock() -> None:
    import threading  # noqa: PLC0415 - where it runs

    raise TypedError(threading.Lock())


def run(
    folder: Path, *, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What a node does, with a Python that sees nothing of ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", remote_call.ARCHIVE],
        cwd=folder,
        env=environment or {},
        capture_output=True,
        text=True,
        check=False,
    )


def pack(folder: Path, function: object, *chunks: list[object], is_map: bool = False) -> None:
    write_runner(folder / remote_call.ARCHIVE)
    pack_calls(
        folder / remote_call.CALLS,
        function,  # type: ignore[arg-type]
        [[((value,), {}) for value in chunk] for chunk in chunks] or [[((), {})]],
        by_value=HERE,
        is_map=is_map,
    )


def test_a_call_is_made_by_a_bare_python(tmp_path: Path) -> None:
    pack(tmp_path, give, ["water"])

    assert run(tmp_path).returncode == 0
    assert read_answer(tmp_path / remote_call.ANSWER, 1).value == "water"
    assert {path.name for path in tmp_path.iterdir()} == {
        remote_call.ARCHIVE,
        remote_call.CALLS,
        remote_call.ANSWER,
    }


def test_an_instance_of_an_array_makes_its_own_calls(tmp_path: Path) -> None:
    pack(tmp_path, give, [1, 2], [3], is_map=True)

    run(tmp_path, environment={"SLURM_ARRAY_TASK_ID": "1"})

    assert read_answer(tmp_path / remote_call.ANSWER, 1).value == [3]


def test_the_same_call_has_the_same_bytes(tmp_path: Path) -> None:
    digests = {
        pack_calls(
            tmp_path / remote_call.CALLS, give, [[((1,), {})]], by_value=HERE, is_map=False
        ).sha256
        for _ in range(2)
    }

    assert len(digests) == 1


def test_what_is_imported_by_value_is_so_for_one_call_only(tmp_path: Path) -> None:
    module = ModuleType("made_up")
    sys.modules["made_up"] = module
    exec("def cube(x): return x ** 3", module.__dict__)  # noqa: S102 - a module like a user's
    try:
        for by_value in ([module], []):
            pack_calls(
                tmp_path / remote_call.CALLS,
                module.cube,
                [[((3,), {})]],
                by_value=by_value,
                is_map=False,
            )
            write_runner(tmp_path / remote_call.ARCHIVE)
            ran = run(tmp_path)
            assert ran.returncode == (0 if by_value else 1)
    finally:
        del sys.modules["made_up"]

    with pytest.raises(JobFailedError, match=r"No module named 'made_up'.*inputs=\[\.\.\.\]"):
        read_answer(tmp_path / remote_call.ANSWER, 1)


def test_another_version_of_python_is_told_apart_before_anything_is_read(tmp_path: Path) -> None:
    write_runner(tmp_path / remote_call.ARCHIVE)
    with zipfile.ZipFile(tmp_path / remote_call.CALLS, "w") as archive:
        header = {"python": "cpython-299", "is_map": False}
        archive.writestr(remote_call.HEADER, json.dumps(header))
        archive.writestr(remote_call.FUNCTION, b"no pickle at all")

    ran = run(tmp_path)

    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    with pytest.raises(JobFailedError, match=r"made by cpython-299 .*Executor\(python="):
        read_answer(tmp_path / remote_call.ANSWER, 1)


def test_a_function_that_ends_its_process_is_an_exception(tmp_path: Path) -> None:
    pack(tmp_path, leave)

    assert run(tmp_path).returncode == 1
    error = read_answer(tmp_path / remote_call.ANSWER, 1).error
    assert isinstance(error, SystemExit)
    assert error.code == "enough"


def test_an_exception_that_cannot_travel_is_told_in_words(tmp_path: Path) -> None:
    pack(tmp_path, raise_a_lock)
    run(tmp_path)

    error = read_answer(tmp_path / remote_call.ANSWER, 7).error

    assert isinstance(error, RemoteError)
    assert error.kind == "TypedError"
    assert "in raise_a_lock" in error.remote_traceback


@pytest.mark.parametrize("left", [b"", b"rubbish\n", b"[]\n", b'{"outcome": "returned"}\nrubbish'])
def test_an_answer_that_is_none_is_an_error(left: bytes, tmp_path: Path) -> None:
    answer = tmp_path / remote_call.ANSWER
    answer.write_bytes(left)

    with pytest.raises(JobFailedError, match=r"[Jj]ob 3"):
        read_answer(answer, 3)


def test_a_function_that_cannot_be_pickled_is_named(tmp_path: Path) -> None:
    handle = (tmp_path / "open").open("w")

    def write_on() -> None:
        handle.write("on")

    with handle, pytest.raises(BadInputError, match=r"write_on .*inside the function"):
        pack(tmp_path, write_on)
