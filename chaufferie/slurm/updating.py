"""``scontrol update``: jobs that were submitted, changed in the words of Slurm."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chaufferie.sdk.errors import BadInputError
from chaufferie.slurm.arguments import job_refs

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

#: The option of ``submit`` that says the same, by the field's name in lower case.
_OPTIONS: Mapping[str, str] = {
    "account": "account",
    "comment": "comment",
    "cpuspertask": "cpus-per-task",
    "deadline": "deadline",
    "dependency": "dependency",
    "excnodelist": "exclude",
    "features": "constraint",
    "jobname": "job-name",
    "licenses": "licenses",
    "minmemorycpu": "mem-per-cpu",
    "minmemorynode": "mem",
    "name": "job-name",
    "nice": "nice",
    "numtasks": "ntasks",
    "partition": "partition",
    "priority": "priority",
    "qos": "qos",
    "reqnodelist": "nodelist",
    "reservationname": "reservation",
    "starttime": "begin",
    "timelimit": "time",
}
#: Fields that an empty value takes back.
_NONE_IF_EMPTY = frozenset(
    {
        "reservation",
        "dependency",
        "deadline",
        "begin",
        "constraint",
        "nodelist",
        "exclude",
        "licenses",
    }
)
_JOB = ("jobid", "job")
_POINTS = ("nice", "priority")


def update(client: "Client", words: Sequence[str]) -> list[str]:
    """Change these jobs; it prints nothing."""
    fields = [_field(word) for word in words]
    names = [name for name, _ in fields]
    numbers = [number for name, text in fields if name in _JOB for number in _refs(text)]
    if not numbers:
        raise BadInputError(
            "scontrol: name the job to change: scontrol update JobId=12 TimeLimit=30.",
            code="slurm.words",
        )
    options = [_option(name, text) for name, text in fields if name not in _JOB]
    if not options:
        raise BadInputError(f"scontrol: {' '.join(names)} changes nothing.", code="slurm.words")
    for number in numbers:
        client.modify(number, options)
    return []


def _field(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals:
        raise BadInputError(
            f"scontrol: {word[:40]!r} is no field; write FIELD=VALUE.", code="slurm.words"
        )
    return name.lower(), text


def _refs(text: str) -> list[str]:
    try:
        return job_refs(text)
    except argparse.ArgumentTypeError as error:
        raise BadInputError(f"scontrol: {error}.", code="slurm.words") from None


def _option(name: str, text: str) -> str:
    if name == "requeue":
        return "--no-requeue" if text == "0" else "--requeue"
    option = _OPTIONS.get(name)
    if option is None:
        known = ", ".join(sorted({*_OPTIONS, "requeue"}))
        raise BadInputError(
            f"scontrol: {name[:40]!r} cannot be changed here; {known} can.", code="slurm.words"
        )
    if name in _POINTS and not text.lstrip("+-").isdecimal():
        raise BadInputError(f"scontrol: {text[:40]!r} is no number of points.", code="slurm.words")
    value = "none" if not text and option in _NONE_IF_EMPTY else text
    return f"--{option}={value}"
