"""The form of a request, and what a person reads where it is wrong."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.mistakes import MOST_SAID, in_one_sentence, mistakes_in
from api.names import Name, Sha256
from domain.registers.declaration import Act


class Inner(BaseModel):
    size_bytes: int = Field(ge=0)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    serial: Name = "K-1"
    act: Act = Act.CONFIRM
    power_w: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False)] = 1.0
    photo_sha256: Sha256 | None = None
    inputs: list[Inner] = Field(default=[], max_length=2)
    is_kept: bool = False


def told(**body: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as wrong:
        Asked.model_validate(body)
    errors: list[Any] = [{**item, "loc": ("body", *item["loc"])} for item in wrong.value.errors()]
    return mistakes_in(errors)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"power_w": 0}, "power_w must be more than 0."),
        ({"power_w": 1e9}, "power_w must be at most 100000000."),
        ({"power_w": "much"}, "power_w must be a number."),
        ({"power_w": float("inf")}, "power_w must be a finite number."),
        ({"serial": ""}, "serial must not be empty."),
        ({"serial": "x" * 201}, "serial must have 200 characters at most."),
        ({"serial": "a\nb"}, "serial must be one line of text, without control characters."),
        ({"serial": 7}, "serial must be a text."),
        ({"photo_sha256": "zz"}, "photo_sha256 must be a SHA-256, 64 characters of 0-9 and a-f."),
        ({"inputs": [{}, {}, {}]}, "inputs must have 2 entries at most."),
        ({"inputs": [{}]}, "inputs[0].size_bytes is missing."),
        ({"inputs": [{"size_bytes": 0.5}]}, "inputs[0].size_bytes must be a whole number."),
        ({"is_kept": "perhaps"}, "is_kept must be true or false."),
        ({"colour": "red"}, "colour is not known here."),
    ],
)
def test_a_mistake_is_said_without_the_words_of_a_library(
    body: dict[str, object], said: str
) -> None:
    assert in_one_sentence(told(**body)) == said


def test_what_may_be_chosen_is_listed() -> None:
    assert "act must be one of 'install'" in in_one_sentence(told(act="paint"))


def test_every_wrong_field_is_named_at_once() -> None:
    found = told(power_w=0, serial="", colour="red")

    assert list(found) == ["serial", "power_w", "colour"]
    assert in_one_sentence(found).count(";") == 2


def test_of_very_many_the_first_are_named() -> None:
    found = {f"field_{number}": "is missing" for number in range(MOST_SAID + 3)}

    assert in_one_sentence(found).endswith("; and 3 fields more.")


def test_a_name_that_was_sent_stays_on_one_short_line() -> None:
    found = told(**{"a\x1b[31m\n" + "b" * 500: 1})

    assert in_one_sentence(found).isprintable()
    assert len(in_one_sentence(found)) < 120


def test_a_mistake_of_the_whole_is_a_sentence_of_its_own() -> None:
    error = {"loc": ("body",), "type": "value_error", "msg": "Value error, name one of: a, b"}

    assert in_one_sentence(mistakes_in([error])) == "Name one of: a, b."
