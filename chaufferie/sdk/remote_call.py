"""What runs on the node: calls of a function that was sent there.

This file travels as the ``__main__`` of an archive. It needs nothing but the standard library, and
is written so that Pythons which are too old for the calls can say so: its types are plain names.
"""

import json
import os
import pickle
import sys
import traceback
import zipfile
from typing import Any

ARCHIVE = "chaufferie-call.pyz"  #: This file, and the library that pickles functions.
CALLS = "chaufferie-calls.zip"  #: The function, and the arguments of each instance.
ANSWER = "chaufferie-result.pickle"  #: One line of JSON, and a pickle where it promises one.

HEADER, FUNCTION = "header", "function"
RETURNED, RAISED, REFUSED = "returned", "raised", "refused"

_PARTIAL = ".chaufferie-result.partial"


def this_python() -> str:
    """By which one version of bytecode is told from another, such as ``cpython-311``."""
    tag = sys.implementation.cache_tag
    return tag or f"{sys.implementation.name}-{sys.version_info[0]}{sys.version_info[1]}"


def main() -> int:
    """Make the calls of this instance and leave the answer; the exit code."""
    answer = os.path.abspath(ANSWER)
    # Modules that came along as files are found, as they would be beside a script.
    sys.path.insert(0, os.getcwd())
    with zipfile.ZipFile(CALLS) as archive:
        header = json.loads(archive.read(HEADER).decode())
        if header["python"] != this_python():
            return _refuse(
                answer,
                f"The call was made by {header['python']} and the node's Python is "
                f"{this_python()}: functions travel as bytecode, which no other version can read. "
                "Name the same version on the node, with Executor(python=...).",
            )
        index = os.environ.get("SLURM_ARRAY_TASK_ID", "0")
        try:
            function = pickle.loads(archive.read(FUNCTION))
            calls = pickle.loads(archive.read(index))
        except BaseException as error:
            traceback.print_exc()
            return _refuse(
                answer,
                "The function or its arguments could not be read on the node "
                f"({_in_words(error)}): install what is missing there, send the module along with "
                "inputs=[...], or name it in by_value=[...].",
            )
    return _make(answer, function, calls, header["is_map"])


def _make(answer: str, function: Any, calls: Any, is_map: bool) -> int:  # noqa: ANN401, FBT001
    try:
        values = [function(*arguments, **named) for arguments, named in calls]
    except BaseException as error:
        traceback.print_exc()
        header = {
            "outcome": RAISED,
            "kind": type(error).__qualname__,
            "sentence": str(error),
            "traceback": traceback.format_exc(),
        }
        try:
            _write(answer, header, [error])
        except Exception:
            _write(answer, header, [])
        return 1
    try:
        _write(answer, {"outcome": RETURNED}, [values if is_map else values[0]])
    except Exception as error:
        traceback.print_exc()
        return _refuse(
            answer,
            f"What the function returned cannot be pickled ({_in_words(error)}): return plain "
            "data, or write a file, which comes back too.",
        )
    return 0


def _refuse(answer: str, sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    _write(answer, {"outcome": REFUSED, "sentence": sentence}, [])
    return 1


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _write(answer: str, header: Any, values: Any) -> None:  # noqa: ANN401
    """Leave the answer whole or not at all."""
    partial = os.path.join(os.path.dirname(answer), _PARTIAL)
    with open(partial, "wb") as file:
        file.write(json.dumps(header).encode() + b"\n")
        for value in values:
            _dump(value, file)
    os.replace(partial, answer)


def _dump(value: Any, file: Any) -> None:  # noqa: ANN401
    """By reference where that is possible, which is quick, else by value."""
    start = file.tell()
    try:
        pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception:
        import cloudpickle

        file.seek(start)
        file.truncate()
        cloudpickle.dump(value, file)


if __name__ == "__main__":
    sys.exit(main())
