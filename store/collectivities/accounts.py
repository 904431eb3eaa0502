"""People of collectivities: invited, joined, closed; what each is to which collectivity."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from domain.refusal import Refused
from domain.towns.accounts import Membership, TownRole, TownVisitor
from domain.units import DAY_S
from store.access.tokens import new_secret, token_hash
from store.collectivities.account_tables import (
    town_account,
    town_invitation,
    town_membership,
    town_session,
)
from store.collectivities.alert_mails import take_back
from store.collectivities.alert_tables import town_alert_due, town_alert_wish, town_mailbox
from store.collectivities.collectivity_tables import collectivity, collectivity_site
from store.rows import AnyRow
from store.transaction import Transaction

#: An invitation travels by mail and waits for somebody to come back from leave [s].
INVITATION_LIFE_S = 14 * DAY_S
_NO_INVITATION = Refused(
    code="invitation.unknown",
    sentence="This invitation was used before or is too old; ask for a new one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Who shall join a collectivity, and as what."""

    collectivity_id: int
    email: str
    name: str
    role: TownRole
    site_ids: tuple[int, ...] | None  #: None = every site of the collectivity, also later ones.


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation as it is shown, once."""

    account_id: int
    code: str
    expires_at_s: float


def invite(tx: Transaction, asked: Invited, actor: str) -> Invitation | Refused:
    """Let somebody join, or choose a new password; older invitations of theirs end."""
    refused = _check_sites(tx, asked)
    if refused is not None:
        return refused
    row = _by_email(tx.connection, asked.email)
    account_id = _add_account(tx, asked) if row is None else int(row.id)
    tx.connection.execute(
        update(town_account)
        .where(town_account.c.id == account_id)
        .values(name=asked.name, closed_at_s=None, unused_told_at_s=None)
    )
    _join(tx, account_id, asked)
    tx.connection.execute(delete(town_invitation).where(town_invitation.c.account_id == account_id))
    code = new_secret()
    expires_at_s = tx.now_s + INVITATION_LIFE_S
    tx.connection.execute(
        insert(town_invitation),
        {
            "token_hash": token_hash(code),
            "account_id": account_id,
            "expires_at_s": expires_at_s,
        },
    )
    detail = f"collectivity/{asked.collectivity_id} as {asked.role.value}"
    tx.audited(actor=actor, action="account.invite", subject=f"account/{account_id}", detail=detail)
    return Invitation(account_id=account_id, code=code, expires_at_s=expires_at_s)


def invited_email(connection: Connection, code: str, now_s: float) -> str | Refused:
    """Whom an invitation is for, while it may be followed."""
    row = connection.execute(
        select(town_account.c.email)
        .join(town_invitation, town_invitation.c.account_id == town_account.c.id)
        .where(
            town_invitation.c.token_hash == token_hash(code),
            town_invitation.c.expires_at_s >= now_s,
            town_account.c.closed_at_s.is_(None),
        )
    ).one_or_none()
    return _NO_INVITATION if row is None else str(row.email)


def follow_invitation(tx: Transaction, code: str, password_hash: str) -> int | Refused:
    """Set the password of whoever was invited, once; every session of theirs ends."""
    row = tx.connection.execute(
        delete(town_invitation)
        .where(
            town_invitation.c.token_hash == token_hash(code),
            town_invitation.c.expires_at_s >= tx.now_s,
        )
        .returning(town_invitation.c.account_id)
    ).one_or_none()
    if row is None:
        return _NO_INVITATION
    set_password(tx, row.account_id, password_hash)
    return int(row.account_id)


def set_password(tx: Transaction, account_id: int, password_hash: str) -> None:
    """Take a new password; whoever is signed in with the old one no longer is."""
    tx.connection.execute(
        update(town_account)
        .where(town_account.c.id == account_id)
        .values(password_hash=password_hash)
    )
    tx.connection.execute(delete(town_session).where(town_session.c.account_id == account_id))
    subject = f"account/{account_id}"
    tx.audited(actor=subject, action="account.password", subject=subject)


def password_of(connection: Connection, email: str) -> tuple[int, str] | None:
    """Account and password hash of an address; None where nobody can sign in by it."""
    row = _by_email(connection, email)
    if row is None or row.closed_at_s is not None or row.password_hash is None:
        return None
    return int(row.id), str(row.password_hash)


def leave_collectivity(tx: Transaction, collectivity_id: int, account_id: int, actor: str) -> bool:
    """End what somebody is to a collectivity; without any left, the account is closed."""
    removed = tx.connection.execute(
        delete(town_membership).where(
            town_membership.c.account_id == account_id,
            town_membership.c.collectivity_id == collectivity_id,
        )
    ).rowcount
    if not removed:
        return False
    left = select(town_membership.c.account_id).where(town_membership.c.account_id == account_id)
    if tx.connection.execute(left).first() is None:
        close(tx, account_id)
    tx.audited(
        actor=actor,
        action="account.leave",
        subject=f"account/{account_id}",
        detail=f"collectivity/{collectivity_id}",
    )
    return True


def close(tx: Transaction, account_id: int) -> None:
    """Nobody signs in by it any more, whoever is signed in no longer is, and no mail is sent."""
    email = tx.connection.execute(
        update(town_account)
        .where(town_account.c.id == account_id)
        .values(closed_at_s=tx.now_s, password_hash=None)
        .returning(town_account.c.email)
    ).scalar_one()
    take_back(tx, email)
    for table in (town_session, town_invitation, town_alert_due, town_alert_wish, town_mailbox):
        tx.connection.execute(delete(table).where(table.c.account_id == account_id))


def visitor_of(connection: Connection, account_id: int) -> TownVisitor | None:
    """The person of an open account, with what they are to which collectivity now."""
    row = connection.execute(
        select(town_account).where(
            town_account.c.id == account_id, town_account.c.closed_at_s.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    return TownVisitor(
        account_id=row.id,
        name=row.name,
        email=row.email,
        memberships=_memberships(connection, account_id),
    )


def accounts_of(connection: Connection, collectivity_id: int) -> list[dict[str, Any]]:
    """The people of a collectivity, by address, without anything secret."""
    statement = (
        select(
            town_account.c.id.label("account_id"),
            town_account.c.email,
            town_account.c.name,
            town_membership.c.role,
            town_membership.c.site_ids,
            town_account.c.password_hash.is_not(None).label("has_joined"),
            town_account.c.created_at_s,
            town_account.c.last_seen_at_s,
            town_account.c.unused_told_at_s,
        )
        .join(town_membership, town_membership.c.account_id == town_account.c.id)
        .where(town_membership.c.collectivity_id == collectivity_id)
        .order_by(town_account.c.email)
    )
    rows = (dict(row._mapping) for row in connection.execute(statement))
    return [{**row, "site_ids": _loaded(row["site_ids"])} for row in rows]


def _memberships(connection: Connection, account_id: int) -> tuple[Membership, ...]:
    statement = (
        select(town_membership, collectivity.c.name)
        .join(collectivity, collectivity.c.id == town_membership.c.collectivity_id)
        .where(town_membership.c.account_id == account_id)
        .order_by(collectivity.c.name)
    )
    return tuple(_membership(connection, row) for row in connection.execute(statement).all())


def _membership(connection: Connection, row: AnyRow) -> Membership:
    """A site that was taken from the collectivity is no longer seen, whatever was agreed."""
    own = connection.execute(
        select(collectivity_site.c.site_id).where(
            collectivity_site.c.collectivity_id == row.collectivity_id
        )
    ).scalars()
    agreed = _loaded(row.site_ids)
    return Membership(
        collectivity_id=row.collectivity_id,
        collectivity=row.name,
        role=TownRole(row.role),
        site_ids=frozenset(site for site in own if agreed is None or site in agreed),
    )


def _loaded(text: str | None) -> list[int] | None:
    return None if text is None else list(json.loads(text))


def _by_email(connection: Connection, email: str) -> AnyRow | None:
    return connection.execute(
        select(town_account).where(town_account.c.email == email)
    ).one_or_none()


def _check_sites(tx: Transaction, asked: Invited) -> Refused | None:
    known = tx.connection.execute(
        select(collectivity.c.id).where(collectivity.c.id == asked.collectivity_id)
    ).scalar()
    if known is None:
        return Refused(code="collectivity.unknown", sentence="There is no such collectivity.")
    own = set(
        tx.connection.execute(
            select(collectivity_site.c.site_id).where(
                collectivity_site.c.collectivity_id == asked.collectivity_id
            )
        ).scalars()
    )
    strange = next((site for site in asked.site_ids or () if site not in own), None)
    if strange is None:
        return None
    return Refused(
        code="account.site",
        sentence=f"The site {strange} is not this collectivity's; give it first with: "
        "chaufferie collectivities give-site",
    )


def _add_account(tx: Transaction, asked: Invited) -> int:
    values = {"email": asked.email, "name": asked.name, "created_at_s": tx.now_s}
    statement = insert(town_account).values(values).returning(town_account.c.id)
    return int(tx.connection.execute(statement).scalar_one())


def _join(tx: Transaction, account_id: int, asked: Invited) -> None:
    own = (town_membership.c.account_id == account_id) & (
        town_membership.c.collectivity_id == asked.collectivity_id
    )
    tx.connection.execute(delete(town_membership).where(own))
    tx.connection.execute(
        insert(town_membership),
        {
            "account_id": account_id,
            "collectivity_id": asked.collectivity_id,
            "role": asked.role.value,
            "site_ids": None if asked.site_ids is None else json.dumps(sorted(asked.site_ids)),
        },
    )
