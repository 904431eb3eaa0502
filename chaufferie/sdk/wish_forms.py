"""The forms that wishes have in Python, looked at before an option is made of them."""

import math
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from chaufferie.sdk.errors import BadInputError


def check_words(wishes: Mapping[str, object], *, known: Collection[str]) -> None:
    """Raise ``BadInputError`` for a wish that nobody would look at."""
    unknown = next((key for key in wishes if key not in known), None)
    if unknown is None:
        return
    near = get_close_matches(unknown, known, n=1)
    way_out = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known))}."
    raise BadInputError(f"There is no wish {unknown}; {way_out}", code="client.wish")


def check_texts(given: Mapping[str, object], *, keys: Collection[str]) -> None:
    """Raise ``BadInputError`` for a text where a list of texts is meant."""
    for key in keys:
        value = given.get(key)
        if isinstance(value, str | bytes):
            raise BadInputError(
                f"{key} is a list of texts; write for instance {key}=[{value!r}].",
                code="client.wish",
            )


def check_seconds(wishes: Mapping[str, object], *, keys: Collection[str]) -> None:
    """Raise ``BadInputError`` for a time that is no number of seconds above 0."""
    for key in keys:
        value = wishes.get(key, 1)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (math.isfinite(value) and value > 0):  # type: ignore[arg-type,operator]
            raise BadInputError(
                f"{key}={value!r} is no time; write a number of seconds above 0.",
                code="client.wish",
            )
