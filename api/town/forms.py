"""What a browser sends of a form, read as it was typed, or refused: never read otherwise."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from domain.refusal import Refused

LONGEST_FORM_BYTES = 16_384
_MOST_FIELDS = 40
#: How a browser sends the forms of our pages, which say nothing else.
_KIND = "application/x-www-form-urlencoded"
#: What no keyboard types into a field and no database keeps in a text; new lines and tabs may be.
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

TOO_LONG = Refused(code="form.too_long", sentence="This form is too long.")
_OTHER_KIND = Refused(
    code="form.kind", sentence=f"Send this form from our page, as {_KIND} and in no other way."
)
_FIELDS = Refused(
    code="form.fields", sentence="This form has too many fields, or one of them twice."
)
_TEXT = Refused(
    code="form.text", sentence="This form holds characters that are no text in UTF-8; type it anew."
)


def read_form(kind: str, body: bytes) -> Mapping[str, str] | Refused:
    """The fields by name; ``kind`` is the content type, which an empty body needs not."""
    if len(body) > LONGEST_FORM_BYTES:
        return TOO_LONG
    if body and kind.partition(";")[0].strip().lower() != _KIND:
        return _OTHER_KIND
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _TEXT
    try:
        found = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeDecodeError:
        return _TEXT
    except ValueError:  # too many
        return _FIELDS
    fields = dict(found)
    if len(fields) < len(found):
        return _FIELDS
    return _TEXT if any(_NO_TEXT.search(value) for value in fields.values()) else fields
