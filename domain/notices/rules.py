"""What the operator lets out of the house: by which relay, to whose mailboxes, to which servers."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from domain.notices.notice import domain_of, is_address
from domain.notices.webhook_target import AllowedOrigins, parse_origins
from domain.refusal import Refused

_RELAY = re.compile(
    r"(?P<scheme>smtp|smtp\+starttls|smtps)://(?:(?P<user>[^\s@/:]+(?:@[^\s@/:]+)?)@)?"
    r"(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?/?"
)


class Security(StrEnum):
    """How the line to the relay is kept, by the first word of its address."""

    PLAIN = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


_PORTS = {Security.PLAIN: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server that takes our mail."""

    security: Security
    host: str
    port: int
    user: str | None
    sender: str  #: Whom the mail is from.


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRules:
    """Nothing is let out where nothing is said."""

    relay: Relay | None = None  #: None = no mail is sent.
    domains: frozenset[str] = frozenset()  #: Mail goes to mailboxes at these only.
    origins: AllowedOrigins = field(default_factory=AllowedOrigins)

    def may_write_to(self, address: str) -> bool:
        """Whether mail goes to this address."""
        return self.relay is not None and domain_of(address) in self.domains


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """The rules as the operator wrote them, in variables named ``CHAUFFERIE_...``."""

    mail_relay: str | None = None
    mail_from: str | None = None
    mail_domains: str | None = None  #: None = that of ``mail_from``.
    webhook_hosts: str = ""
    webhook_private_hosts: str = ""


def read_notice_rules(words: NoticeWords) -> NoticeRules | Refused:
    """The rules, or what is wrong with the words."""
    public = parse_origins(words.webhook_hosts, "CHAUFFERIE_WEBHOOK_HOSTS")
    if isinstance(public, Refused):
        return public
    private = parse_origins(words.webhook_private_hosts, "CHAUFFERIE_WEBHOOK_PRIVATE_HOSTS")
    if isinstance(private, Refused):
        return private
    origins = AllowedOrigins(public=public, private=private)
    if not words.mail_relay:
        return NoticeRules(origins=origins)
    relay = _read_relay(words.mail_relay, words.mail_from or "")
    if isinstance(relay, Refused):
        return relay
    written = words.mail_domains or domain_of(relay.sender)
    domains = frozenset(word.strip().lower() for word in written.split(",") if word.strip())
    wrong = next((word for word in sorted(domains) if not is_address(f"a@{word}")), None)
    if wrong is not None:
        return Refused(
            code="settings.mail_domains",
            sentence=f"CHAUFFERIE_MAIL_DOMAINS holds {wrong[:99]!r}; write lab.example,uni.fr.",
        )
    return NoticeRules(relay=relay, domains=domains, origins=origins)


def _read_relay(text: str, sender: str) -> Relay | Refused:
    found = _RELAY.fullmatch(text)
    if found is None:
        return Refused(
            code="settings.mail_relay",
            sentence="CHAUFFERIE_MAIL_RELAY is no relay; write smtp://HOST[:PORT], "
            "smtp+starttls://USER@HOST or smtps://USER@HOST.",
        )
    if not is_address(sender):
        return Refused(
            code="settings.mail_from",
            sentence="CHAUFFERIE_MAIL_RELAY needs a CHAUFFERIE_MAIL_FROM=ADDRESS beside it.",
        )
    security = Security(found["scheme"])
    if found["user"] and security is Security.PLAIN:
        return Refused(
            code="settings.mail_relay",
            sentence="CHAUFFERIE_MAIL_RELAY names a user on an open line; write smtps:// or "
            "smtp+starttls://, so that the password is not read on its way.",
        )
    return Relay(
        security=security,
        host=found["host"].strip("[]"),
        port=int(found["port"] or _PORTS[security]),
        user=found["user"],
        sender=sender,
    )
