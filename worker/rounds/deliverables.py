"""The round of the files that towns get by themselves: what is due, and what changed since.

A round looks at a year back. It may be repeated, and one that was missed costs time alone: a file
is made when its turn comes, however late, and once more only where it would say something else.
"""

from collections.abc import Iterator

from domain.calendar.months import after, month_of
from domain.towns.deliverables import DeliverableKind
from metering.papers.deliverables import Wanted, content, source
from store.collectivities.collectivities import CollectivityRow, find_collectivity
from store.deliverables import deliverables
from store.deliverables.deliverables import Key, StandingPlan
from store.transaction import Store

#: Rows of older months are pruned; a year that is declared in September is looked at till then.
_MONTHS_BACK = 12
_YEARS_BACK = 2
_CENTURY = 100


def make_deliverables(store: Store) -> int:
    """Make what is due of every plan; how many versions."""
    made = 0
    with store.database.read() as connection:
        now_s = store.database.now_s(connection)
        found = [
            (item, find_collectivity(connection, item.collectivity_id))
            for item in deliverables.plans(connection)
        ]
    for standing, town in found:
        if town is not None:
            for period in _due(standing, now_s):
                made += _make(store, standing, town, period)
    return made


def _due(standing: StandingPlan, now_s: float) -> Iterator[int]:
    this_month = month_of(now_s)
    if standing.plan.kind is DeliverableKind.YEAR:
        this_year = this_month // _CENTURY
        first = max(standing.since_month // _CENTURY, this_year - _YEARS_BACK)
        periods = list(range(first, this_year))
    else:
        period = max(standing.since_month, this_month - _CENTURY)
        periods = []
        while period < this_month:
            periods.append(period)
            period = after(period)
        periods = periods[-_MONTHS_BACK:]
    yield from (item for item in periods if standing.plan.due_s(item) <= now_s)


def _make(store: Store, standing: StandingPlan, town: CollectivityRow, period: int) -> bool:
    plan = standing.plan
    key = Key(collectivity_id=town.collectivity_id, kind=plan.kind, period=period)
    wanted = Wanted(kind=plan.kind, period=period, language=plan.language)
    with store.database.read() as connection:
        told = source(connection, town, wanted)
        known = deliverables.source_of(connection, key)
        marked = f"{plan.language.value} {told}"
        if told is None or marked == known:
            return False
        now_s = store.database.now_s(connection)
        found = content(connection, town, wanted, now_s)
    if found is None:
        return False
    with store.transaction() as tx:
        return deliverables.keep(tx, key, marked, found.csv, found.xlsx)
