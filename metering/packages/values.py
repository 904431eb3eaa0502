"""What a row must mean besides being of its types: what the programs read without asking again."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.calendar.months import parse_month, write_month
from domain.calendar.paris_days import midnight
from domain.fleet.node import NodeSpec, SiteSpec, node_spec_of
from domain.fleet.reading import Reading
from domain.refusal import Refused
from domain.registers.register import Mark
from domain.towns.accounts import TownRole, check_email
from domain.towns.collectivities import check_collectivity
from domain.towns.deliverables import DeliverableKind, Plan, check_plan
from metering.contracts.document import contract_from_plain
from store.packages.resource import Row

_SITE, _NODE, _READING = TypeAdapter(SiteSpec), TypeAdapter(NodeSpec), TypeAdapter(Reading)


def check_row(table: str, row: Row) -> None:
    """Raises ``ValueError`` where a row of this table cannot be."""
    check = _CHECKS.get(table)
    if check is None:
        return
    try:
        check(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {first['msg']}") from error
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from error


def _collectivity(row: Row) -> None:
    fields = {name: row[name] for name in ("name", "siret", "colour", "contact")}
    found = _granted(check_collectivity(**fields))
    if found.siret != row["siret"] or found.colour != row["colour"]:
        raise ValueError("SIRET or colour is not written as it is kept")


def _site(row: Row) -> None:
    plain = json.loads(row["spec"])
    _SITE.validate_python(plain)
    SiteSpec(**plain)


def _node(row: Row) -> None:
    plain = json.loads(row["spec"])
    _NODE.validate_python(plain)
    node_spec_of(plain)


def _reading(row: Row) -> None:
    plain = json.loads(row["payload"])
    _READING.validate_python(plain)
    told = Reading(**plain)
    if (told.node_id, told.seq) != (row["node_id"], row["seq"]):
        raise ValueError("the reading is another than its number says")


def _person(row: Row) -> None:
    _granted(check_email(row["email"]))
    sites = json.loads(row["site_ids"] or "[]")
    if not all(type(item) is int for item in sites):
        raise ValueError("site_ids are numbers")


def _line(row: Row) -> None:
    for mark in json.loads(row["marks"]):
        Mark(mark)


def _calendar(row: Row) -> None:
    first, last = (date.fromisoformat(row[name]) for name in ("first_day", "last_day"))
    if not (first <= last and midnight(first) == row["from_s"] < row["to_s"]):
        raise ValueError("its days and its instants do not agree")


def _plan(row: Row) -> None:
    plan = Plan(
        kind=DeliverableKind(row["kind"]),
        day=row["day"],
        roles=frozenset(map(TownRole, json.loads(row["roles"]))),
    )
    refused = check_plan(plan)
    if refused is not None or parse_month(write_month(row["since_month"])) is None:
        raise ValueError("no plan of files is like that")


def _version(row: Row) -> None:
    terms = _granted(contract_from_plain(json.loads(row["terms"])))
    if terms.reference != row["contract"]:
        raise ValueError(f"these are terms of {terms.reference}")


def _granted(found: Any) -> Any:  # noqa: ANN401 - a value, or why it is none
    if isinstance(found, Refused):
        raise ValueError(found.sentence.rstrip("."))  # noqa: TRY004 - one kind to catch
    return found


_CHECKS: Mapping[str, Callable[[Row], None]] = {
    "collectivity": _collectivity,
    "sites": _site,
    "nodes": _node,
    "readings": _reading,
    "people": _person,
    "register_lines": _line,
    "calendar": _calendar,
    "file_plans": _plan,
    "contract_versions": _version,
}
