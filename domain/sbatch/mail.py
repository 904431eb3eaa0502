"""To whom a job writes, and when: ``--mail-user`` and ``--mail-type``."""

from dataclasses import dataclass

from domain.notices.notice import MOST_ADDRESSES, NoticeType, is_address, parse_notice_types
from domain.sbatch.given import shortened
from domain.sbatch.settings import Settings

_TYPES = "BEGIN, END, FAIL, REQUEUE, ALL, NONE, TIME_LIMIT_80 or others, with commas between"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWish:
    """Both are empty, or neither is."""

    to: tuple[str, ...] = ()
    types: tuple[NoticeType, ...] = ()


def read_mail(settings: Settings) -> MailWish:
    """What the options say; what can send no mail is noted, for the job runs without it."""
    types = settings.read("mail-type", parse_notice_types, _TYPES) or frozenset()
    addresses = _read_addresses(settings)
    asked_type, asked_user = settings.given("mail-type"), settings.given("mail-user")
    if types and not addresses and asked_type is not None:
        settings.note(asked_type, f"{asked_type.text} sends no mail without a --mail-user=ADDRESS.")
    if addresses and asked_type is None and asked_user is not None:
        settings.note(asked_user, f"{asked_user.spelled} sends no mail without a --mail-type=END.")
    if not types or not addresses:
        return MailWish()
    return MailWish(to=addresses, types=tuple(sorted(types)))


def _read_addresses(settings: Settings) -> tuple[str, ...]:
    given = settings.given("mail-user")
    if given is None or not given.value:
        return ()
    words = dict.fromkeys(word.strip() for word in given.value.split(",") if word.strip())
    good = tuple(word for word in words if is_address(word))
    for word in [word for word in words if word not in good][:MOST_ADDRESSES]:
        settings.note(given, f"{shortened(word)!r} is no address; no mail goes there.")
    if len(good) > MOST_ADDRESSES:
        settings.note(given, f"Mail goes to the first {MOST_ADDRESSES} of {len(good)} addresses.")
    return good[:MOST_ADDRESSES]
