"""Sending notices by mail, through the operator's relay."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from domain.jobs.endings import describe_reason
from domain.notices.notice import Occasion, domain_of
from domain.notices.rules import Relay, Security
from domain.refusal import Refused
from store.notices.sending import Due
from worker.sending.trust import why_unsafe

#: How long the relay may take for one word of the talk [s].
_PATIENCE_S = 10.0
_LONGEST_NAME = 60
_NO_STARTTLS = "it offers no STARTTLS, and nothing is sent to it in the clear"
_LONGEST_SAID = 200
_HAPPENED: Mapping[str, str] = {
    Occasion.BEGAN: "began",
    Occasion.ENDED: "ended",
    Occasion.REQUEUED: "queues again",
    Occasion.HELD: "is held",
    Occasion.HALF_TIME: "has used half of its time limit",
    Occasion.MOST_TIME: "has used 80 % of its time limit",
    Occasion.NEARLY_ALL_TIME: "has used 90 % of its time limit",
}


def mail_all(
    items: Sequence[Due],
    relay: Relay,
    password: str | None,
    public_url: str | None,
    context: ssl.SSLContext,
) -> list[tuple[Due, Refused | None]]:
    """Send these in one talk with the relay; beside each, why it did not get through.

    ``public_url`` = where the pages of collectivities are, if that is known. Of the certificate,
    ``context`` judges, before a password or a mail is sent over a line that is to be safe.
    """
    results: list[tuple[Due, Refused | None]] = []
    try:
        with _talk(relay, password, context) as server:
            results.extend((item, _send(server, item, relay, public_url)) for item in items)
    except (OSError, smtplib.SMTPException) as error:
        refusal = Refused(code="mail.relay", sentence=f"the relay: {_said(error)}")
        results += [(item, refusal) for item in items[len(results) :]]
    return results


@contextmanager
def _talk(relay: Relay, password: str | None, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    if relay.security is Security.TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=_PATIENCE_S, context=context
        )
    else:
        server = smtplib.SMTP(relay.host, relay.port, timeout=_PATIENCE_S)
    with server:
        if relay.security is Security.STARTTLS:
            server.ehlo_or_helo_if_needed()
            if not server.has_extn("starttls"):
                raise smtplib.SMTPNotSupportedError(_NO_STARTTLS)
            _seal(server, context)
        if relay.user is not None:
            server.login(relay.user, password or "")
        yield server


def _seal(server: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        server.starttls(context=context)
    except smtplib.SMTPResponseException as error:
        told = (
            f"it offers STARTTLS and answered it with {_answer(error.smtp_code, error.smtp_error)}"
        )
        sentence = f"{told}; nothing is sent to it in the clear"
        raise smtplib.SMTPNotSupportedError(sentence) from error


def _send(server: smtplib.SMTP, item: Due, relay: Relay, public_url: str | None) -> Refused | None:
    """Why this mail was refused while the talk goes on; None where the relay took it."""
    try:
        refused = server.send_message(compose(item, relay.sender, public_url))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        return Refused(code=_code(error), sentence=f"the relay: {_said(error)}")
    if refused:
        names = ", ".join(sorted(refused))
        return Refused(code="mail.address", sentence=f"the relay takes no mail for {names}")
    return None


def _code(error: smtplib.SMTPException) -> str:
    """A refusal for good (5xx) of every address is of no use to try again."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            codes = [code for code, _ in refused.values()]
        case smtplib.SMTPDataError(smtp_code=code):
            codes = [code]
        case _:
            codes = []
    for_good = codes and all(code >= 500 for code in codes)  # noqa: PLR2004 - as SMTP has it
    return "mail.address" if for_good else "mail.relay"


def _said(error: Exception) -> str:
    """What went wrong, in words that a tenant may read; what the relay answered is cited."""
    return " ".join(_why(error).split())[:_LONGEST_SAID]


def _why(error: Exception) -> str:
    match error:
        case smtplib.SMTPNotSupportedError():
            return str(error)
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            told = (f"{name} ({_answer(*answer)})" for name, answer in sorted(refused.items()))
            return f"it takes no mail for {', '.join(told)}"
        case smtplib.SMTPAuthenticationError(smtp_code=code, smtp_error=text):
            return f"it did not let our user in and answered {_answer(code, text)}"
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
            return f"it answered {_answer(code, text)}"
        case smtplib.SMTPServerDisconnected():
            return why_unsafe(error) or "it hung up before the mail was taken"
        case OSError():
            return why_unsafe(error) or f"it cannot be reached: {error.strerror or error}"
        case _:
            return f"{type(error).__name__}: {error}"


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {said}".strip()


def compose(item: Due, sender: str, public_url: str | None = None) -> EmailMessage:
    """The mail of a notice; a repeat has the same ``Message-ID``."""
    facts = item.payload
    subject, text = _words(facts, public_url)
    message = EmailMessage()
    message["From"] = f"Chaufferie <{sender}>"
    message["To"] = ", ".join((item.mail_to or "").split(","))
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(facts["at_s"], UTC))
    message["Message-ID"] = f"<{item.name}.{int(item.created_at_s)}@{domain_of(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note comes back
    message.set_content(text)
    return message


def _words(facts: Mapping[str, Any], public_url: str | None) -> tuple[str, str]:
    """Subject and text."""
    if facts["occasion"] != Occasion.TOWN:
        return _subject(facts), _text(facts)
    # The words of collectivities are read by the worker alone that writes to one.
    from worker.sending.town_letters import letter  # noqa: PLC0415

    told = letter(facts, public_url)
    return told.subject, told.text


def _subject(facts: Mapping[str, Any]) -> str:
    name = "".join(letter if letter.isprintable() else " " for letter in facts["name"])
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    state = f": {facts['state']}" if facts["occasion"] == Occasion.ENDED else ""
    return f"Chaufferie job {facts['ref']} ({shown}) {_HAPPENED[facts['occasion']]}{state}"


def _text(facts: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in facts.get("counts", {}).items())
    lines = {
        "Job": facts["ref"],
        "Name": facts["name"],
        "Project": facts["project"],
        "State": facts["state"],
        "Instances": counts or None,
        "Why": describe_reason(facts.get("reason")),
        "Exit code": facts.get("exit_code"),
        "Node": facts.get("node"),
        "Site": facts.get("site"),
        "Started": _instant(facts.get("started_at_s")),
        "Finished": _instant(facts.get("finished_at_s")),
    }
    table = "\n".join(
        f"{key + ':':<11}{value}" for key, value in lines.items() if value is not None
    )
    return f"{table}\n\nMore: chaufferie job {facts['ref']}\n"


def _instant(at_s: float | None) -> str | None:
    return None if at_s is None else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
