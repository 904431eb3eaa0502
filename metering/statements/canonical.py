"""One way to write a document, so that equal documents are equal bytes and have one digest.

RFC 8785 (JSON Canonicalization Scheme) for documents whose numbers are integers: keys in order, no
spaces, UTF-8. Sums of money are strings, which no reader rounds.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

DIGEST = "digest_sha256"
#: RFC 8785 knows IEEE doubles only; beyond this not every integer is one.
LARGEST_INTEGER = 2**53 - 1


def canonical(document: object) -> bytes:
    """The document's bytes; raises ``ValueError`` for what has no canonical form here."""
    _check(document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its own digest, in hexadecimal."""
    bare = {key: value for key, value in document.items() if key != DIGEST}
    return hashlib.sha256(canonical(bare)).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its digest in it."""
    return {**document, DIGEST: digest_of(document)}


def _check(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ValueError(f"{value} is too large a number for a document")
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise ValueError(f"{key!r} cannot be a key of a document")
                _check(item)
        case _:
            raise ValueError(f"{type(value).__name__} has no place in a document")
