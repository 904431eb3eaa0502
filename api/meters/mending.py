"""What to type about rows in quarantine, by reason; words in CAPITALS are to be filled in."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.registers.register import Doubt, RegisterRow
from domain.units import WH_PER_KWH
from metering.keeping.deciding import Verdict, case_id, hindrance
from metering.keeping.standing import Standing
from metering.ledger.lines import Case
from metering.ledger.wording import sentence

_WHY = "--note WHY"
_SEEN = f"--at TIME {_WHY}"
_RESET = "meter declare {meter} reset --closing KWH --index KWH " + _SEEN
_SWAP = "meter declare NEW_SERIAL swap --replaces {meter} --closing KWH --index KWH " + _SEEN
#: What else may be done than to decide on the rows.
_BESIDE: dict[Doubt, Sequence[str]] = {
    Doubt.WENT_BACK: (_RESET, _SWAP),
    Doubt.JUMPED: (_RESET, _SWAP),
    Doubt.TOO_FAST: ("meter describe {meter} --max-kw KW",),
    Doubt.OTHER_READER: ("meter declare {meter} reader --node NODE " + _WHY,),
    Doubt.OUTSIDE_EPOCH: ("meter declarations {meter}", "meter withdraw NUMBER " + _WHY),
    Doubt.UNDECLARED: (
        "meter declare {meter} swap --replaces {before} --closing KWH --index KWH " + _SEEN,
    ),
    Doubt.STUCK: ("meters",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case as a page shows it."""

    name: str
    meter: str
    site: str
    is_simulated: bool
    first: RegisterRow
    last: RegisterRow
    rows: int
    most_kwh: float | None  #: That counts nowhere because of it, at most; None = unknown.
    sentences: Sequence[str]
    commands: Sequence[str]


def case_lines(standing: Standing) -> list[CaseLine]:
    """The open cases of a meter, oldest first."""
    ordered = sorted(standing.cases, key=lambda item: item.first.taken_at_s)
    return [_line(standing, item) for item in ordered]


def waiting_view(standing: Standing) -> dict[str, Any]:
    """All that waits of a meter, in short: how many cases, how much, and what mends each."""
    lines = case_lines(standing)
    most = [item.most_wh for item in standing.cases]
    return {
        "cases": len(lines),
        "most_wh": None if None in most else sum(part or 0 for part in most),
        "commands": list(dict.fromkeys(words for line in lines for words in line.commands)),
    }


def _line(standing: Standing, case: Case) -> CaseLine:
    known = standing.account.known
    serial = known.facts.serial
    return CaseLine(
        name=case_id(known.facts.meter_id, case),
        meter=serial,
        site=known.site_name,
        is_simulated=known.facts.is_simulated,
        first=case.first,
        last=case.last,
        rows=case.count,
        most_kwh=None if case.most_wh is None else case.most_wh / WH_PER_KWH,
        sentences=[sentence(serial, doubt) for doubt in case.reasons],
        commands=_commands(standing, case),
    )


def _commands(standing: Standing, case: Case) -> list[str]:
    """Declarations first, which explain; then what decides on the rows."""
    facts = standing.account.known.facts
    before = "OLD_SERIAL" if standing.replaces is None else standing.replaces.facts.serial
    quoted = {"meter": shlex.quote(facts.serial), "before": shlex.quote(before)}
    found = [words.format(**quoted) for doubt in case.reasons for words in _BESIDE.get(doubt, ())]
    name = case_id(facts.meter_id, case)
    which = " --index KWH" if Doubt.CONFLICT in case.reasons else ""
    for verb, is_accepted, more in (("accept", True, which), ("reject", False, "")):
        verdict = Verdict(is_accepted=is_accepted, note="-", actor="-", index_wh=0)
        if hindrance(case, verdict) is None:
            found.append(f"quarantine {verb} {name}{more} {_WHY}")
    return [f"chaufferie {words}" for words in dict.fromkeys(found)]
