import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusal import Refused
from domain.towns.collectivities import Collectivity, check_collectivity
from domain.towns.colours import INK, TEXT_CONTRAST, WHITE, check_colour, contrast, text_on
from domain.towns.siret import check_siret

GOOD = "21750001600019"


@pytest.mark.parametrize("text", [GOOD, "217 500 016 00019", "217\u00a0500\u202f016 00019"])
def test_a_siret_may_be_written_in_groups(text: str) -> None:
    assert check_siret(text) == GOOD


def test_la_poste_has_a_check_of_its_own() -> None:
    assert check_siret("35600000049837") == "35600000049837"


@pytest.mark.parametrize(
    "text", ["", "2175000160001", GOOD + "0", "2175000160001a", "²1750001600019", "٢١٧٥٠٠٠١٦٠٠٠١٩"]
)
def test_what_has_not_fourteen_digits_is_no_siret(text: str) -> None:
    refused = check_siret(text)

    assert isinstance(refused, Refused)
    assert refused.code == "siret.form"


@given(place=st.integers(0, 13), other=st.integers(1, 9))
def test_one_wrong_digit_is_seen_wherever_it_stands(place: int, other: int) -> None:
    digit = (int(GOOD[place]) + other) % 10

    refused = check_siret(f"{GOOD[:place]}{digit}{GOOD[place + 1 :]}")

    assert isinstance(refused, Refused)
    assert refused.code == "siret.check"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", WHITE) == pytest.approx(21.0)
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)
    assert contrast(WHITE, WHITE) == 1.0


@given(parts=st.tuples(*[st.integers(0, 255)] * 3))
def test_text_on_an_accepted_colour_can_be_read(parts: tuple[int, int, int]) -> None:
    colour = "#{:02x}{:02x}{:02x}".format(*parts)
    checked = check_colour(colour.upper())

    if isinstance(checked, Refused):
        assert checked.code == "colour.contrast"
        assert max(contrast(colour, WHITE), contrast(colour, INK)) < TEXT_CONTRAST
    else:
        assert contrast(checked, text_on(checked)) >= TEXT_CONTRAST


@pytest.mark.parametrize("text", ["red", "#12345", "#1234567", "#12345g", "url(x)", "#fff;}*{"])
def test_only_six_hexadecimal_digits_are_a_colour(text: str) -> None:
    refused = check_colour(text)

    assert isinstance(refused, Refused)
    assert refused.code == "colour.form"


def test_a_description_is_checked_as_a_whole() -> None:
    good = check_collectivity(
        name="Ville", siret="217 500 016 00019", colour="1A5E9A", contact=None
    )
    bad = check_collectivity(name="Ville", siret=GOOD, colour="blue", contact=None)

    assert good == Collectivity(name="Ville", siret=GOOD, colour="#1a5e9a")
    assert isinstance(bad, Refused)
