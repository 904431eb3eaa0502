"""Sign-in to the pages of collectivities: tries are counted first, then a session is opened.

However somebody proves who they are, by a password here or elsewhere by their own organisation,
it ends in ``open_session``.
"""

from sqlalchemy import Connection, delete, insert, select, update

from domain.refusal import Refused
from domain.towns.accounts import TownVisitor
from store.access.browser_sessions import Session, end_session, lasts, new_session
from store.access.tokens import token_hash
from store.collectivities.account_tables import town_account, town_session, town_sign_in
from store.collectivities.accounts import visitor_of
from store.transaction import Transaction

#: After so many tries without success an address waits: 480 tries a day at the most.
TRIES, LOCKED_FOR_S = 5, 900.0
_LOCKED = Refused(
    code="sign_in.locked",
    sentence="There were too many tries with this address; wait a quarter of an hour.",
)


def count_try(tx: Transaction, email: str) -> Refused | None:
    """Count a try before the password is looked at, so that many at once do not slip through.

    Addresses that nobody has are counted alike: an answer tells nobody who has an account.
    """
    known = town_sign_in.c.email_hash == token_hash(email)
    statement = select(town_sign_in).where(known)
    if tx.locks_rows:
        statement = statement.with_for_update()
    row = tx.connection.execute(statement).one_or_none()
    is_recent = row is not None and row.last_at_s > tx.now_s - LOCKED_FOR_S
    tries = row.tries if row is not None and is_recent else 0
    if tries >= TRIES:
        return _LOCKED
    values = {"tries": tries + 1, "last_at_s": tx.now_s}
    if row is None:
        forget = town_sign_in.c.last_at_s < tx.now_s - LOCKED_FOR_S
        tx.connection.execute(delete(town_sign_in).where(forget))
        tx.connection.execute(insert(town_sign_in), {"email_hash": token_hash(email), **values})
    else:
        tx.connection.execute(update(town_sign_in).where(known).values(values))
    if tries + 1 == TRIES:
        tx.audited(actor="page", action="account.locked", subject=_subject(tx, email))
    return None


def _subject(tx: Transaction, email: str) -> str:
    found = tx.connection.execute(
        select(town_account.c.id).where(town_account.c.email == email)
    ).scalar()
    return "account/unknown" if found is None else f"account/{found}"


def open_session(tx: Transaction, account_id: int) -> Session:
    """Let somebody in who has proved to be this account's owner."""
    row = tx.connection.execute(
        update(town_account)
        .where(town_account.c.id == account_id)
        .values(last_seen_at_s=tx.now_s, unused_told_at_s=None)
        .returning(town_account.c.email)
    ).one()
    tx.connection.execute(
        delete(town_sign_in).where(town_sign_in.c.email_hash == token_hash(row.email))
    )
    tx.connection.execute(delete(town_session).where(town_session.c.expires_at_s < tx.now_s))
    session = new_session()
    tx.connection.execute(
        insert(town_session), {"account_id": account_id, **session.kept(tx.now_s)}
    )
    subject = f"account/{account_id}"
    tx.audited(actor=subject, action="account.sign_in", subject=subject)
    return session


def find_town_visitor(connection: Connection, token: str, now_s: float) -> TownVisitor | None:
    """Whose session this is, with the rights they have now; None where it has ended."""
    account_id = connection.execute(
        select(town_session.c.account_id).where(lasts(town_session, token, now_s))
    ).scalar()
    return None if account_id is None else visitor_of(connection, account_id)


def close_session(tx: Transaction, token: str) -> None:
    """Sign out."""
    end_session(tx, town_session, token)
