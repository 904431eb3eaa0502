"""The Celery application: what it can do, and when it does it by itself.

A message says only that it is time for something; what there is to do stands in the store, and
so does what came of it. A lost or doubled message therefore costs a round at the most.
"""

import threading

from celery import Celery

from domain.notices.rules import NoticeRules
from domain.units import DAY_S
from scheduler.adapters.celery_hints import CELERY_SETTINGS
from store.files.local_content import LocalContentStore
from store.opening import FILES_FOLDER
from store.transaction import Store
from worker.accounts import keep_accounts
from worker.erasures import erase_unfinished
from worker.ledger import close_months, share_heat
from worker.notices import Means, send_notices
from worker.queues import QUEUE, SWEEP_QUEUE
from worker.retention import run_retention
from worker.settings import WorkerSettings

NOTICES_TASK = "chaufferie.notices"
ALERTS_TASK = "chaufferie.alerts"
ERASURES_TASK = "chaufferie.erasures"
RETENTION_TASK = "chaufferie.retention"
LEDGER_TASK = "chaufferie.ledger"
STATEMENTS_TASK = "chaufferie.statements"
CELL_TASK = "chaufferie.simulate_cell"


def make_app(
    settings: WorkerSettings,
    store: Store,
    stopping: threading.Event | None = None,
    rules: NoticeRules | None = None,
) -> Celery:
    """The application of one worker, on its store and its broker.

    Without ``rules`` nothing leaves the house.
    Once ``stopping`` is set, a cell of a simulation is given back instead of finished.
    """
    stop, rules = stopping or threading.Event(), rules or NoticeRules()
    app = Celery("chaufferie", broker=settings.redis_url, set_as_current=False)
    app.conf.update(CELERY_SETTINGS)
    app.conf.update(
        task_default_queue=QUEUE,
        task_routes={CELL_TASK: {"queue": SWEEP_QUEUE}},
        worker_pool="solo",
        worker_hijack_root_logger=False,
        beat_scheduler="celery.beat:Scheduler",  # keeps no file: every round may be repeated
        beat_schedule={
            name: _every(task, period_s)
            for name, task, period_s in (
                ("retention", RETENTION_TASK, settings.retention_every_s),
                ("ledger", LEDGER_TASK, settings.ledger_every_s),
                ("statements", STATEMENTS_TASK, settings.statements_every_s),
                ("notices", NOTICES_TASK, settings.notices_every_s),
                ("alerts", ALERTS_TASK, settings.alerts_every_s),
                ("erasures", ERASURES_TASK, settings.erasures_every_s),
            )
        },
    )

    @app.task(name=RETENTION_TASK, ignore_result=True, shared=False)
    def retention() -> None:
        run_retention(store, LocalContentStore(settings.data_dir / FILES_FOLDER), settings)
        keep_accounts(store, rules, settings.accounts_kept_days * DAY_S)

    @app.task(name=LEDGER_TASK, ignore_result=True, shared=False)
    def ledger() -> None:
        share_heat(store, settings.heat_shared_every_s)
        close_months(store, settings.ledger_grace_s)

    @app.task(name=STATEMENTS_TASK, ignore_result=True, shared=False)
    def statements() -> None:
        # Its pages and its contracts are read by the worker alone that has some.
        from worker.statements import run_statements  # noqa: PLC0415

        run_statements(store)

    @app.task(name=CELL_TASK, ignore_result=True, shared=False)
    def simulate_cell(sweep_id: int, number: int) -> None:
        # A worker that keeps the store in order alone never needs the simulator in its memory.
        from worker.cells import run_stored_cell  # noqa: PLC0415

        run_stored_cell(store, stop, sweep_id, number)

    _serve_people(app, settings, store, rules)
    return app


def _serve_people(app: Celery, settings: WorkerSettings, store: Store, rules: NoticeRules) -> None:
    """What people asked for: to be told, and to be forgotten."""

    @app.task(name=NOTICES_TASK, ignore_result=True, shared=False)
    def notices() -> None:
        means = Means(
            password_file=settings.mail_password_file,
            public_url=settings.public_url,
            ca_file=settings.ca_file,
        )
        send_notices(store, rules, means)

    @app.task(name=ALERTS_TASK, ignore_result=True, shared=False)
    def alerts() -> None:
        # Contracts and meters are read by the worker alone that has some.
        from worker.alerts.heat import Patience  # noqa: PLC0415
        from worker.alerts.watching import watch  # noqa: PLC0415

        patience = Patience(
            no_heat_frac=settings.no_heat_frac,
            no_heat_s=settings.no_heat_after_s,
            meter_silent_s=settings.meter_silent_after_s,
        )
        watch(store, rules, patience, settings.alert_mails_apart_s)

    @app.task(name=ERASURES_TASK, ignore_result=True, shared=False)
    def erasures() -> None:
        erase_unfinished(store, settings.data_dir / FILES_FOLDER)


def _every(task: str, period_s: float) -> dict[str, object]:
    """A round of the beat; one that waited longer than its period has a successor."""
    return {"task": task, "schedule": period_s, "options": {"expires": period_s}}
