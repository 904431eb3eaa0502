"""Sign-in of a browser: a code that works once becomes a session, which ends with its key."""

from sqlalchemy import Connection, delete, insert, select, update

from domain.access import Principal
from domain.refusal import Refused
from store.access.browser_sessions import Session, end_session, lasts, new_session
from store.access.keys import admit
from store.access.tokens import new_secret, token_hash
from store.tables.access import api_key, web_session
from store.transaction import Transaction

#: A one-time link works for this long [s]: it is printed in a terminal and soon followed.
CODE_LIFE_S = 3600.0
_ENDED = Refused(code="session.ended", sentence="This session has ended; sign in again.")


def add_code(tx: Transaction, key_id: int) -> str:
    """A code that signs in, once, with the rights of this key; codes of the past are forgotten."""
    tx.connection.execute(
        delete(web_session).where(
            (web_session.c.expires_at_s < tx.now_s)
            | (web_session.c.token_hash.is_(None) & (web_session.c.code_expires_at_s < tx.now_s))
        )
    )
    code = new_secret()
    tx.connection.execute(
        insert(web_session),
        {
            "key_id": key_id,
            "code_hash": token_hash(code),
            "code_expires_at_s": tx.now_s + CODE_LIFE_S,
        },
    )
    return code


def enter(tx: Transaction, code: str) -> Session | Refused:
    """Turn a code into a session."""
    session = new_session()
    changed = tx.connection.execute(
        update(web_session)
        .where(
            web_session.c.code_hash == token_hash(code),
            web_session.c.token_hash.is_(None),
            web_session.c.code_expires_at_s >= tx.now_s,
        )
        .values(session.kept(tx.now_s))
    ).rowcount
    if not changed:
        return Refused(
            code="session.code",
            sentence="This sign-in link was used before or is too old; ask for a new one.",
        )
    return session


def find_visitor(connection: Connection, token: str, now_s: float) -> Principal | Refused:
    """Whose session this is; a revoked or expired key ends its sessions."""
    statement = (
        select(api_key)
        .select_from(web_session.join(api_key, web_session.c.key_id == api_key.c.id))
        .where(lasts(web_session, token, now_s))
    )
    row = connection.execute(statement).one_or_none()
    return _ENDED if row is None else admit(row, now_s)


def leave(tx: Transaction, token: str) -> None:
    """End a session."""
    end_session(tx, web_session, token)
