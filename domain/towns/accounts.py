"""People of a collectivity who open its pages: their roles, what each may do, their passwords."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.refusal import Refused

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
_LONGEST_EMAIL = 254
#: Deliberately loose: an address is proved by the letter that reaches it.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f<>\"',;:\\()\[\]]+@[a-z0-9-]+(\.[a-z0-9-]+)+")


class TownRole(StrEnum):
    """What somebody is to a collectivity."""

    ENERGY_MANAGER = "energy_manager"
    ACCOUNTANT = "accountant"
    ADVISER = "adviser"  #: From outside, often of many towns; only looks.


class TownRight(StrEnum):
    """What a role may do beyond looking at its sites."""

    STEER = "steer"  #: Set-points, the calendar, what is published.
    DISPUTE = "dispute"  #: Lines of statements.


ROLE_RIGHTS: Mapping[TownRole, frozenset[TownRight]] = {
    TownRole.ENERGY_MANAGER: frozenset({TownRight.STEER, TownRight.DISPUTE}),
    TownRole.ACCOUNTANT: frozenset({TownRight.DISPUTE}),
    TownRole.ADVISER: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What a person is to one collectivity."""

    collectivity_id: int
    collectivity: str
    role: TownRole
    site_ids: frozenset[int]  #: Those of the collectivity that this person may see.

    def may(self, right: TownRight) -> bool:
        """Whether the role brings this right."""
        return right in ROLE_RIGHTS[self.role]


@dataclass(frozen=True, slots=True, kw_only=True)
class TownVisitor:
    """Somebody signed in to the pages of collectivities, by whatever means."""

    account_id: int
    name: str
    email: str
    memberships: tuple[Membership, ...]

    @property
    def actor(self) -> str:
        """How the audit trail names this person."""
        return f"account/{self.account_id}"

    @property
    def site_ids(self) -> frozenset[int]:
        """Every site this person may see."""
        return frozenset(site for item in self.memberships for site in item.site_ids)

    def of_site(self, site_id: int) -> Membership | None:
        """As what this person sees a site; None where it is not theirs to see."""
        return next((item for item in self.memberships if site_id in item.site_ids), None)


def check_email(text: str) -> str | Refused:
    """An address in the form in which it is compared."""
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or _EMAIL.fullmatch(email) is None:
        return Refused(
            code="email.form",
            sentence=f"{text[:60]!r} is no e-mail address; write it as name@town.fr.",
        )
    return email


def check_password(password: str, email: str) -> Refused | None:
    """A refusal where it is too easy to guess: length counts, not the kinds of characters."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return Refused(
            code="password.length",
            sentence=f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            "take a sentence.",
        )
    plain = password.lower()
    if len(set(plain)) < SHORTEST_PASSWORD // 2 or email.partition("@")[0] in plain:
        return Refused(
            code="password.weak",
            sentence="This password is easy to guess; take a sentence of several words, "
            "without your name.",
        )
    return None
