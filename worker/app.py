"""The Celery application: what it can do, and when it does it by itself.

A message says only that it is time for something; what there is to do stands in the store, and
so does what came of it. A lost or doubled message therefore costs a round at the most.
"""

from celery import Celery

from scheduler.adapters.celery_hints import CELERY_SETTINGS
from store.transaction import Store
from worker.retention import run_retention
from worker.settings import WorkerSettings

RETENTION_TASK = "chaufferie.retention"
QUEUE = "worker"


def make_app(settings: WorkerSettings, store: Store) -> Celery:
    """The application of one worker, on its store and its broker."""
    app = Celery("chaufferie", broker=settings.redis_url, set_as_current=False)
    app.conf.update(CELERY_SETTINGS)
    app.conf.update(
        task_default_queue=QUEUE,
        worker_pool="solo",
        worker_hijack_root_logger=False,
        beat_scheduler="celery.beat:Scheduler",  # keeps no file: every round may be repeated
        beat_schedule={
            "retention": {
                "task": RETENTION_TASK,
                "schedule": settings.retention_every_s,
                # A round that waited longer than its period has a successor.
                "options": {"expires": settings.retention_every_s},
            },
        },
    )

    @app.task(name=RETENTION_TASK, ignore_result=True, shared=False)
    def retention() -> None:
        run_retention(store, settings)

    return app
