"""Quotas as people and programs write them: ``cores``, ``core-hours/month``, and an amount."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.billing.quota import BUDGETS, WHOLE_TENANT, Measure, Period
from domain.refusal import Refused

NONE = "none"
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,3})?")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?(?:([KMGT])(?:iB|B)?|B|bytes)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
#: No tenant is near it, and every column holds it.
_LARGEST = 10**15
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a quota is to be."""

    measure: Measure
    period: Period
    limit: Decimal | None  #: None = there is to be none.
    is_safe: bool = False  #: Of a budget: it must cover what starts up to its time limit.


def parse_setting(
    key: str, amount: str | None, project: str, *, is_safe: bool = False
) -> Setting | Refused:
    """A quota by its key, such as ``cores`` or ``core-hours/month``, and the amount it is set to.

    ``none`` takes a quota away.
    """
    setting = _parse(key, amount, project)
    if isinstance(setting, Refused) or not is_safe:
        return setting
    if setting.measure not in BUDGETS or setting.limit is None:
        return _refused(
            "not_safe",
            "Only a budget that is set can be safe, such as core-hours/month=1000; name "
            f"{_shown(key)} in a command of its own.",
        )
    return replace(setting, is_safe=True)


def _parse(key: str, amount: str | None, project: str) -> Setting | Refused:
    found = _parse_key(key)
    if isinstance(found, Refused):
        return found
    measure, period = found
    if measure is Measure.STORED_BYTES and project != WHOLE_TENANT:
        return _refused(
            "not_of_projects",
            "Stored bytes are counted for a tenant alone, since its projects may share a file; "
            "leave the project out.",
        )
    if amount is None or amount.strip().lower() == NONE:
        return Setting(measure=measure, period=period, limit=None)
    limit = _parse_amount(measure, amount.strip())
    if isinstance(limit, Refused):
        return limit
    return Setting(measure=measure, period=period, limit=limit)


def write_key(measure: Measure, period: Period) -> str:
    """What ``parse_setting`` reads as this quota."""
    return measure.value if period is Period.NOW else f"{measure.value}/{period.value}"


def _parse_key(key: str) -> tuple[Measure, Period] | Refused:
    name, slash, over = key.strip().lower().partition("/")
    named = name.replace("-", "_")
    if named not in {measure.value for measure in Measure}:
        known = ", ".join(measure.value.replace("_", "-") for measure in Measure)
        return _refused("unknown", f"{_shown(name)} is no quota; there are: {known}.")
    measure = Measure(named)
    if measure not in BUDGETS:
        if not slash:
            return measure, Period.NOW
        return _refused(
            "period", f"{_shown(name)} counts what is there now; write it without /{_bare(over)}."
        )
    if over not in {Period.MONTH.value, Period.TOTAL.value}:
        return _refused(
            "period", f"{_bare(name)} adds up: write {_bare(name)}/month or {_bare(name)}/total."
        )
    return measure, Period(over)


def _parse_amount(measure: Measure, text: str) -> Decimal | Refused:
    if measure is Measure.STORED_BYTES:
        size = _SIZE.fullmatch(text)
        if size is not None:
            found = Decimal(size[1]) * _UNITS[(size[2] or "").upper()]
            if found <= _LARGEST:
                return Decimal(int(found))
        return _refused("amount", f"{_shown(text)} is no size; write for instance 500GiB or 2TiB.")
    if _AMOUNT.fullmatch(text) is None or Decimal(text) > _LARGEST:
        return _refused("amount", f"{_shown(text)} is no amount; write a number, or none.")
    amount = Decimal(text)
    if measure not in BUDGETS and amount != int(amount):
        return _refused("amount", f"{_shown(text)} is no whole number, and what it counts is.")
    return amount


def _refused(code: str, sentence: str) -> Refused:
    return Refused(code=f"quota.{code}", sentence=sentence)


def _bare(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _shown(text: str) -> str:
    return repr(_bare(text))
