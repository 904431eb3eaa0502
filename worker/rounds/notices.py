"""The round of notices: write down what time has come to, send what is due, note what came of it.

A notice is taken by one worker for a while, and marked when it got through; should the worker die
in between, it is sent again, under the same name.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from domain.notices.rules import NoticeRules, Relay
from domain.refusal import Refused
from store.notices.sending import Due, mark_failed, mark_sent, note_passing_time, take_due
from store.transaction import Store
from worker.sending.mailing import mail_all
from worker.sending.trust import trust
from worker.sending.webhooks import deliver_all

_log = logging.getLogger(__name__)

_TAKEN_AT_ONCE = 100
#: A round leaves the rest to the next one, so that other work of the worker has its turn.
_MOST_TAKEN = 1000
#: What no later try would change.
_HOPELESS = frozenset({"webhook.host", "webhook.url", "mail.none", "mail.address"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What sending needs besides the rules."""

    password_file: Path | None = None  #: Holds the password of the relay's user.
    public_url: str | None = None  #: Where the pages of collectivities are.
    ca_file: Path | None = None  #: Authorities that are believed besides the system's.


def send_notices(store: Store, rules: NoticeRules, means: Means) -> int:
    """Send what is due; how many got through."""
    with store.transaction() as tx:
        note_passing_time(tx)
    through = taken = 0
    while taken < _MOST_TAKEN:
        with store.transaction() as tx:
            due, now_s = take_due(tx, _TAKEN_AT_ONCE), tx.now_s
        if not due:
            break
        taken += len(due)
        results = _send(due, rules, means, now_s)
        with store.transaction() as tx:
            mark_sent(tx, [item for item, refused in results if refused is None])
            for item, refused in results:
                if refused is not None:
                    is_hopeless = refused.code in _HOPELESS
                    mark_failed(tx, item, refused.sentence, is_hopeless=is_hopeless)
        for item, refused in results:
            if refused is not None:
                _log.warning("notice %s did not get through: %s", item.name, refused.sentence)
        through += sum(refused is None for _, refused in results)
    return through


def _send(
    due: list[Due], rules: NoticeRules, means: Means, now_s: float
) -> list[tuple[Due, Refused | None]]:
    hooks = [item for item in due if item.webhook_id is not None]
    mails = [item for item in due if item.mail_to is not None]
    results = _tell_hooks(hooks, rules, means, now_s) if hooks else []
    return results + (_mail(mails, rules.relay, means) if mails else [])


def _tell_hooks(
    hooks: list[Due], rules: NoticeRules, means: Means, now_s: float
) -> list[tuple[Due, Refused | None]]:
    context = trust(means.ca_file)
    if isinstance(context, Refused):
        return [(item, context) for item in hooks]
    return asyncio.run(deliver_all(hooks, rules.origins, now_s, context))


def _mail(mails: list[Due], relay: Relay | None, means: Means) -> list[tuple[Due, Refused | None]]:
    if relay is None:
        refused = Refused(code="mail.none", sentence="the operator has set no mail relay any more")
        return [(item, refused) for item in mails]
    context = trust(means.ca_file)
    if isinstance(context, Refused):
        return [(item, context) for item in mails]
    file = means.password_file
    try:
        password = None if file is None else file.read_text("utf-8").strip()
    except (OSError, UnicodeError):
        sentence = "the file that CHAUFFERIE_MAIL_PASSWORD_FILE names cannot be read"
        return [(item, Refused(code="mail.password", sentence=sentence)) for item in mails]
    return mail_all(mails, relay, password, means.public_url, context)
