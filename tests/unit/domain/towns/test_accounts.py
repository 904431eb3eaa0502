import pytest

from domain.refusal import Refused
from domain.towns.accounts import (
    Membership,
    TownRight,
    TownRole,
    TownVisitor,
    check_email,
    check_password,
)


def member(role: TownRole, *site_ids: int) -> Membership:
    return Membership(
        collectivity_id=1, collectivity="Ville", role=role, site_ids=frozenset(site_ids)
    )


@pytest.mark.parametrize("text", ["marie@ville.fr", " Marie@Ville.FR ", "a+b@x-y.example.org"])
def test_an_address_is_compared_in_small_letters(text: str) -> None:
    assert check_email(text) == text.strip().lower()


@pytest.mark.parametrize(
    "text",
    [
        *("", "marie", "marie@", "@ville.fr", "a@b", "a b@ville.fr", "a,b@ville.fr", "a@é.fr"),
        *("a@ville.fr\r\nBcc: x@y.fr", "<script>@ville.fr", "a@ville..fr", "a" * 250 + "@v.fr"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert isinstance(check_email(text), Refused)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password.length"),
        ("x" * 129, "password.length"),
        ("aaaaaaaaaaaaaaa", "password.weak"),
        ("ababababababab", "password.weak"),
        ("i am marie of the town", "password.weak"),
        ("four warm words here", None),
    ],
)
def test_a_password_is_judged_by_its_length_and_by_what_it_repeats(
    password: str, code: str | None
) -> None:
    refused = check_password(password, "marie@ville.fr")

    assert (None if refused is None else refused.code) == code


def test_an_adviser_only_looks_and_everybody_sees_only_their_sites() -> None:
    manager, adviser = member(TownRole.ENERGY_MANAGER, 1, 2), member(TownRole.ADVISER, 7)
    visitor = TownVisitor(
        account_id=3, name="Paul", email="paul@conseil.fr", memberships=(manager, adviser)
    )

    assert visitor.site_ids == {1, 2, 7}
    assert visitor.of_site(7) == adviser
    assert visitor.of_site(8) is None
    assert manager.may(TownRight.STEER)
    assert not member(TownRole.ACCOUNTANT).may(TownRight.STEER)
    assert member(TownRole.ACCOUNTANT).may(TownRight.DISPUTE)
    assert not any(adviser.may(right) for right in TownRight)
