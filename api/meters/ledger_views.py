"""Meters, quarantine, closed months and chains as documents."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isinf
from typing import Any

from domain.calendar.months import month_of, write_month
from domain.registers.declaration import Act
from domain.registers.register import Epoch, PeriodLine
from metering.keeping.accounts import Account
from metering.keeping.deciding import case_id, name_of
from metering.keeping.standing import Standing
from metering.keeping.verifying import Verified
from metering.ledger.lines import Case
from metering.ledger.wording import sentence
from store.fleet.site_queries import MeterRow
from store.ledger import closed_months
from store.ledger.closed_months import ClosedMonth
from store.ledger.decisions import Decided
from store.ledger.meters import KnownMeter
from store.rows import Connection


def meter_view(account: Account, newest: MeterRow | None, *, is_undeclared: bool) -> dict[str, Any]:
    """A meter: its plate, its newest index, its epochs, and what was declared."""
    known, facts = account.known, account.known.facts
    return {
        "meter_id": facts.meter_id,
        "serial": facts.serial,
        "kind": facts.kind.value,
        "site_id": known.site_id,
        "site": known.site_name,
        "node": known.node_name,
        "is_simulated": facts.is_simulated,
        "is_undeclared": is_undeclared,
        "is_confirmed": account.epochs[-1].is_confirmed,
        "is_removed": account.epochs[-1].end_s is not None,
        "max_power_w": facts.max_power_w,
        "rolls_over_at_wh": facts.rolls_over_at_wh,
        "digit_wh": facts.digit_wh,
        "tolerance_frac": facts.tolerance_frac,
        "index_wh": None if newest is None else newest.index_wh,
        "taken_at_s": None if newest is None else newest.taken_at_s,
        "last_closed": None
        if account.last_sealed is None
        else write_month(account.last_sealed.month),
        "epochs": [_epoch(item) for item in account.epochs],
        "declarations": _declarations(account),
    }


def _epoch(item: Epoch) -> dict[str, Any]:
    plain = asdict(item)
    return {**plain, "begin_s": None if isinf(item.begin_s) else item.begin_s}


def _declarations(account: Account) -> list[dict[str, Any]]:
    counts = {item.declaration_id for item in account.in_force}
    found = []
    for item in account.declared:
        plain = asdict(item)
        evidence = plain.pop("evidence")
        is_withdrawn = item.act is not Act.WITHDRAW and item.declaration_id not in counts
        told = {"act": item.act.value, "is_withdrawn": is_withdrawn}
        found.append({**plain, **evidence, **told})
    return found


def cases_view(standing: Standing) -> list[dict[str, Any]]:
    """The open cases of a meter, oldest first."""
    ordered = sorted(standing.cases, key=lambda item: item.first.taken_at_s)
    return [case_view(standing.account.known, item) for item in ordered]


def case_view(known: KnownMeter, item: Case) -> dict[str, Any]:
    """One open case: why, which rows, and how much counts nowhere because of it."""
    facts = known.facts
    return {
        "case": case_id(facts.meter_id, item),
        "meter": facts.serial,
        "site": known.site_name,
        "is_simulated": facts.is_simulated,
        "reason": item.doubt.value,
        "reasons": [
            {"reason": doubt.value, "sentence": sentence(facts.serial, doubt)}
            for doubt in item.reasons
        ],
        "sentence": " ".join(sentence(facts.serial, doubt) for doubt in item.reasons),
        "most_wh": item.most_wh,
        "node_id": item.first.node_id,
        "is_from_file": item.first.is_from_file,
        "rows": item.count,
        "first_seq": item.first.seq,
        "last_seq": item.last.seq,
        "first_at_s": item.first.taken_at_s,
        "last_at_s": item.last.taken_at_s,
        "first_index_wh": item.first.index_wh,
        "last_index_wh": item.last.index_wh,
    }


def decisions_view(known: KnownMeter, decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """What was decided of a meter's rows, in that order, and what of it was withdrawn."""
    withdrawn = {item.withdraws_id for item in decided}
    return [
        {
            "decision_id": item.decision_id,
            "meter": known.facts.serial,
            "site": known.site_name,
            "case": name_of(known.facts.meter_id, item.decision.node_id, item.decision.first_seq),
            "index_wh": item.decision.index_wh,
            "is_accepted": item.decision.is_accepted,
            "is_withdrawn": item.decision_id in withdrawn,
            "withdraws_id": item.withdraws_id,
            "actor": item.actor,
            "note": item.note,
            "decided_at_s": item.decided_at_s,
        }
        for item in decided
    ]


def taken_view(connection: Connection, meter_id: int, at_s: float) -> dict[str, Any]:
    """What a declaration, or its withdrawal, was taken in as."""
    closed = closed_months.segments(connection, meter_id)
    reached = [write_month(item.month) for item in closed if item.month >= month_of(at_s)]
    return {"meter_id": meter_id, "adjusts_months": reached}


def month_view(item: ClosedMonth) -> dict[str, Any]:
    """A closed month of a site."""
    return {**asdict(item), "month": write_month(item.month)}


def lines_view(lines: Sequence[PeriodLine]) -> list[dict[str, Any]]:
    """The lines of a closed month."""
    return [
        {
            **asdict(item),
            "kind": item.kind.value,
            "month": write_month(item.month),
            "about_month": write_month(item.about_month),
            "marks": [mark.value for mark in item.marks],
        }
        for item in lines
    ]


def verified_view(item: Verified) -> dict[str, Any]:
    """What verifying the chain of a meter showed."""
    return {
        "meter": item.known.facts.serial,
        "site": item.known.site_name,
        "months": item.months,
        "pruned": item.pruned,
        "rows": item.rows,
        "head": item.head,
        "broken": [{"month": write_month(part.month), "why": part.why} for part in item.broken],
    }
