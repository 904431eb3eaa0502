"""Sessions of browsers, in whatever table they are kept: each known by a token, told once."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete

from domain.units import HOUR_S
from store.access.tokens import new_secret, token_hash
from store.transaction import Transaction

SESSION_LIFE_S = 12 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as its browser gets it, once."""

    token: str
    life_s: float

    def kept(self, now_s: float) -> dict[str, object]:
        """What is stored of it if it begins now, by column."""
        return {"token_hash": token_hash(self.token), "expires_at_s": now_s + self.life_s}


def new_session() -> Session:
    """A session that nobody has yet."""
    return Session(token=new_secret(), life_s=SESSION_LIFE_S)


def lasts(table: Table, token: str, now_s: float) -> ColumnElement[bool]:
    """The condition that finds the session of a token, unless it has ended."""
    return and_(table.c.token_hash == token_hash(token), table.c.expires_at_s >= now_s)


def end_session(tx: Transaction, table: Table, token: str) -> None:
    """Sign out."""
    tx.connection.execute(delete(table).where(table.c.token_hash == token_hash(token)))
