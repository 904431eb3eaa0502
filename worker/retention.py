"""The retention round: step after small step, each its own transaction."""

from collections.abc import Callable

from store.retention import drop_sent, prune_old_runs, thin_readings
from store.sweeps import drop_old
from store.transaction import Store, Transaction
from worker.settings import WorkerSettings

Step = Callable[[Transaction, float], bool]


def run_retention(store: Store, settings: WorkerSettings) -> dict[str, int]:
    """Forget what is old enough; the steps that each kind took."""
    rounds: tuple[tuple[str, Step, float], ...] = (
        ("readings", thin_readings, settings.readings_whole_s),
        ("log", prune_old_runs, settings.log_kept_s),
        ("outbox", drop_sent, settings.sent_kept_s),
        ("sweeps", drop_old, settings.sweeps_kept_s),
    )
    return {name: _repeat(store, step, age_s) for name, step, age_s in rounds}


def _repeat(store: Store, step: Step, age_s: float) -> int:
    taken = 1
    while _once(store, step, age_s):
        taken += 1
    return taken


def _once(store: Store, step: Step, age_s: float) -> bool:
    with store.transaction() as tx:
        return step(tx, age_s)
