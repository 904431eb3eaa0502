"""Is a statement what it says? Everything that follows from its inputs is worked out again.

No server is asked. What this shows is that the indexes, the contract's terms and the sums agree to
the last digit, and that the digest is theirs; that the file is the one that was issued shows the
digest, held against the one on the buyer's page or on paper.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.refusal import Refused
from metering.contracts.contract import outside
from metering.statements.canonical import DIGEST, canonical, digest_of
from metering.statements.document import worked_out
from metering.statements.inputs import StatementInputs, doubt_of
from metering.statements.reading import inputs_of

#: A statement of a thousand meters has some 600 kB [bytes].
LARGEST_FILE = 32 * 1024 * 1024
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of working a statement out again."""

    document: dict[str, Any]
    findings: tuple[str, ...]  #: One sentence for each thing that is wrong; none = it is right.

    @property
    def digest_sha256(self) -> str:
        """The digest that the document bears."""
        return str(self.document.get(DIGEST))


def verify(data: bytes, expected_digest: str | None = None) -> Verdict | Refused:
    """Work out again the statement in these bytes; refused where they are none.

    A digest that is known from elsewhere must be that of the document.
    """
    document = parse(data)
    if isinstance(document, Refused):
        return document
    inputs = inputs_of(document)
    if isinstance(inputs, Refused):
        return inputs
    beyond = outside(inputs.contract, inputs.month)
    if beyond is not None:
        return beyond
    try:
        findings = [*_of_lines(document, inputs), *_of_sums(document, worked_out(inputs))]
        findings += _of_form(document, data)
        findings += _of_digest(document, expected_digest)
    except (ValueError, OverflowError) as error:
        return Refused(code="statement.form", sentence=f"This is no statement: {error}.")
    return Verdict(document=document, findings=tuple(dict.fromkeys(findings)))


def parse(data: bytes) -> dict[str, Any] | Refused:
    """The object in these bytes, without any number that a statement does not write."""
    if len(data) > LARGEST_FILE:
        return _no_json(f"it has more than {LARGEST_FILE} bytes")
    try:
        document = json.loads(
            data, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float
        )
    except RecursionError:
        return _no_json("it is nested without end")
    except ValueError as error:
        is_other = isinstance(error, json.JSONDecodeError | UnicodeDecodeError)
        return _no_json("it is neither its PDF nor its JSON" if is_other else str(error))
    return document if isinstance(document, dict) else _no_json("it is no object")


def _no_json(why: str) -> Refused:
    return Refused(code="statement.form", sentence=f"This is no statement: {why}.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in it, which readers understand differently")
    return found


def _no_float(text: str) -> object:
    raise ValueError(f"{text[:_LONGEST_SHOWN]} is a number that a statement does not write")


def _of_lines(document: dict[str, Any], inputs: StatementInputs) -> Iterator[str]:
    for told, line in zip(document["lines"], inputs.lines, strict=True):
        doubt = doubt_of(line)
        if doubt is not None:
            yield f"Line {told.get('line')} is wrong. {doubt.sentence}"


def _of_sums(document: dict[str, Any], again: dict[str, Any]) -> Iterator[str]:
    for path, told, right in _differences(document, again):
        match path:
            case (name,) if name == DIGEST:
                continue  # of other content, it must differ
            case ("lines", int(index), str(field)):
                line = again["lines"][index]
                yield (
                    f"Line {index + 1} ({line['site']}, meter {line['meter']}) is wrong: {field} "
                    f"is {told}, and its inputs give {right}."
                )
            case _:
                where = ".".join(map(str, path))
                yield f"{where} is {told}, and the lines and the contract give {right}."


def _of_form(document: dict[str, Any], data: bytes) -> Iterator[str]:
    digest = digest_of(document)
    if document.get(DIGEST) != digest:
        yield (
            f"The digest in it is not that of its content ({digest}): something was changed after "
            "it was made."
        )
    elif data != canonical(document):
        yield (
            "Its content is unchanged, but the file was written anew (spaces, line ends, order of "
            "names); verify the file as it was downloaded."
        )


def _of_digest(document: dict[str, Any], expected: str | None) -> Iterator[str]:
    told = str(document.get(DIGEST))
    if expected is not None and told != expected.strip().lower():
        yield f"Its digest is {told}, and not the one that was expected: it is another document."


def _differences(
    told: object, right: object, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(told, dict) and isinstance(right, dict):
        for key in sorted({*told, *right}):
            yield from _differences(told.get(key), right.get(key), (*path, key))
    elif isinstance(told, list) and isinstance(right, list) and len(told) == len(right):
        for index, (one, other) in enumerate(zip(told, right, strict=True)):
            yield from _differences(one, other, (*path, index))
    elif type(told) is not type(right) or told != right:
        yield path, _shown(told), _shown(right)


def _shown(value: object) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
