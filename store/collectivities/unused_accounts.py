"""Accounts that nobody uses: told so, closed a month later, and then nobody's name any more.

What they did stays in the audit trail under the number of the account.
"""

from collections.abc import Callable

from sqlalchemy import ColumnElement, func, select, update

from domain.disclosure import ACCOUNT_NOTICE_S
from domain.languages import Language
from domain.notices.notice import Occasion
from store.collectivities.account_tables import town_account
from store.collectivities.accounts import close
from store.collectivities.alert_mails import add_mail
from store.collectivities.alert_tables import town_mailbox
from store.rounds import LARGEST_STEP_ROWS
from store.transaction import Transaction

KIND = "account_unused"


def _used_at_s() -> ColumnElement[float]:
    return func.coalesce(town_account.c.last_seen_at_s, town_account.c.created_at_s)


def tell_unused(tx: Transaction, kept_s: float, may_write_to: Callable[[str], bool]) -> bool:
    """Tell owners of accounts that will be closed; whether there may be more to do."""
    due = (
        select(
            town_account.c.id,
            town_account.c.email,
            _used_at_s().label("used_at_s"),
            town_mailbox.c.language,
        )
        .outerjoin(town_mailbox, town_mailbox.c.account_id == town_account.c.id)
        .where(
            town_account.c.closed_at_s.is_(None),
            town_account.c.unused_told_at_s.is_(None),
            _used_at_s() < tx.now_s - kept_s + ACCOUNT_NOTICE_S,
        )
        .order_by(town_account.c.id)
        .limit(LARGEST_STEP_ROWS)
    )
    if tx.locks_rows:
        due = due.with_for_update(of=town_account, skip_locked=True)
    rows = tx.connection.execute(due).all()
    for row in rows:
        tx.connection.execute(
            update(town_account)
            .where(town_account.c.id == row.id)
            .values(unused_told_at_s=tx.now_s)
        )
        closes_at_s = max(row.used_at_s + kept_s, tx.now_s + ACCOUNT_NOTICE_S)
        if may_write_to(row.email):
            line = {
                "kind": KIND,
                "is_end": False,
                "since_s": row.used_at_s,
                "facts": {"closes_at_s": closes_at_s},
            }
            payload = {
                "occasion": Occasion.TOWN.value,
                "language": row.language or Language.FRENCH.value,
                "at_s": tx.now_s,
                "lines": [line],
                "more": 0,
            }
            add_mail(tx, f"town-{row.id}-unused-{int(tx.now_s)}", payload, row.email)
        tx.audited(actor="worker", action="account.unused", subject=f"account/{row.id}")
    return len(rows) == LARGEST_STEP_ROWS


def close_unused(tx: Transaction, kept_s: float) -> bool:
    """Close accounts whose owners were told a month ago; whether there may be more to do."""
    due = (
        select(town_account.c.id)
        .where(
            town_account.c.closed_at_s.is_(None),
            town_account.c.unused_told_at_s <= tx.now_s - ACCOUNT_NOTICE_S,
            _used_at_s() <= tx.now_s - kept_s,
        )
        .order_by(town_account.c.id)
        .limit(LARGEST_STEP_ROWS)
    )
    ids = tx.connection.execute(due).scalars().all()
    for account_id in ids:
        close(tx, account_id)
        tx.audited(actor="worker", action="account.close", subject=f"account/{account_id}")
    return len(ids) == LARGEST_STEP_ROWS


def erase_closed(tx: Transaction, kept_s: float) -> bool:
    """Erase name and address of accounts closed so long ago; whether there may be more to do."""
    due = (
        select(town_account.c.id)
        .where(
            town_account.c.closed_at_s <= tx.now_s - kept_s,
            town_account.c.email.like("%@%"),  # what stands there afterwards is no address
        )
        .order_by(town_account.c.id)
        .limit(LARGEST_STEP_ROWS)
    )
    ids = tx.connection.execute(due).scalars().all()
    for account_id in ids:
        tx.connection.execute(
            update(town_account)
            .where(town_account.c.id == account_id)
            .values(email=f"closed/{account_id}", name="", last_seen_at_s=None)
        )
    return len(ids) == LARGEST_STEP_ROWS
