"""Mails to the people of collectivities: what is due to each of them, put together into one.

A mail is a notice like any other and is written in the transaction that takes what it says off
the list: nothing is told twice, and nothing is lost between the two.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from domain.notices.notice import Occasion
from store.collectivities.account_tables import town_account
from store.collectivities.alert_tables import town_alert, town_alert_due, town_mailbox
from store.notices.notice_tables import notice
from store.rows import AnyRow
from store.transaction import Transaction

#: A person gets the first mail at once and then one in this time, with all that came meanwhile [s].
APART_S = 3600.0
#: What a mail says at the most; the page says the rest.
MOST_LINES = 40


def write_mails(
    tx: Transaction, may_write_to: Callable[[str], bool], apart_s: float = APART_S
) -> int:
    """Write to everybody to whom something is due; how many mails."""
    written = 0
    for row in tx.connection.execute(_waiting(tx, apart_s)).all():
        due = tx.connection.execute(_due(row.account_id)).all()
        if due and may_write_to(row.email):
            _write(tx, row, due)
            written += 1
        taken = [item.due_id for item in due]
        tx.connection.execute(delete(town_alert_due).where(town_alert_due.c.id.in_(taken)))
    return written


def _waiting(tx: Transaction, apart_s: float) -> Any:  # noqa: ANN401 - a select of rows
    """Who may be written to now, locked so that no two workers write to one."""
    statement = (
        select(town_mailbox.c.account_id, town_mailbox.c.language, town_account.c.email)
        .join(town_account, town_account.c.id == town_mailbox.c.account_id)
        .where(
            town_mailbox.c.account_id.in_(select(town_alert_due.c.account_id)),
            or_(
                town_mailbox.c.last_mail_at_s.is_(None),
                town_mailbox.c.last_mail_at_s <= tx.now_s - apart_s,
            ),
        )
        .order_by(town_mailbox.c.account_id)
    )
    if tx.locks_rows:
        statement = statement.with_for_update(of=town_mailbox, skip_locked=True)
    return statement


def _due(account_id: int) -> Any:  # noqa: ANN401 - a select of rows
    return (
        select(town_alert, town_alert_due.c.is_end, town_alert_due.c.id.label("due_id"))
        .join(town_alert, town_alert.c.id == town_alert_due.c.alert_id)
        .where(town_alert_due.c.account_id == account_id)
        .order_by(town_alert_due.c.id)
    )


def _write(tx: Transaction, person: AnyRow, due: Sequence[AnyRow]) -> None:
    payload = {
        "occasion": Occasion.TOWN.value,
        "language": person.language,
        "at_s": tx.now_s,
        "lines": [_line(row) for row in due[:MOST_LINES]],
        "more": max(len(due) - MOST_LINES, 0),
    }
    end = "over" if due[0].is_end else "began"
    add_mail(tx, f"town-{person.account_id}-{due[0].id}-{end}", payload, person.email)
    tx.connection.execute(
        update(town_mailbox)
        .where(town_mailbox.c.account_id == person.account_id)
        .values(last_mail_at_s=tx.now_s)
    )


def _line(row: AnyRow) -> dict[str, object]:
    return {
        "kind": row.kind,
        "is_end": bool(row.is_end),
        "since_s": row.since_s,
        "ended_at_s": row.ended_at_s,
        "closing": row.closing,
        "facts": json.loads(row.facts),
    }


def add_mail(tx: Transaction, name: str, payload: dict[str, Any], address: str) -> None:
    """Have a mail sent; the name stands for what it tells, and is used once."""
    tx.connection.execute(
        insert(notice),
        {
            "name": name,
            "payload": json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
            "mail_to": address,
            "created_at_s": tx.now_s,
            "due_at_s": tx.now_s,
            "tries": 0,
        },
    )


def take_back(tx: Transaction, address: str) -> None:
    """Send nothing more of what waits for this address as one of a collectivity."""
    tx.connection.execute(
        update(notice)
        .where(
            notice.c.mail_to == address,
            notice.c.due_at_s.is_not(None),
            notice.c.name.like("town-%"),
        )
        .values(due_at_s=None, error="the account was closed")
    )
