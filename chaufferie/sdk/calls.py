"""Calls of functions, packed into files that travel with a job."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle

from chaufferie.sdk import remote_call
from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.staging import Input, sha256_of

#: Positional and named arguments of one call.
Call = tuple[Sequence[Any], Mapping[str, Any]]

#: Archives of the same content have the same bytes, and so are sent once.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
#: Modules that travel by value are named to the pickler for the whole process.
_NAMING = threading.Lock()


def name_of(function: Callable[..., object]) -> str:
    """By what name people know the function."""
    named = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(named).replace("<", "").replace(">", "")


def pack_calls(
    file: Path,
    function: Callable[..., object],
    chunks: Iterable[Sequence[Call]],
    *,
    by_value: Sequence[ModuleType],
    is_map: bool,
) -> Input:
    """Write a function and its calls, chunk by chunk, to an input of a job.

    Raises ``BadInputError`` where something cannot be pickled.
    """
    header = {"python": remote_call.this_python(), "is_map": is_map}
    with zipfile.ZipFile(file, "w") as archive, _travelling_by_value(by_value):
        archive.writestr(_entry(remote_call.HEADER), json.dumps(header))
        try:
            _add(archive, remote_call.FUNCTION, function)
            for index, chunk in enumerate(chunks):
                _add(archive, str(index), chunk)
        except Exception as error:
            raise BadInputError(
                f"{name_of(function)} or what it is called with cannot be pickled "
                f"({type(error).__name__}: {error}); pass plain data, and open files, locks and "
                "connections inside the function.",
                code="call.unpicklable",
            ) from error
    return _as_input(file, remote_call.CALLS)


def write_runner(file: Path) -> Input:
    """The archive that makes the calls on a node, as an input of a job."""
    file.write_bytes(_runner())
    return _as_input(file, remote_call.ARCHIVE)


@cache
def _runner() -> bytes:
    """Complete in itself: a node needs no library of ours, nor the one that pickles functions."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        program = files("chaufferie.sdk").joinpath("remote_call.py").read_bytes()
        archive.writestr(_entry("__main__.py"), program, zipfile.ZIP_DEFLATED)
        modules = (item for item in files("cloudpickle").iterdir() if item.name.endswith(".py"))
        for module in sorted(modules, key=lambda item: item.name):
            archive.writestr(
                _entry(f"cloudpickle/{module.name}"), module.read_bytes(), zipfile.ZIP_DEFLATED
            )
    return held.getvalue()


@contextmanager
def _travelling_by_value(modules: Sequence[ModuleType]) -> Iterator[None]:
    """What these modules define is sent as it is, not by its name."""
    with _NAMING:
        known = cloudpickle.list_registry_pickle_by_value()
        named = [module for module in modules if module.__name__ not in known]
        for module in named:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in named:
                cloudpickle.unregister_pickle_by_value(module)


def _add(archive: zipfile.ZipFile, name: str, value: object) -> None:
    with archive.open(_entry(name), "w", force_zip64=True) as entry:
        cloudpickle.dump(value, entry)


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _NO_TIME)


def _as_input(file: Path, path: str) -> Input:
    return Input(
        file=file,
        path=path,
        sha256=sha256_of(file),
        size_bytes=file.stat().st_size,
        executable=False,
    )
