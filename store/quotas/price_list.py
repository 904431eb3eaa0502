"""The price list that budgets of money are held against, as the API last read it."""

import json
from decimal import Decimal

from sqlalchemy import Connection

from domain import wire
from domain.billing.prices import ComputePrices, PriceList
from domain.jobs.job import SchedulingType
from store.settings import read_setting, write_setting
from store.transaction import Transaction

_PRICES = "prices"


def read_prices(connection: Connection) -> PriceList | None:
    """The prices that hold; None where computing has none."""
    text = read_setting(connection, _PRICES)
    if text is None or text == "null":
        return None
    plain = json.loads(text)
    return PriceList(
        currency=plain["currency"],
        versions=tuple(
            ComputePrices(
                from_month=item["from_month"],
                core_hour={
                    SchedulingType(kind): Decimal(price)
                    for kind, price in item["core_hour"].items()
                },
                kwh=Decimal(item["kwh"]),
            )
            for item in plain["versions"]
        ),
    )


def write_prices(tx: Transaction, prices: PriceList | None) -> bool:
    """Remember the operator's prices; whether they are others than before."""
    text = "null" if prices is None else _written(prices)
    if (read_setting(tx.connection, _PRICES) or "null") == text:
        return False
    write_setting(tx, _PRICES, text)
    return True


def _written(prices: PriceList) -> str:
    return wire.dumps(
        {
            "currency": prices.currency,
            "versions": [
                {
                    "from_month": item.from_month,
                    "core_hour": {kind.value: str(price) for kind, price in item.core_hour.items()},
                    "kwh": str(item.kwh),
                }
                for item in prices.versions
            ],
        }
    )
