"""A form is read as it was typed, or refused: never read otherwise."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.town.forms import LONGEST_FORM_BYTES, read_form
from domain.refusal import Refused

KIND = "application/x-www-form-urlencoded"
#: What people type: letters, signs, new lines; no control characters.
TYPED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")) | st.sampled_from("\t\r\n"))


@given(st.dictionaries(TYPED, TYPED, max_size=40))
def test_what_was_typed_comes_back_letter_by_letter(fields: dict[str, str]) -> None:
    body = urlencode(fields).encode()

    if len(body) <= LONGEST_FORM_BYTES:
        assert read_form(f"{KIND}; charset=UTF-8", body) == fields


@given(kind=st.sampled_from([KIND, "", "text/plain"]) | st.text(), body=st.binary())
def test_whatever_comes_is_read_or_refused_in_a_sentence(kind: str, body: bytes) -> None:
    found = read_form(kind, body)

    assert not isinstance(found, Refused) or found.sentence.endswith(".")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (KIND, b"a=%00", "form.text"),
        (KIND, b"a=\x00", "form.text"),
        (KIND, b"a=%ff%fe", "form.text"),
        (KIND, b"a=\xff", "form.text"),
        (KIND, b"a=%ed%a0%80", "form.text"),  # half of a pair
        (KIND, b"a=%C2%85", "form.text"),
        (KIND, b"a=1&a=2", "form.fields"),
        (KIND, b"&".join(b"a%d=" % number for number in range(41)), "form.fields"),
        (KIND, b"a=" + b"x" * LONGEST_FORM_BYTES, "form.too_long"),
        ("application/json", b'{"a":"1"}', "form.kind"),
        ("multipart/form-data; boundary=x", b"--x", "form.kind"),
        ("text/plain", b"a=1", "form.kind"),
        ("", b"a=1", "form.kind"),
    ],
)
def test_what_is_no_form_of_ours_is_refused(kind: str, body: bytes, code: str) -> None:
    found = read_form(kind, body)

    assert isinstance(found, Refused)
    assert found.code == code


def test_an_empty_form_has_no_fields() -> None:
    assert read_form("", b"") == {}
