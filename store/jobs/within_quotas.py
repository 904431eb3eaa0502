"""The jobs of one request against the quotas of their tenants."""

from collections.abc import Sequence

from domain.refusal import Refused
from store.jobs.new_job import Accepted, NewJob
from store.quotas import quotas
from store.quotas.admission import Gate
from store.quotas.use import hold_still
from store.transaction import Transaction


def without_refused(
    tx: Transaction,
    submissions: Sequence[NewJob],
    answers: list[Accepted | Refused | None],
    fresh: Sequence[int],
) -> list[int]:
    """Those positions whose jobs their quotas let in; the others are answered.

    The tenants are held, so that two submissions at once cannot both take the last place.
    """
    tenant_ids = {submissions[position].tenant_id for position in fresh}
    limited = {item.holder.tenant_id for item in quotas.of_tenants(tx.connection, tenant_ids)}
    hold_still(tx, limited)
    gates = {tenant_id: Gate(tx.connection, tx.now_s, tenant_id) for tenant_id in limited}
    left = []
    for position in fresh:
        item = submissions[position]
        gate = gates.get(item.tenant_id)
        answers[position] = None if gate is None else gate.admit(item.spec, item.cores)
        if answers[position] is None:
            left.append(position)
    return left
