"""Usage as it is shown: quantities, what they cost, and the words that say what each figure is."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.billing.operator_file import OperatorFile
from domain.billing.prices import ComputePrices, PriceList, core_hours, cost, kilowatt_hours
from domain.calendar.months import write_month, year_of
from domain.jobs.job import SchedulingType
from domain.refusal import Refused
from metering.co2 import Factor
from store.attempts.usage import NO_PROJECT, UsageKey, UsageSum

MEANINGS: Mapping[str, str] = {
    "month": "Month, of the clock in Paris, in which the attempts ended.",
    "core_hours": "Cores held times time, to the thousandth.",
    "kwh_estimate": "Electricity used: an estimate from CPU time and the node's power model, "
    "not a meter's.",
    "heat_kwh_estimate": "Heat brought to water: the electricity estimate times the share that "
    "the node captures, not a meter's.",
    "co2_kg_estimate": "Emissions of the electricity estimate by the named factors; nothing is "
    "deducted for heat.",
    "cost": "Without tax. Core-hours of each type and kWh, each times its price, each rounded "
    "half up to the cent.",
    "is_simulated": "True where the nodes heat simulated water: such lines are never billed.",
}
_KEY_TYPES = (int, int, str, bool)
_LARGEST = 2**63
#: What no text of the database holds.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def usage_document(
    sums: Sequence[UsageSum], operator_file: OperatorFile, *, is_last_page: bool
) -> dict[str, Any]:
    """A page of usage."""
    factors: dict[int, Factor] = {}
    for item in sums:
        factor = operator_file.co2.of(year_of(item.key.month))
        factors[factor.year] = factor
    return {
        "usage": [_line(item, operator_file) for item in sums],
        "currency": None if operator_file.prices is None else operator_file.prices.currency,
        "co2_factors": [_factor(item) for _, item in sorted(factors.items())],
        "meanings": MEANINGS,
        "next_after": None if is_last_page or not sums else write_cursor(sums[-1].key),
    }


def _line(item: UsageSum, operator_file: OperatorFile) -> dict[str, Any]:
    hours = {kind: core_hours(seconds) for kind, seconds in item.core_s.items()}
    used_kwh = kilowatt_hours(item.energy_estimate_wh)
    factor = operator_file.co2.of(year_of(item.key.month))
    prices = None if operator_file.prices is None else operator_file.prices.of(item.key.month)
    return {
        "tenant": item.tenant,
        "month": write_month(item.key.month),
        "project": None if item.key.project == NO_PROJECT else item.key.project,
        "is_simulated": item.key.is_simulated,
        "attempts": item.attempts,
        "core_hours": float(sum(hours.values())),
        "core_hours_by_type": {kind.value: float(amount) for kind, amount in hours.items()},
        "kwh_estimate": float(used_kwh),
        "heat_kwh_estimate": float(kilowatt_hours(item.heat_estimate_wh)),
        "co2_kg_estimate": float(factor.co2_kg(used_kwh)),
        "co2_factor": f"{factor.set_id} {factor.year}",
        "cost": None if prices is None else str(cost(prices, hours, used_kwh)),
    }


def _factor(item: Factor) -> dict[str, Any]:
    return {
        "set": item.set_id,
        "year": item.year,
        "g_per_kwh": float(item.g_per_kwh),
        "title": item.title,
        "source": item.source,
        "is_checked": item.is_checked,
    }


def prices_document(prices: PriceList | None) -> dict[str, Any]:
    """The price list; money is text, so that no program makes a binary fraction of it."""
    large = None if prices is None else prices.large_submit
    return {
        "currency": None if prices is None else prices.currency,
        "large_submit": None if large is None else str(large),
        "prices": [] if prices is None else [_prices(item) for item in prices.versions],
        "meaning": MEANINGS["cost"],
    }


def _prices(item: ComputePrices) -> dict[str, Any]:
    return {
        "from_month": write_month(item.from_month),
        "core_hour": {kind.value: str(item.core_hour[kind]) for kind in SchedulingType},
        "kwh": str(item.kwh),
    }


def write_cursor(key: UsageKey) -> str:
    """Where a page ended, as the next request names it."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode()


def read_cursor(text: str) -> UsageKey | Refused:
    """What ``write_cursor`` wrote."""
    refused = Refused(
        code="usage.cursor", sentence="after is no next_after of an earlier page; begin anew."
    )
    try:
        plain = json.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError, RecursionError):
        return refused
    is_key = isinstance(plain, list) and [type(item) for item in plain] == list(_KEY_TYPES)
    if not is_key or not all(0 <= item < _LARGEST for item in plain[:2]):
        return refused
    if _NO_TEXT.search(plain[2]):
        return refused
    return UsageKey(*plain)
