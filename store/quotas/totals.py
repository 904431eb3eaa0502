"""What was used, summed as it is billed, so that a budget need not add up every job again."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.billing.spending import UsageLine
from domain.jobs.job import SchedulingType
from store.quotas.quota_tables import usage_total
from store.transaction import Transaction

_KEYS = ("tenant_id", "month", "project", "is_simulated", "scheduling_type")


def add(tx: Transaction, billed: Iterable[Mapping[str, Any]]) -> None:
    """Add what these rows of ``job_usage`` say, in the transaction that writes them."""
    sums: dict[tuple[Any, ...], tuple[float, float]] = {}
    for row in billed:
        key = tuple(row[name] for name in _KEYS)
        core_s, energy_wh = sums.get(key, (0.0, 0.0))
        sums[key] = (
            core_s + row["cores"] * row["wall_s"],
            energy_wh + row["energy_estimate_wh"],
        )
    if not sums:
        return
    dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(usage_total)
    more = statement.excluded
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[usage_total.c[name] for name in _KEYS],
            set_={
                "core_s": usage_total.c.core_s + more.core_s,
                "energy_wh": usage_total.c.energy_wh + more.energy_wh,
            },
        ),
        # In one order, so that no two transactions wait for each other.
        [
            {**dict(zip(_KEYS, key, strict=True)), "core_s": core_s, "energy_wh": energy_wh}
            for key, (core_s, energy_wh) in sorted(sums.items())
        ],
    )


def lines(connection: Connection, tenant_id: int) -> list[UsageLine]:
    """All that a tenant used, by month, project and kind of boiler."""
    statement = select(usage_total).where(usage_total.c.tenant_id == tenant_id)
    core_s: dict[tuple[int, str, bool], dict[SchedulingType, float]] = {}
    energy_wh: dict[tuple[int, str, bool], float] = {}
    for row in connection.execute(statement):
        key = (row.month, row.project, row.is_simulated)
        core_s.setdefault(key, {})[SchedulingType(row.scheduling_type)] = row.core_s
        energy_wh[key] = energy_wh.get(key, 0.0) + row.energy_wh
    return [
        UsageLine(month=key[0], project=key[1], core_s=hours, energy_wh=energy_wh[key])
        for key, hours in core_s.items()
    ]
