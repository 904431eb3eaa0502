"""The retention round: step after small step, each its own transaction."""

from collections.abc import Callable
from functools import partial

from store.collectivities.alerts import drop_old_alerts
from store.engine.event_log import prune_old_runs
from store.engine.outbox import drop_sent
from store.files import uploads
from store.files.checkpoints import let_go_of_ended
from store.files.content import ContentStore
from store.files.results import let_go_of_old_results
from store.files.stored_files import DROPPED_AFTER_S, MOST_AT_ONCE, drop, let_go_of_old, to_drop
from store.fleet.thinning import thin_readings
from store.ledger.pruning import prune_registers
from store.notices.sending import drop_old as drop_old_notices
from store.sweeps.sweeps import drop_old
from store.transaction import Store, Transaction
from worker.settings import WorkerSettings

#: A checkpoint of a job that has ended serves nobody [s].
CHECKPOINTS_KEPT_S = 600.0
#: What was told of a site stays to be looked up for as long as its index rows do [s].
ALERTS_KEPT_S = 400 * 86_400.0
Step = Callable[[Transaction, float], bool]


def run_retention(store: Store, content: ContentStore, settings: WorkerSettings) -> dict[str, int]:
    """Forget what is old enough; the steps that each kind took."""
    keeping = settings.keeping()
    rounds: tuple[tuple[str, Step, float | None], ...] = (
        ("readings", thin_readings, settings.readings_whole_s),
        ("log", prune_old_runs, settings.log_kept_s),
        ("outbox", drop_sent, settings.sent_kept_s),
        ("registers", prune_registers, settings.registers_kept_s),
        ("notices", drop_old_notices, settings.notices_kept_s),
        ("alerts", drop_old_alerts, ALERTS_KEPT_S),
        ("sweeps", drop_old, settings.sweeps_kept_s),
        ("uploads", partial(_end_uploads, content), settings.uploads_kept_s),
        ("checkpoints", let_go_of_ended, CHECKPOINTS_KEPT_S),
        ("results", let_go_of_old_results, keeping.results_kept_s),
        ("files", let_go_of_old, keeping.inputs_kept_s),
        ("content", partial(_drop_content, content), DROPPED_AFTER_S),
    )
    return {name: _repeat(store, step, age_s) for name, step, age_s in rounds if age_s is not None}


def _end_uploads(content: ContentStore, tx: Transaction, older_than_s: float) -> bool:
    """Forget some uploads that nobody completed; whether there may be more."""
    gone = uploads.end_old(tx, older_than_s, MOST_AT_ONCE)
    for upload_id in gone:
        content.discard(upload_id)
    return len(gone) == MOST_AT_ONCE


def _drop_content(content: ContentStore, tx: Transaction, older_than_s: float) -> bool:
    """Drop the bytes of some files that nobody has any more; whether there may be more."""
    keys = to_drop(tx, older_than_s)
    for key in keys:
        drop(tx, key, content.remove)
    return len(keys) == MOST_AT_ONCE


def _repeat(store: Store, step: Step, age_s: float) -> int:
    taken = 1
    while _once(store, step, age_s):
        taken += 1
    return taken


def _once(store: Store, step: Step, age_s: float) -> bool:
    with store.transaction() as tx:
        return step(tx, age_s)
