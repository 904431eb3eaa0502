"""Wrong fields are called as the person typed them."""

import pytest

from chaufferie.cli.speaking.fields import OPTIONS, in_typed_words
from chaufferie.sdk.errors import BadInputError, RefusedByServerError
from tests.support.commands import COMMANDS, parameters


def refused(**fields: str) -> RefusedByServerError:
    return RefusedByServerError("As fields.", status=422, code="request.invalid", fields=fields)


@pytest.mark.parametrize(
    ("fields", "words", "said"),
    [
        (
            {"tolerance_frac": "must be less than 1", "max_power_w": "must be at most 100000000"},
            ["meter", "describe", "K-1", "--tolerance=5", "--max-kw", "1e9"],
            "--tolerance must be less than 1; --max-kw (in W) must be at most 100000000.",
        ),
        (
            {"site_ids[0]": "must be at least 1"},
            ["--site-id", "0"],
            "--site-id must be at least 1.",
        ),
        ({"site_ids": "must be a list"}, ["--site", "0"], "--site must be a list."),
        ({"project": "must not be empty"}, ["--project", ""], "--project must not be empty."),
        ({"name": "must not be empty"}, ["tenants", "add", ""], "name must not be empty."),
        ({"terms.buyer.siret": "is missing"}, ["contracts", "add"], "buyer.siret is missing."),
        (
            {"latitude_deg": "must be at most 90", "longitude_deg": "must be at most 180"},
            ["collectivities", "give-site", "C", "S", "--at", "999,999"],
            "--at must be at most 90; --at must be at most 180.",
        ),
    ],
)
def test_a_field_is_called_by_its_option(
    fields: dict[str, str], words: list[str], said: str
) -> None:
    assert in_typed_words(refused(**fields), words) == said


def test_other_errors_say_what_they_said() -> None:
    assert in_typed_words(BadInputError("No."), ["--tolerance"]) == "No."
    assert in_typed_words(refused(), ["--tolerance"]) == "As fields."


def test_every_option_in_the_table_is_one_of_a_command() -> None:
    known = {
        word
        for command in COMMANDS
        for name, told in parameters(command).items()
        # In an annotation typer takes the first name of an option for a default.
        for word in (told.default, *(told.param_decls or ()), f"--{name.replace('_', '-')}")
    }

    assert {option for options in OPTIONS.values() for option in options} <= known
