"""The Celery application: what it can do, and when it does it by itself.

A message says only that it is time for something; what there is to do stands in the store, and
so does what came of it. A lost or doubled message therefore costs a round at the most.
"""

import threading
from collections.abc import Callable

from celery import Celery

from domain.notices.rules import NoticeRules
from scheduler.adapters.celery_hints import CELERY_SETTINGS
from store.transaction import Store
from worker.queues import QUEUE, SWEEP_QUEUE
from worker.schedule import Round, all_rounds
from worker.settings import WorkerSettings

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
    stop = stopping or threading.Event()
    rounds = all_rounds(settings, store, rules or NoticeRules())
    app = Celery("chaufferie", broker=settings.redis_url, set_as_current=False)
    app.conf.update(CELERY_SETTINGS)
    app.conf.update(
        task_default_queue=QUEUE,
        task_routes={CELL_TASK: {"queue": SWEEP_QUEUE}},
        worker_pool="solo",
        worker_hijack_root_logger=False,
        beat_scheduler="celery.beat:Scheduler",  # keeps no file: every round may be repeated
        beat_schedule={item.name: _every(item.name, item.every_s) for item in rounds},
    )
    for item in rounds:
        app.task(name=round_task(item.name), ignore_result=True, shared=False)(_plain(item))

    @app.task(name=CELL_TASK, ignore_result=True, shared=False)
    def simulate_cell(sweep_id: int, number: int) -> None:
        # A worker that keeps the store in order alone never needs the simulator in its memory.
        from worker.sweeps.cells import run_stored_cell  # noqa: PLC0415

        run_stored_cell(store, stop, sweep_id, number)

    return app


def round_task(name: str) -> str:
    """The name of the task that does a round."""
    return f"chaufferie.{name}"


def _plain(item: Round) -> Callable[[], None]:
    """A function that does it: Celery takes a method for one that still wants its object."""

    def do() -> None:
        item.do()

    return do


def _every(name: str, period_s: float) -> dict[str, object]:
    """A round of the beat; one that waited longer than its period has a successor."""
    return {"task": round_task(name), "schedule": period_s, "options": {"expires": period_s}}
