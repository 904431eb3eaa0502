"""File name patterns: ``slurm-%j.out`` with the numbers of one attempt put in."""

import re
from dataclasses import dataclass

DEFAULT_OUTPUT = "slurm-%j.out"
DEFAULT_ARRAY_OUTPUT = "slurm-%A_%a.out"

_LETTERS = "AabJjNnrstux"
_PLACE = re.compile(rf"%(?:(%)|([0-9]*)([{_LETTERS}]))")
_WIDEST = 10
#: Letters that people write for a date, and that no pattern knows.
_DATE_LIKE = re.compile(r"%[0-9]*([mdYHMSyF])")
_ARRAY_ONLY = re.compile(r"%[0-9]*([ab])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPlace:
    """Where an instance stands in its array."""

    job_id: int  #: The array's own number, shared by its instances.
    index: int
    count: int
    first: int
    last: int
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternValues:
    """What a pattern can name about one attempt."""

    job_id: int
    name: str
    user: str
    node_name: str
    restart_count: int = 0
    array: ArrayPlace | None = None


def expand_pattern(pattern: str, values: PatternValues) -> str:
    """The file name that ``pattern`` stands for.

    A width pads numbers with zeros (``%4j``), ``%%`` is a percent sign, unknown letters stay as
    they are, and a backslash anywhere switches all substitution off and is dropped. Names put in
    cannot add directories: their ``/`` becomes ``_``.
    """
    if "\\" in pattern:
        return pattern.replace("\\", "")

    def put_in(found: re.Match[str]) -> str:
        percent, width, letter = found.groups()
        if percent:
            return "%"
        return _value(letter, min(int(width[:3] or 0), _WIDEST), values)

    return _PLACE.sub(put_in, pattern)


def _value(letter: str, width: int, values: PatternValues) -> str:
    array = values.array
    words = {
        "N": values.node_name.partition(".")[0],
        "u": values.user,
        "x": values.name,
        "s": "batch",
    }
    if letter in words:
        return _as_file_name(words[letter])
    index = array.index if array is not None else 0
    numbers = {
        "A": array.job_id if array is not None else values.job_id,
        "a": index,
        "b": index % 10,
        "J": values.job_id,
        "j": values.job_id,
        "n": 0,
        "r": values.restart_count,
        "t": 0,
    }
    return f"{numbers[letter]:0{width}d}" if width else str(numbers[letter])


def _as_file_name(text: str) -> str:
    plain = text.replace("/", "_").replace("\0", "_")
    return "_" * len(plain) if plain in {".", ".."} else plain


def default_output(*, is_array: bool) -> str:
    """Where the output of a job goes that names no file."""
    return DEFAULT_ARRAY_OUTPUT if is_array else DEFAULT_OUTPUT


def odd_letters(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Letters meant as dates, and letters that only an array gives a value, in ``pattern``."""
    plain = "" if "\\" in pattern else pattern.replace("%%", "")
    dates = tuple(f"%{letter}" for letter in dict.fromkeys(_DATE_LIKE.findall(plain)))
    arrays = tuple(f"%{letter}" for letter in dict.fromkeys(_ARRAY_ONLY.findall(plain)))
    return dates, arrays
